"""Resize and Upsample: every mode, coordinate convention, rounding and opset, by scales and by sizes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from tests.reads.running import Array, Case, zeros

_SCALES = (0.26, 0.3, 0.5, 0.6, 0.7, 1.0, 1.1, 1.3, 1.5, 2.0, 2.3, 3.0, 4.0)
_SIZES = (1, 2, 3, 4, 5, 7, 8, 10, 13, 16)
_ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")


def cases() -> Iterator[Case]:
    """Every combination that the standard allows; some 7,000, of which the tests take a sample."""
    for opset, length in itertools.product((10, 11, 13, 18, 19), (2, 5, 7)):
        for attributes in _attributes(opset):
            for scale in _SCALES:
                if int(np.float32(length) * np.float32(scale)) > 0:
                    yield _case(opset, length, attributes, scale=scale)
            for size in _SIZES if opset > 10 else ():
                yield _case(opset, length, attributes, size=size)
    yield from _upsamples()
    yield from _by_axes()


def _attributes(opset: int) -> Iterator[dict[str, object]]:
    for mode in ("nearest", "linear", "cubic"):
        if opset < 11:
            if mode != "cubic":
                yield {"mode": mode}
            continue
        places = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize"]
        places += ["tf_half_pixel_for_nn"] * (opset == 11) + ["half_pixel_symmetric"] * (opset >= 19)
        for place in places:
            common: dict[str, object] = {"mode": mode, "coordinate_transformation_mode": place}
            if mode == "nearest":
                yield from ({**common, "nearest_mode": rounding} for rounding in _ROUNDINGS)
                continue
            smooths = (0, 1) if opset >= 18 and place != "tf_crop_and_resize" else (0,)
            for smooth, excludes in itertools.product(smooths, (0, 1) if mode == "cubic" else (0,)):
                flags = {"antialias": smooth, "exclude_outside": excludes}
                yield {**common, **{name: 1 for name, on in flags.items() if on}}


def _case(opset: int, length: int, attributes: dict[str, object], scale: float = 0.0, size: int = 0) -> Case:
    place = attributes.get("coordinate_transformation_mode")
    scales = np.array([1, 1, 1, scale], np.float32)
    closed = _rounds_nothing(length, scale, size, corners=place == "align_corners")
    if opset < 11:
        return Case("Resize", zeros(x=(1, 1, 2, length)), {"s": scales}, attributes, opset, linear=True, closed=closed)
    crop = [0, 0, 0, 0.1, 1, 1, 1, 0.8] if place == "tf_crop_and_resize" else []
    roi = np.array(crop, np.float32)
    constants: dict[str, Array]
    if size:
        empty: Array = np.array([], np.float32)  # opset 11 has no way to leave the scales out
        constants = {"roi": roi, "s": empty, "n": np.array([1, 1, 2, size], np.int64)}
    else:
        constants = {"roi": roi, "s": scales}
    return Case("Resize", zeros(x=(1, 1, 2, length)), constants, attributes, opset, linear=True, closed=closed)


def _rounds_nothing(length: int, scale: float, size: int, *, corners: bool) -> bool:
    """Whether single precision holds every coordinate exactly: the closed form is exact, what runs is not."""
    exact = Fraction(size, length) if size else Fraction(float(np.float32(scale)))
    if corners:
        exact = Fraction((size or int(length * scale)) - 1, length - 1)
    return all(0 < n <= 64 and n & (n - 1) == 0 for n in (exact.numerator, exact.denominator))


def _upsamples() -> Iterator[Case]:
    for mode, opset, scale in itertools.product(("nearest", "linear"), (7, 9), (1.0, 1.5, 2.0, 3.0, 2.3)):
        scales = [1.0, 1.0, scale, 2.0]
        closed = _rounds_nothing(3, scale, 0, corners=False)
        x = zeros(x=(1, 1, 3, 4))
        if opset < 9:
            yield Case("Upsample", x, {}, {"mode": mode, "scales": scales}, opset, linear=True, closed=closed)
        else:
            constants = {"s": np.array(scales, np.float32)}
            yield Case("Upsample", x, constants, {"mode": mode}, opset, linear=True, closed=closed)


def _by_axes() -> Iterator[Case]:
    for policy, sizes in itertools.product(("stretch", "not_larger", "not_smaller"), ([5, 9], [4, 4], [2, 7], [6, 6])):
        for axes in ([2, 3], [3, 2]):
            yield Case(
                "Resize", zeros(x=(1, 1, 3, 4)), {"n": np.array(sizes, np.int64)},
                {"axes": axes, "keep_aspect_ratio_policy": policy, "mode": "linear"}, 18,
                order=("x", "", "", "n"), linear=True, closed=False,
            )  # fmt: skip
    for scales, mode in itertools.product(([2.0, 0.5], [1.5, 3.0]), ("nearest", "linear", "cubic")):
        yield Case(
            "Resize", zeros(x=(1, 1, 4, 3)), {"s": np.array(scales, np.float32)}, {"axes": [2, 3], "mode": mode}, 19,
            order=("x", "", "s"), linear=True, closed=False,
        )  # fmt: skip
    for scale in (0.5, 2.0, 1.4):  # one index, and volumes
        for mode in ("nearest", "linear"):
            scales = [1, 1, scale, 2, 1]
            yield Case(
                "Resize", zeros(x=(1, 1, 4, 1, 3)), {"s": np.array(scales, np.float32)}, {"mode": mode}, 13,
                order=("x", "", "s"), linear=True, closed=False,
            )  # fmt: skip
