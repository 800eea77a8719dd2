"""Resize and Upsample in every mode and coordinate convention: a table of taps per output index.

Taps whose coefficient is zero are not read. Source: ONNX Resize (10, 11, 13, 18, 19), Upsample (7, 9); coordinates in
single precision, as onnxruntime computes them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from strideinspect.limits import LONGEST_CACHED_AXIS, MOST_PHASES
from strideinspect.model.node import Node, PlacedNode, UnresolvedError
from strideinspect.model.resize_scales import Resizing, resizing
from strideinspect.reads.families import reads
from strideinspect.reads.index_tables import bounded
from strideinspect.reads.interpolation import (
    Interpolate,
    cubic,
    inside,
    linear,
    nearest,
    smoothed,
    unbounded,
)
from strideinspect.reads.periodic import Periodic, repeating
from strideinspect.reads.steps import Broadcast, Read, Step, Table, Taps

Float32Coordinates = NDArray[np.float32]


class _Filter(Struct, frozen=True):
    """The attributes that hold for all axes: how output coordinates are mapped, and how the indices are combined."""

    convention: str
    mode: str
    rounding: str | None  # None before opset 11: down when enlarging, up when shrinking
    a: float
    smooths: bool
    excludes: bool


@reads("Resize", "Upsample")
@reads("Upsample", domain="com.microsoft.nchwc")
def resize(placed: PlacedNode) -> tuple[Read, ...]:
    """One table per resized axis; sizes and scales are not read as values."""
    if placed.output_shape() == placed.shape(0):
        return (Read(0),)  # onnxruntime copies a map that keeps its shape, whatever the scales and the crop are
    steps: list[Step] = []
    spread = list(placed.shape(0))
    chosen = _filter(placed.node)
    for part in resizing(placed):
        if part.length == 1:
            continue  # nothing to interpolate: the single index is broadcast
        spread[part.axis] = part.size
        # onnxruntime copies an axis whose scale is 1, whatever its crop is.
        if part.size != part.length or (not chosen.smooths and part.scale != 1):
            steps.append(_axis_table(part, chosen))
    if tuple(spread) != placed.output_shape():
        steps.append(Broadcast(tuple(spread), placed.output_shape()))
    return (Read(0, 0, tuple(steps)),)


class Copied(Struct, frozen=True):
    """An axis along which onnxruntime copies a map; by the standard `output_index` reads the indices `standard`.

    It is the first of the `differing` indices, out of `length`, for which the two are not the same.
    """

    axis: int
    output_index: int
    standard: tuple[int, int]
    differing: int
    length: int


def copied(placed: PlacedNode) -> Copied | None:
    """Where onnxruntime copies the map of a Resize that keeps its size, and the standard reads another index.

    None where both read the same.
    """
    if placed.output_shape() != placed.shape(0):
        return None
    chosen = _filter(placed.node)
    try:
        for part in resizing(placed):
            if part.length > 1 and (part.scale != 1 or part.roi != (0.0, 1.0)):
                taps = _axis_table(part, chosen).taps
                own = np.arange(part.size)[:, None]
                differing = np.flatnonzero(((taps != own) & (taps >= 0)).any(axis=1))
                if len(differing):
                    index = int(differing[0])
                    seen = taps[index][taps[index] >= 0]
                    return Copied(part.axis, index, (int(seen.min()), int(seen.max())), len(differing), part.size)
    except UnresolvedError:
        return None
    return None


def _filter(node: Node) -> _Filter:
    old = node.op == "Upsample" or node.version < 11
    return _Filter(
        convention=node.text("coordinate_transformation_mode", "asymmetric" if old else "half_pixel"),
        mode=node.text("mode", "nearest"),
        rounding=None if old else node.text("nearest_mode", "round_prefer_floor"),
        a=node.real("cubic_coeff_a", -0.75),
        smooths=node.integer("antialias", 0) == 1,
        excludes=node.integer("exclude_outside", 0) == 1,
    )


def _axis_table(part: Resizing, chosen: _Filter) -> Table:
    """The table of one axis, cached: rows and columns usually have the same, and so do repeated blocks of a network."""
    make = _table if max(part.length, part.size) <= LONGEST_CACHED_AXIS else _table.__wrapped__
    return structs.replace(make(structs.replace(part, axis=0), chosen), axis=part.axis)


@lru_cache(maxsize=64)
def _table(part: Resizing, chosen: _Filter) -> Table:
    where = _COORDINATES.get(chosen.convention)
    if where is None:
        raise UnresolvedError(f"its coordinate_transformation_mode {chosen.convention!r} is not known")
    interpolate = _interpolation(part, chosen)
    bounded(part.axis, part.size, _taps(part, chosen))
    at = where(part, np.arange(part.size, dtype=np.float32))
    taps = inside(interpolate(at), part.length, excludes=chosen.excludes)
    if chosen.convention == "tf_crop_and_resize":
        taps[(at < 0) | (at > part.length - 1)] = -1  # filled with extrapolation_value
    taps.setflags(write=False)
    closed = _closed_form(part, chosen.convention, interpolate)
    rounds = chosen.smooths or chosen.mode == "nearest" or chosen.convention == "tf_crop_and_resize"
    if rounds and not isinstance(closed, str):
        closed = _rounded(closed, taps, part.length)
    return Table(part.axis, part.length, taps, closed)


def _taps(part: Resizing, chosen: _Filter) -> int:
    """How many indices one output combines."""
    taps = {"nearest": 1, "linear": 2}.get(chosen.mode, 4)
    return taps * math.ceil(max(1.0, 1 / part.scale)) + 1 if chosen.smooths else taps


def _interpolation(part: Resizing, chosen: _Filter) -> Interpolate:
    """The taps at coordinates of the input, as if it had no edges."""
    a = chosen.a
    if chosen.mode == "nearest":
        old = "ceil" if part.scale < 1 else "floor"
        return lambda at: nearest(at, old if chosen.rounding is None else chosen.rounding)
    if chosen.mode not in ("linear", "cubic"):
        raise UnresolvedError(f"its mode {chosen.mode!r} is not known")
    if chosen.smooths:
        return lambda at: smoothed(at, part.scale, None if chosen.mode == "linear" else a)
    return linear if chosen.mode == "linear" else lambda at: cubic(at, a)


def _half_pixel(part: Resizing, o: Float32Coordinates) -> Float32Coordinates:
    return (o + np.float32(0.5)) / np.float32(part.scale) - np.float32(0.5)


def _symmetric(part: Resizing, o: Float32Coordinates) -> Float32Coordinates:
    scale, length = np.float32(part.scale), np.float32(part.length)
    offset = length / np.float32(2) * (np.float32(1) - np.float32(part.size) / (scale * length))
    # onnxruntime mixes precisions here: the offset is single, the rest is double.
    exact = float(offset) + (o.astype(np.float64) + 0.5) / float(scale) - 0.5
    return exact.astype(np.float32)


def _pytorch(part: Resizing, o: Float32Coordinates) -> Float32Coordinates:
    return _half_pixel(part, o) if part.size > 1 else np.zeros_like(o)


def _tf_half_pixel(part: Resizing, o: Float32Coordinates) -> Float32Coordinates:
    return (o + np.float32(0.5)) / np.float32(part.scale)


def _corners(part: Resizing, o: Float32Coordinates) -> Float32Coordinates:
    return o * np.float32(part.length - 1) / np.float32(part.size - 1) if part.size > 1 else np.zeros_like(o)


def _asymmetric(part: Resizing, o: Float32Coordinates) -> Float32Coordinates:
    return o / np.float32(part.scale)


def _crop(part: Resizing, o: Float32Coordinates) -> Float32Coordinates:
    start, end = part.roi
    last = np.float32(part.length - 1)
    if part.size == 1:
        return np.full_like(o, 0.5 * (start + end) * float(last))
    return np.float32(start) * last + o * np.float32(end - start) * last / np.float32(part.size - 1)


_COORDINATES: dict[str, Callable[[Resizing, Float32Coordinates], Float32Coordinates]] = {
    "half_pixel": _half_pixel,
    "half_pixel_symmetric": _symmetric,
    "pytorch_half_pixel": _pytorch,
    "tf_half_pixel_for_nn": _tf_half_pixel,
    "align_corners": _corners,
    "asymmetric": _asymmetric,
    "tf_crop_and_resize": _crop,
}


_SHIFTS: dict[str, tuple[Fraction, Fraction]] = {
    "half_pixel": (Fraction(1, 2), Fraction(1, 2)),
    "half_pixel_symmetric": (Fraction(1, 2), Fraction(1, 2)),
    "pytorch_half_pixel": (Fraction(1, 2), Fraction(1, 2)),
    "tf_half_pixel_for_nn": (Fraction(1, 2), Fraction(0)),
}
"""(before, after): away from the edges, output o is at (o + before)·ratio − after. Of other conventions both are 0."""


def _closed_form(part: Resizing, convention: str, interpolate: Interpolate) -> Periodic | str:
    """The table on an infinite plane: `period` outputs advance by `step` inputs. A text says why there is none."""
    scale = _scale(part, convention)
    if not scale or (part.size == 1 and convention == "pytorch_half_pixel"):
        return f"a Resize from {part.length} indices to one has no stride"
    period, step = abs(scale.numerator), scale.denominator
    if period > MOST_PHASES:
        return f"a Resize from {part.length} to {part.size} indices has more than {MOST_PHASES:,} phases"
    before, after = _SHIFTS.get(convention, (Fraction(0), Fraction(0)))
    offset = Fraction(0)
    if convention == "half_pixel_symmetric":
        offset = Fraction(part.length, 2) * (1 - Fraction(part.size) / (scale * part.length))
    elif convention == "tf_crop_and_resize":
        offset = _decimal(part.roi[0]) * (part.length - 1)
    phases = [float(offset + (phase + before) / scale - after) for phase in range(period)]
    taps, present = unbounded(interpolate(np.array(phases)))
    forwards = step if scale > 0 else -step
    return repeating(forwards, taps, present, size_dependent=not _by_scale(part, convention) or bool(offset))


def _scale(part: Resizing, convention: str) -> Fraction:
    """Outputs per input index; negative where a crop turns the map round, 0 where a single output is made."""
    if _by_scale(part, convention):
        return _decimal(part.scale)
    if convention not in _FROM_END_TO_END:
        return Fraction(part.size, part.length)
    start, end = part.roi if convention == "tf_crop_and_resize" else (0.0, 1.0)
    covered = (_decimal(end) - _decimal(start)) * (part.length - 1)
    return Fraction(part.size - 1) / covered if covered else Fraction(0)


_FROM_END_TO_END = frozenset({"align_corners", "tf_crop_and_resize"})
"""Conventions by which the first and last output lie at the ends of the map, or of a part of it."""


def _by_scale(part: Resizing, convention: str) -> bool:
    return part.by_scale and convention not in _FROM_END_TO_END


def _decimal(number: float) -> Fraction:
    """The simple fraction that a number in single precision stands for."""
    return Fraction(number).limit_denominator(1 << 12)


def _rounded(exact: Periodic, taps: Taps, length: int) -> Periodic:
    """The closed form with the taps that only rounding reads.

    The outermost tap of an antialiased filter may have weight 0 in exact arithmetic, and a tiny one as it is computed.
    A coordinate that is a whole number may be computed as slightly less, so that another index is the nearest.
    """
    period = len(exact.taps)
    reads = [set(row[there].tolist()) for row, there in zip(exact.taps, exact.present, strict=True)]
    away_from_edges = []
    for output, row in enumerate(taps.tolist()):
        turn, phase = divmod(output, period)
        whole = exact.taps[phase][exact.present[phase]] + turn * exact.step
        if whole.min() >= 0 and whole.max() < length:
            away_from_edges.append((phase, {tap - turn * exact.step for tap in row if tap >= 0}))
    for phase, seen in away_from_edges:
        reads[phase] |= seen
    rounded = any(reads[phase] != seen for phase, seen in away_from_edges)
    if not rounded:
        return exact
    wide = max(map(len, reads))
    padded = np.array([sorted(row) + [0] * (wide - len(row)) for row in reads], dtype=np.int64)
    present = np.arange(wide) < np.array([len(row) for row in reads])[:, None]
    return Periodic(exact.step, padded, present, exact.size_dependent, rounded)
