"""What a cell really sees: the gradient of its channels with respect to the inputs, averaged over several inputs.

Source: Luo et al. 2016, Understanding the Effective Receptive Field in Deep Convolutional Neural Networks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from strideinspect.analysis import Analysis
from strideinspect.errors import UnsupportedModelError
from strideinspect.fields.liveness import seen_from
from strideinspect.gradients.bundle import Bundle, bundled
from strideinspect.gradients.engine import EngineError, Measured, TargetCell
from strideinspect.gradients.feeds import Feeds, Inputs
from strideinspect.gradients.gradient_process import GradientProcess
from strideinspect.gradients.quantised_operators import PLAIN
from strideinspect.gradients.reverse import RefusedError
from strideinspect.results.boxes import Box, Place
from strideinspect.results.effective_field import EffectiveField
from strideinspect.results.effective_parts import EffectiveInput, GradientChecks
from strideinspect.results.field import Shape, Span
from strideinspect.studies.boxes_and_cells import box_of, marked
from strideinspect.studies.cropping import Crop, cropped
from strideinspect.studies.effective_map import Map, Seen, described

TOLERANCE: Final = 1e-4
"""The largest relative difference of the adjoint check that single precision explains; real networks show 1e-5."""

_QUANTISING: Final = frozenset({"QuantizeLinear", *PLAIN})

Step = Callable[[str], None]
FeedsOf = Callable[[Inputs, Mapping[str, tuple[int, ...]]], Feeds]
"""What to feed inputs of these shapes and types, with these spatial axes."""


class Request(Struct, frozen=True):
    """A cell, what to feed, and the seed of random weights and directions; `step` is told what is being done."""

    at: Place
    feeds: FeedsOf
    seed: int
    step: Step


def effective_field(analysis: Analysis, path: str, request: Request) -> EffectiveField:
    """The effective field of one cell, with its checks.

    Raises UnsupportedModelError where a node has no gradient or a check fails, UsageError where the feeds do not fit,
    EngineError where onnxruntime does not run the model.
    """
    place = request.at
    boxes = box_of(analysis, place)
    crop = cropped(analysis, place, boxes)
    if crop is not None:
        try:
            return _measured(analysis, path, place, boxes, crop, request)
        except EngineError:
            pass  # the model runs at its own size only
    return _measured(analysis, path, place, boxes, None, request)


def _measured(
    analysis: Analysis, path: str, place: Place, boxes: tuple[Box, ...], crop: Crop | None, request: Request
) -> EffectiveField:
    run_at = analysis if crop is None else crop.analysis
    there = place if crop is None else crop.place
    sources = [box.input for box in boxes]
    request.step("building the graph of gradients")
    try:
        bundle = bundled(run_at.shapes, there.tensor, sources, request.seed)
    except RefusedError as error:
        raise UnsupportedModelError(f"{path}: {error}", "name a tensor before it with --at") from None
    whole = {name: (analysis.sizes[name], kind) for name, (_, kind) in bundle.inputs.items()}
    feeds = request.feeds(whole, analysis.spatial_axes)
    maps = _maps(bundle, feeds, there, crop, analysis, request.step)
    checks = _checks(path, maps, bundle, _supported(run_at, there))
    seen = tuple(_described(analysis, maps, place, box, crop) for box in boxes if box.input in maps.total)
    return EffectiveField(
        path=path,
        at=place,
        inputs=seen,
        count=feeds.number,
        source=feeds.source,
        random_weights=bundle.has_random_weights,
        straight_through=any(node.op in _QUANTISING for node in analysis.shapes.nodes),
        crop={} if crop is None else {n: (first, _sizes(crop, n)) for n, first in crop.first.items()},
        checks=checks,
    )


def _sizes(crop: Crop, name: str) -> Shape:
    return tuple(crop.sizes[name][axis] for axis in crop.analysis.spatial_axes[name])


class _Maps(Struct, frozen=True):
    """Per input the mean of the absolute gradients and of RepLKNet's positive ones, and the worst of the checks."""

    total: dict[str, Map]
    positive: dict[str, Map]
    adjoint: float
    everywhere: float


def _maps(bundle: Bundle, feeds: Feeds, place: Place, crop: Crop | None, analysis: Analysis, step: Step) -> _Maps:
    total: dict[str, Map] = {}
    positive: dict[str, Map] = {}
    adjoint = everywhere = 0.0
    cell = TargetCell(place.axes, place.indices)
    with GradientProcess(bundle) as process:
        for number in range(feeds.number):
            feed = feeds.make(number)
            step(f"computing gradient {number + 1} of {feeds.number}")
            part = feed if crop is None else {name: _part(array, crop, name, analysis) for name, array in feed.items()}
            found = process.measure(part, cell, number, checked=number == 0)
            _add(total, positive, found, analysis)
            adjoint, everywhere = max(adjoint, found.adjoint), max(everywhere, found.everywhere)
    for maps in (total, positive):
        for name in maps:
            maps[name] /= feeds.number
    return _Maps(total, positive, adjoint, everywhere)


def _part(array: NDArray[np.generic], crop: Crop, name: str, analysis: Analysis) -> NDArray[np.generic]:
    if name not in crop.first:
        return array
    place = [slice(None)] * array.ndim
    for axis, first in zip(analysis.spatial_axes[name], crop.first[name], strict=True):
        place[axis] = slice(first, first + crop.sizes[name][axis])
    return np.ascontiguousarray(array[tuple(place)])


def _add(total: dict[str, Map], positive: dict[str, Map], found: Measured, analysis: Analysis) -> None:
    for name, gradient in found.gradients.items():
        others = tuple(axis - 1 for axis in range(1, gradient.ndim) if axis not in analysis.spatial_axes[name])
        plain = np.abs(gradient[0].astype(np.float64)).sum(others)
        rectified = np.maximum(found.positive[name][0].astype(np.float64), 0).sum(others)
        total[name] = total.get(name, 0) + plain
        positive[name] = positive.get(name, 0) + rectified


def _supported(analysis: Analysis, place: Place) -> dict[str, list[NDArray[np.bool_]]]:
    """Per input and spatial axis the indices on which the cell may depend, in any way."""
    masks = marked(place.shape, dict(zip(place.axes, place.indices, strict=True)))
    reached = seen_from(analysis.shapes, analysis.reads, {place.tensor: masks})
    return {name: [reached[name][a] for a in axes] for name, axes in analysis.spatial_axes.items() if name in reached}


def _checks(path: str, maps: _Maps, bundle: Bundle, supported: Mapping[str, list[NDArray[np.bool_]]]) -> GradientChecks:
    """Raise UnsupportedModelError unless the gradients are right, and not zero or noise."""
    tensor = bundle.target
    if not all(np.isfinite(one).all() for one in maps.total.values()) or np.isnan(maps.everywhere):
        raise UnsupportedModelError(
            f"{path}: the gradient of {tensor} is not finite", "the values overflow at these inputs"
        )
    if maps.everywhere > TOLERANCE:
        raise UnsupportedModelError(
            f"{path}: the gradient failed its check: forward and reverse derivative differ by {maps.everywhere:.1g}",
            "please report it with the model",
        )
    if not maps.adjoint <= TOLERANCE:
        raise UnsupportedModelError(
            f"{path}: the gradient of this cell of {tensor} is rounding noise: its channels add up to a constant, as "
            "after a softmax or a normalisation, or it is saturated",
            "name the tensor before it with --at",
        )
    if not any(one.any() for one in maps.total.values()):
        raise UnsupportedModelError(
            f"{path}: the gradient of this cell of {tensor} is zero", "its activations are off at these inputs"
        )
    bounded = False
    for name, one in maps.total.items():
        allowed = np.ones(one.shape, bool)
        for position, mask in enumerate(supported.get(name, [])):
            allowed &= mask.reshape([-1 if axis == position else 1 for axis in range(one.ndim)])
        bounded |= not allowed.all()
        if one[~allowed].any():
            outside = int(np.count_nonzero(one[~allowed]))
            raise UnsupportedModelError(
                f"{path}: the gradient failed its check: {outside} pixels outside the field of {tensor} have one",
                "please report it with the model",
            )
    return GradientChecks(float(f"{max(maps.adjoint, maps.everywhere):.2g}"), "inside" if bounded else "unbounded")


def _described(analysis: Analysis, maps: _Maps, place: Place, box: Box, crop: Crop | None) -> EffectiveInput:
    name = box.input
    axes = analysis.spatial_axes[name]
    sizes = {field.axis: field.size for field in analysis.tensor(place.tensor).fields if field.input == name}
    centers = {side.axis: side.center for side in box.axes}
    middles = [centers.get(axis) for axis in axes]
    whole = tuple(analysis.sizes[name][axis] for axis in axes)
    seen = Seen(
        name=name,
        axes=axes,
        map=_in_whole(maps.total[name], crop, name, whole),
        positive=_in_whole(maps.positive[name], crop, name, whole),
        theoretical=tuple(sizes.get(axis) for axis in axes),
        center=tuple((n - 1) / 2 if at is None else float(at) for n, at in zip(whole, middles, strict=True)),
        shown=_shown(box, axes, whole),
        middle=all(i == place.shape[axis] // 2 for axis, i in zip(place.axes, place.indices, strict=True)),
    )
    return described(seen)


def _shown(box: Box, axes: tuple[int, ...], whole: Shape) -> tuple[Span, ...]:
    """The exact field of the cell along each axis: all of it where something global adds to it."""
    sides = {side.axis: side for side in box.axes}
    spans = []
    for axis, size in zip(axes, whole, strict=True):
        side = sides.get(axis)
        if side is None or side.full is not None or side.first is None or side.last is None:
            spans.append((0, size - 1))
        else:
            spans.append((side.first, side.last))
    return tuple(spans)


def _in_whole(part: Map, crop: Crop | None, name: str, whole: Shape) -> Map:
    if crop is None or name not in crop.first:
        return part
    found = np.zeros(whole)
    found[tuple(slice(a, a + n) for a, n in zip(crop.first[name], part.shape, strict=True))] = part
    return found
