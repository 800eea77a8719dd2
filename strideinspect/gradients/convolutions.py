"""Convolutions: the gradient of one is the transposed one with the same weights, and the other way round.

A window's *canvas* is its padded input: output index o reads canvas index o·stride + dilation·j. `model.window` gives
the numbers, whatever attributes they come from; a negative pad crops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, NoGradientError, reverses
from strideinspect.model.geometry import Geometry, Window
from strideinspect.model.window import geometry


@reverses("Conv")
def convolution(call: GradientCall) -> Mapping[int, Array]:
    """A transposed convolution onto the canvas, of which the input is a part."""
    return {0: through_convolution(call, call.gradient, call.input(1))}


def through_convolution(call: GradientCall, gradient: Array, weight: Array) -> Array:
    """The gradient of a convolution's input."""
    form = _form(call)
    reach = [(w.size - 1) * w.stride + w.extent for w in form.windows]
    ends = [n - w.begin - w.length for n, w in zip(reach, form.windows, strict=True)]
    begins = [w.begin for w in form.windows]
    cut = [[max(0, n) for n in side] for side in (begins, ends)]
    shape = (*call.placed.shape(0)[:2], *(n - a - b for n, a, b in zip(reach, *cut, strict=True)))
    pads = [*cut[0], *cut[1]]
    canvas = call.graph.node("ConvTranspose", [gradient, weight], shape, **_attributes(form), pads=pads)
    return canvas.pad([0, 0, *(max(0, -n) for n in begins)], [0, 0, *(max(0, -n) for n in ends)])


@reverses("ConvTranspose")
def transposed(call: GradientCall) -> Mapping[int, Array]:
    """A convolution of the canvas, onto which the gradient is padded out."""
    form = _form(call)
    ends = [(w.length - 1) * w.stride + w.extent - w.begin - w.size for w in form.windows]
    canvas = call.gradient.pad([0, 0, *(w.begin for w in form.windows)], [0, 0, *ends])
    return {0: call.graph.node("Conv", [canvas, call.input(1)], call.placed.shape(0), **_attributes(form))}


def _form(call: GradientCall) -> Geometry:
    if call.wanted - {0}:
        raise NoGradientError("its weights depend on the input")
    return geometry(call.placed)


def _attributes(form: Geometry) -> dict[str, Sequence[int] | int]:
    def each(windows: Sequence[Window], name: str) -> list[int]:
        return [getattr(window, name) for window in windows]

    return {
        "kernel_shape": each(form.windows, "kernel"),
        "strides": each(form.windows, "stride"),
        "dilations": each(form.windows, "dilation"),
        "group": form.groups,
    }
