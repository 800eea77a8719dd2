"""Dependency sets of Resize and Upsample, by the formulas of the ONNX standard."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numpy as np

from tests.oracle_sets import Integers, OracleLimitError, Reads, Step, crossed, operator

Taps = dict[int, Fraction]  # input index, which may lie outside, to coefficient


def _original(mode: str, x: int, scale: np.float32, before: int, after: int, roi: tuple[float, float]) -> Fraction:
    """Place on the input axis of output index x.

    The standard's formulas in single precision, as runtimes compute them: 3.5 / (7 / 13) - 0.5 is not 6 then, and the
    neighbour of index 6 gets a coefficient of a millionth.
    """
    one, half = np.float32(1), np.float32(0.5)
    start, end = np.float32(roi[0]), np.float32(roi[1])
    index, reach = np.float32(x), np.float32(before - 1)
    if mode == "half_pixel" or (mode == "pytorch_half_pixel" and after > 1):
        place = (index + half) / scale - half
    elif mode == "tf_half_pixel_for_nn":
        place = (index + half) / scale
    elif mode == "asymmetric":
        place = index / scale
    elif mode == "half_pixel_symmetric":
        adjustment = np.float32(after) / (scale * np.float32(before))
        shift = float(np.float32(before) / 2 * (one - adjustment))  # onnxruntime goes on in double precision
        place = np.float32(shift + (float(index) + 0.5) / float(scale) - 0.5)
    elif mode == "tf_crop_and_resize":
        moved = index * (end - start) * reach / np.float32(after - 1) if after > 1 else half * (end - start) * reach
        place = start * reach + moved
    elif mode in {"align_corners", "pytorch_half_pixel"}:
        place = index * reach / np.float32(after - 1) if after > 1 else np.float32(0)
    else:
        raise OracleLimitError(f"Resize: coordinates {mode}")
    return Fraction(float(place))


def _nearest(mode: str, place: Fraction) -> int:
    rounds: dict[str, Callable[[], int]] = {
        "round_prefer_floor": lambda: math.ceil(place - Fraction(1, 2)),
        "round_prefer_ceil": lambda: math.floor(place + Fraction(1, 2)),
        "floor": lambda: math.floor(place),
        "ceil": lambda: math.ceil(place),
        # operator set 10 has no modes: down when shrinking or not, it takes the floor
        "simple": lambda: math.floor(place),
    }
    return rounds[mode]()


def _linear(place: Fraction, shrink: Fraction) -> Taps:
    """Triangle of half-width 1, or wider when antialiasing a smaller output."""
    low, high = math.ceil(place - shrink), math.floor(place + shrink)
    return {index: 1 - abs(index - place) / shrink for index in range(low, high + 1)}


def _cubic(place: Fraction, shrink: Fraction, a: Fraction) -> Taps:
    taps = {}
    for index in range(math.ceil(place - 2 * shrink), math.floor(place + 2 * shrink) + 1):
        d = abs(index - place) / shrink
        near = (a + 2) * d**3 - (a + 3) * d**2 + 1
        far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
        taps[index] = near if d <= 1 else far
    return taps


class _Axis:
    """One axis: how long before and after, and which input indices each output index reads."""

    def __init__(self, step: Step, before: int, after: int, scale: np.float32, roi: tuple[float, float]) -> None:
        mode = step.word("mode", "nearest")
        coordinates = step.word("coordinate_transformation_mode", "half_pixel")
        if step.op == "Upsample" or step.version == 10:
            coordinates = "asymmetric"
        nearest = step.word(
            "nearest_mode", "round_prefer_floor" if step.op == "Resize" and step.version > 10 else "simple"
        )
        shrink = max(Fraction(1), 1 / Fraction(float(scale))) if step.whole("antialias", 0) else Fraction(1)
        a = Fraction(step.real("cubic_coeff_a", -0.75))
        self.reads: list[set[int]] = []
        for x in range(after):
            place = _original(coordinates, x, scale, before, after, roi)
            if coordinates == "tf_crop_and_resize" and not 0 <= place <= before - 1:
                self.reads.append(set())  # the extrapolation value
                continue
            if mode == "nearest":
                taps: Taps = {_nearest(nearest, place): Fraction(1)}
            elif mode in {"linear", "bilinear"}:
                taps = _linear(place, shrink)
            elif mode == "cubic":
                taps = _cubic(place, shrink, a)
            else:
                raise OracleLimitError(f"Resize: mode {mode}")
            self.reads.append(self._inside(taps, before, outside=step.whole("exclude_outside", 0) == 1))

    @staticmethod
    def _inside(taps: Taps, before: int, *, outside: bool) -> set[int]:
        """Indices with a coefficient that is not zero; those outside count for the border, or not at all."""
        found: Taps = {}
        for index, weight in taps.items():
            if outside and not 0 <= index < before:
                continue
            at = min(max(index, 0), before - 1)
            found[at] = found.get(at, Fraction(0)) + weight
        return {index for index, weight in found.items() if weight != 0}

    def rows(self) -> list[Integers]:
        """One array per tap, -1 where an output index has fewer."""
        width = max([len(reads) for reads in self.reads], default=0)
        padded = [sorted(reads) + [-1] * (width - len(reads)) for reads in self.reads]
        return [np.array(row, dtype=np.int64) for row in zip(*padded, strict=True)]


def _steering(step: Step) -> tuple[list[float] | None, list[int] | None, list[float]]:
    """Scales, sizes and region of interest, wherever this operator set keeps them."""
    if "scales" in step.attributes:
        found = step.attributes["scales"]
        assert isinstance(found, list)
        return [float(scale) for scale in found], None, []
    at = 1 if step.op == "Upsample" or step.version == 10 else 2
    scales = [float(scale) for scale in step.constant(at)] if step.given(at) else []
    sizes = [int(size) for size in step.constant(3)] if step.given(3) else []
    roi = [float(edge) for edge in step.constant(1)] if at == 2 and step.given(1) else []
    return scales or None, sizes or None, roi


@operator("Resize", "Upsample")
def resize(step: Step) -> list[Reads]:
    """Every axis by itself; taps whose coefficient is zero are not read."""
    shape = step.shape()
    scales, sizes, roi = _steering(step)
    named = step.wholes("axes", list(range(len(shape))))
    policy = step.word("keep_aspect_ratio_policy", "stretch")
    if sizes is not None and policy != "stretch":
        ratios = [Fraction(size, shape[axis]) for axis, size in zip(named, sizes, strict=True)]
        ratio = min(ratios) if policy == "not_larger" else max(ratios)
        sizes = [math.floor(ratio * shape[axis] + Fraction(1, 2)) for axis in named]
    everything = (0.0, 1.0)
    axes = []
    for axis, before in enumerate(shape):
        region = everything
        after, scale = before, np.float32(1)
        if axis in named:
            place = named.index(axis)
            if roi:
                region = (roi[place], roi[place + len(named)])
            if scales is not None:
                scale = np.float32(scales[place])
                after = int(np.floor(np.float32(before) * np.float32(scales[place])))
            elif sizes is not None:
                after = sizes[place]
                scale = np.float32(after) / np.float32(before)
        if scale == 1 and after == before and region == everything:
            axes.append([np.arange(before)])
        else:
            axes.append(_Axis(step, before, after, scale, region).rows())
    address = [crossed(shape, list(rows)) for rows in product(*axes)]
    return [Reads(address[0].shape, {0: address}, spreads=True)]
