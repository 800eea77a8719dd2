"""Interpolation taps: which input indices an output at a given input coordinate combines, and with which weights.

All functions take coordinates of shape [outputs] and compute in the precision of that array: single precision to
reproduce onnxruntime, double precision for the closed form on an infinite plane.

Source: ONNX Resize; Keys, Cubic Convolution Interpolation, 1981.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from strideinspect.model.node import UnresolvedError

Coordinates = NDArray[np.floating[Any]]
Interpolate = Callable[[Coordinates], "WeightedTaps"]


class WeightedTaps(Struct, frozen=True):
    """Indices and weights, both of shape [outputs, taps]; indices may lie outside the input."""

    places: NDArray[np.int64]
    weights: Coordinates


_TIE = 1e-6
"""onnxruntime treats a coordinate this close to halfway between two indices as a tie (measured with 1.31.1)."""


def nearest(at: Coordinates, rounding: str) -> WeightedTaps:
    """The nearest index. Raises UnresolvedError for a nearest_mode that is not in the standard."""
    below = np.floor(at)
    tie = np.abs(at.astype(np.float64) - below - 0.5) < _TIE
    rounded = np.floor(at.astype(np.float64) + 0.5)
    modes = {
        "floor": below,
        "ceil": np.ceil(at),
        "round_prefer_ceil": np.where(tie, below + 1, rounded),
        "round_prefer_floor": np.where(tie, below, rounded),
    }
    if rounding not in modes:
        raise UnresolvedError(f"its nearest_mode {rounding!r} is not known")
    return WeightedTaps(modes[rounding].astype(np.int64)[:, None], np.ones((at.size, 1), at.dtype))


def linear(at: Coordinates) -> WeightedTaps:
    """The two neighbouring indices."""
    below = np.floor(at)
    part = at - below
    return WeightedTaps(below.astype(np.int64)[:, None] + np.arange(2), np.stack([1 - part, part], axis=1))


def cubic(at: Coordinates, a: float) -> WeightedTaps:
    """The four neighbouring indices; `a` is the coefficient of Keys' cubic kernel (`cubic_coeff_a`)."""
    below = np.floor(at)
    part = at - below
    weights = [_outer(part + 1, a), _inner(part, a), _inner(1 - part, a), _outer(2 - part, a)]
    return WeightedTaps(below.astype(np.int64)[:, None] + np.arange(-1, 3), np.stack(weights, axis=1))


def smoothed(at: Coordinates, scale: float, a: float | None) -> WeightedTaps:
    """Antialiased filters: the kernel is widened when downscaling. Linear if `a` is None, else cubic."""
    kind = at.dtype.type
    shrink = max(kind(1) / kind(scale), kind(1))
    support = kind(1 if a is None else 2) * shrink
    center = at + kind(0.5)
    first = np.floor(center - support + kind(0.5)).astype(np.int64)
    count = np.floor(center + support + kind(0.5)).astype(np.int64) - first
    index = first[:, None] + np.arange(math.ceil(support) * 2 + 1)
    t = np.abs((index.astype(at.dtype) - center[:, None] + kind(0.5)) * (kind(1) / shrink))
    if a is None:
        weight = np.maximum(1 - t, 0)
    else:
        tail = (((t - 5) * t + 8) * t - 4) * a
        weight = np.where(t < 1, _inner(t, a), np.where(t < 2, tail, 0))
    return WeightedTaps(index, np.where(np.arange(index.shape[1]) < count[:, None], weight, 0).astype(at.dtype))


def _inner(t: Coordinates, a: float) -> Coordinates:
    return ((a + 2) * t - (a + 3)) * t * t + 1


def _outer(t: Coordinates, a: float) -> Coordinates:
    return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a


def inside(taps: WeightedTaps, length: int, *, excludes: bool) -> NDArray[np.int32]:
    """The input indices that each output reads, ascending and padded with -1: shape [outputs, most taps].

    Taps outside the input of `length` are clamped to its edge, or dropped with `excludes` (`exclude_outside`). An index
    whose weights add up to zero is not read.
    """
    index, weight = taps.places, taps.weights
    within = (index >= 0) & (index < length)
    if excludes:
        weight = np.where(within, weight, 0)
    place = np.clip(index, 0, length - 1)
    first = place.min(axis=1, keepdims=True, initial=length - 1)
    sums = np.zeros((len(index), int((place - first).max(initial=0)) + 1), weight.dtype)
    # Weights of taps inside are added before clamped ones, the order of onnxruntime, so that rounding is the same.
    for chosen in (within, ~within):
        row, tap = np.nonzero(chosen)
        np.add.at(sums, (row, place[row, tap] - first[row, 0]), weight[row, tap])
    counts = sums != 0
    order = np.argsort(~counts, axis=1, kind="stable")[:, : max(1, int(counts.sum(axis=1).max(initial=0)))]
    return np.where(np.take_along_axis(counts, order, axis=1), first + order, -1).astype(np.int32)


def unbounded(taps: WeightedTaps, negligible: float = 1e-9) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Indices on an infinite plane, and which of them have a weight above `negligible`: both [outputs, taps]."""
    return taps.places, np.abs(taps.weights) > negligible
