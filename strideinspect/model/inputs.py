"""The input shapes at which a model is inspected: from the file, from the user, or assumed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from strideinspect.errors import InputShapeError
from strideinspect.limits import LONGEST_INPUT_AXIS, MOST_INPUT_ELEMENTS
from strideinspect.model.convolution_inputs import CONVOLUTION_INPUTS
from strideinspect.model.network import Declared, Network
from strideinspect.model.node import Shape
from strideinspect.spelling import shape_text

BATCH = 1
SPATIAL = {3: 4096, 4: 224, 5: 64}
"""Assumed size of a dynamic spatial axis by the input's number of axes: 1-D, 2-D and 3-D."""
OTHER = 64
"""Assumed size of a dynamic axis of an input that is not a map."""


class ChosenInput(NamedTuple):
    """The shape of one graph input; `assumed` lists the axes of assumed size, `given` is set if the user chose it."""

    name: str
    shape: Shape
    assumed: tuple[int, ...]
    given: bool


def choose(network: Network, wanted: Mapping[str, Sequence[int]] | None) -> tuple[ChosenInput, ...]:
    """Decide every graph input's shape. The key "" is the only input.

    Raises InputShapeError for an unknown name, a shape of the wrong rank, and sizes that are not usable.
    """
    given = _by_name(network, wanted or {})
    symbols: dict[str, int] = {}
    for name, shape in given.items():
        dims = network.inputs[name].dims or ()
        for dim, size in zip(dims, shape, strict=False):
            if isinstance(dim, str):
                symbols.setdefault(dim, size)
    chosen = []
    for name, declared in network.inputs.items():
        if name in given:
            choice = ChosenInput(name, given[name], (), given=True)
        else:
            choice = _complete(network, name, declared, symbols)
        _refuse_huge(choice)
        chosen.append(choice)
    return tuple(chosen)


def _by_name(network: Network, wanted: Mapping[str, Sequence[int]]) -> dict[str, Shape]:
    names = list(network.inputs)
    given: dict[str, Shape] = {}
    for key, sizes in wanted.items():
        name = key
        if not key:
            if len(names) != 1:
                listed = ", ".join(names) or "none"
                raise InputShapeError(
                    f"the model has {len(names)} inputs ({listed}), so a shape needs a name", "write NAME=1,3,224,224"
                )
            name = names[0]
        if name not in network.inputs:
            near = difflib.get_close_matches(name, names, n=1)
            listed = ", ".join(names) or "none"
            raise InputShapeError(
                f"the model has no input {name!r}",
                f"did you mean {near[0]!r}?" if near else f"its inputs are: {listed}",
            )
        shape = tuple(int(size) for size in sizes)
        dims = network.inputs[name].dims
        if dims is not None and len(dims) != len(shape):
            raise InputShapeError(
                f"input {name!r} has {len(dims)} axes ({shape_text(dims)}), the given shape has {len(shape)}",
                f"give {len(dims)} sizes",
            )
        for size in shape:
            if size < 1:
                raise InputShapeError(f"size {size} of input {name!r} is not valid", "sizes start at 1")
        given[name] = shape
    return given


def _complete(network: Network, name: str, declared: Declared, symbols: dict[str, int]) -> ChosenInput:
    if declared.dims is None:
        raise InputShapeError(f"the model does not say how many axes input {name!r} has", "give --input-shape")
    rank = len(declared.dims)
    size_of_map = SPATIAL.get(_rank_of_map(network, name, declared.dims), OTHER)
    channels = _channel_axis(network, name, declared.dims)
    shape, assumed = [], []
    for axis, dim in enumerate(declared.dims):
        if isinstance(dim, int) and dim > 0:
            shape.append(dim)
            continue
        if isinstance(dim, int):
            raise InputShapeError(f"input {name!r} declares a size of {dim} along axis {axis}", "give --input-shape")
        size = symbols.get(dim) if isinstance(dim, str) else None
        if size is None:
            if axis == 0 and rank > 1:
                size = BATCH
            elif channels is not None and axis == channels[0]:
                size = channels[1]
            else:
                size = size_of_map
            if isinstance(dim, str):
                symbols[dim] = size
        shape.append(size)
        if axis > 0 or rank == 1:  # an assumed batch size of 1 is not reported
            assumed.append(axis)
    return ChosenInput(name, tuple(shape), tuple(assumed), given=False)


def _rank_of_map(network: Network, name: str, dims: tuple[int | str | None, ...]) -> int:
    """Number of axes of the map: one more than the input has where an Unsqueeze adds its channel axis."""
    rank = len(dims)
    channel_follows = any(node.op == "Unsqueeze" and node.inputs[:1] == (name,) for node in network.nodes)
    open_axes = sum(not isinstance(dim, int) for dim in dims[1:])
    return rank + 1 if channel_follows and rank > 1 and open_axes == rank - 1 else rank


def _channel_axis(network: Network, name: str, dims: tuple[int | str | None, ...]) -> tuple[int, int] | None:
    """Axis and size of the channels, from the weight of a convolution that reads the input; None if there is none."""
    for node in network.nodes:
        inputs = CONVOLUTION_INPUTS.get((node.domain, node.op))
        if inputs is not None and node.inputs[:1] == (name,) and len(node.inputs) > inputs.weight:
            weight = network.weights.get(node.inputs[inputs.weight])
            if weight is not None and 1 < len(weight[0]) == len(dims):
                return 1, weight[0][1] * node.integer("group", 1)
    return None


def _refuse_huge(chosen: ChosenInput) -> None:
    elements = 1
    for axis, size in enumerate(chosen.shape):
        elements *= size
        if size > LONGEST_INPUT_AXIS:
            raise InputShapeError(
                f"axis {axis} of input {chosen.name!r} would have {size:,} indices, more than {LONGEST_INPUT_AXIS:,}",
                "give a smaller size with --input-shape",
            )
    if elements > MOST_INPUT_ELEMENTS:
        shape = shape_text(chosen.shape)
        raise InputShapeError(
            f"input {chosen.name!r} of shape {shape} would have {elements:,} elements, more than 2³¹",
            "give a smaller size with --input-shape",
        )
