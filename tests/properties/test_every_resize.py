"""Every way to resize a short map, by what onnxruntime runs: one pixel changed at a time, as for windows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from strideinspect import inspect
from tests.graph_builder import REFUSED, Builder
from tests.oracle import hulls
from tests.oracle_runtime import influence, run
from tests.thorough import THOROUGH

pytestmark = pytest.mark.slow

Attributes = dict[str, Any]

LENGTHS = (2, 5) if THOROUGH == 1 else range(1, 14)
SIZES = (1, 2, 3, 4, 6, 7, 10, 13) if THOROUGH == 1 else range(1, 27)
SCALES = (0.3, 0.5, 0.6, 0.75, 1.25, 1.5, 2.0, 2.3, 2.5, 3.0, 4.0)
COORDINATES = ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners")

Case = tuple[Attributes, float | int]
"""Attributes, and a scale (float) or a size (int)."""


def ways(opset: int) -> Iterator[Attributes]:
    """All combinations of mode, coordinates and rounding that this operator set knows."""
    names = [
        *COORDINATES,
        *(["half_pixel_symmetric"] if opset >= 19 else []),
        *(["tf_half_pixel_for_nn"] if opset < 13 else []),
    ]
    for name in names:
        common = {"coordinate_transformation_mode": name}
        for rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
            yield {**common, "mode": "nearest", "nearest_mode": rounding}
        yield {**common, "mode": "linear"}
        yield {**common, "mode": "cubic"}
        yield {**common, "mode": "cubic", "cubic_coeff_a": -0.5, "exclude_outside": 1}
        if opset >= 18:
            yield {**common, "mode": "linear", "antialias": 1}
            yield {**common, "mode": "cubic", "antialias": 1}


def side_by_side(opset: int, length: int, cases: list[Case]) -> onnx.ModelProto:
    """One model with all of these; a window of one pixel in front makes positions of the axes."""
    builder = Builder(opset, (1, 1, length, 1))
    source = builder.add("MaxPool", ["x"], kernel_shape=[1, 1])
    empty = builder.constant(np.zeros(0, dtype=np.float32))
    for place, (attributes, target) in enumerate(cases):
        if isinstance(target, int):
            inputs = [source, empty, empty, builder.constant([1, 1, target, 1])]
        else:
            inputs = [source, empty, builder.constant(np.array([1, 1, target, 1], dtype=np.float32))]
        builder.add("Resize", inputs, **attributes)
        builder.nodes[-1].output[0] = f"r{place}"
    builder.current = "r0"
    model = builder.model()
    del model.graph.output[:]
    names = [f"r{place}" for place in range(len(cases))]
    model.graph.output.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names)
    return model


def accepted(opset: int, length: int, cases: list[Case]) -> list[Case]:
    """Those that onnxruntime runs to a map that is not empty, found by halving."""
    if not cases:
        return []
    try:
        if all(value.size for value in run(side_by_side(opset, length, cases)).values.values()):
            return cases
    except REFUSED:
        pass
    if len(cases) == 1:
        return []
    half = len(cases) // 2
    return accepted(opset, length, cases[:half]) + accepted(opset, length, cases[half:])


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("opset", [11, 13, 18, 19])
def test_resizes_read_what_they_are_said_to(opset: int, length: int, tmp_path: Path) -> None:
    """Output size and field of every index, for whole and broken scales and for sizes."""
    cases = accepted(opset, length, list(product(ways(opset), (*SCALES, *SIZES))))
    assert cases
    model = side_by_side(opset, length, cases)
    onnx.save(model, tmp_path / "model.onnx")
    report = inspect(tmp_path / "model.onnx", verify="none", select=["unused-input"])
    ran = run(model)
    changes = influence(ran, "x", 2, [output.name for output in report.outputs], seeds=1)
    for output, case in zip(report.outputs, cases, strict=True):
        assert output.shape == ran.values[output.name].shape, case
        field = next(field for field in output.fields if field.axis == 2)
        first, last = hulls(changes[output.name], 2)
        if field.node_axis is None:
            assert set(field.positions.first) == set(first), case
        else:
            assert (field.positions.first, field.positions.last) == (first, last), case
