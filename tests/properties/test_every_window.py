"""Every small window there is, by what onnxruntime runs: no formula at all on the other side.

All windows of one operator that onnxruntime accepts at one length sit side by side in one model. Changing one pixel at
a time shows which outputs read it. Shapes, fields and dropped indices must be what is seen there, also where
onnxruntime leaves the standard (SAME with dilation or with a stride over the extent, windows larger than the map).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from strideinspect import inspect
from strideinspect.results.report import WindowNode
from tests.graph_builder import REFUSED, Builder
from tests.oracle import anywhere, hulls
from tests.oracle_runtime import influence, run
from tests.oracle_sets import Booleans
from tests.thorough import THOROUGH

pytestmark = pytest.mark.slow

Attributes = dict[str, Any]

KERNELS, STRIDES, DILATIONS = range(1, 5), range(1, 5), range(1, 3)
PADS = ((0, 0), (1, 0), (0, 1), (1, 1), (2, 1))
AUTO_PADS = ("SAME_UPPER", "SAME_LOWER", "VALID")
LENGTHS = (2, 7) if THOROUGH == 1 else range(1, 13)

# Operator, operator set, whether it knows ceil_mode and dilations there.
OPERATORS = (
    ("Conv", 11, False, True),
    ("Conv", 22, False, True),
    ("MaxPool", 8, False, False),
    ("MaxPool", 12, True, True),
    ("AveragePool", 7, False, False),
    ("AveragePool", 11, True, False),
    ("AveragePool", 19, True, True),
    ("AveragePool", 22, True, True),
    ("LpPool", 18, True, True),
    ("ConvTranspose", 11, False, True),
)


def paddings() -> Iterator[Attributes]:
    """Explicit and automatic."""
    yield from ({"pads": list(pads)} for pads in PADS)
    yield from ({"auto_pad": auto_pad} for auto_pad in AUTO_PADS)


def windows(op: str, *, ceil_mode: bool, dilated: bool) -> list[Attributes]:
    """All combinations of attributes; `kernel_shape` is always among them."""
    found = []
    for kernel, stride, dilation, padding in product(KERNELS, STRIDES, DILATIONS if dilated else (1,), paddings()):
        window = {"kernel_shape": [kernel], "strides": [stride], **padding}
        if dilation > 1:
            window["dilations"] = [dilation]
        found.append(window)
        if ceil_mode:
            found.append({**window, "ceil_mode": 1})
        if op == "ConvTranspose" and stride > 1:
            found.append({**window, "output_padding": [stride - 1]})
            found.append({**window, "output_shape": [stride * 3 + 1]})
    return found


def side_by_side(op: str, opset: int, length: int, attributes: list[Attributes]) -> onnx.ModelProto:
    """One model with all of these windows on its input; window i makes the output w{i}."""
    builder = Builder(opset, (1, 1, length))
    for place, window in enumerate(attributes):
        inputs = ["x", builder.weight(1, 1, *window["kernel_shape"])] if op.startswith("Conv") else ["x"]
        builder.add(op, inputs, **window)
        builder.nodes[-1].output[0] = f"w{place}"
    builder.current = "w0"
    model = builder.model()
    made = [onnx.helper.make_tensor_value_info(f"w{i}", onnx.TensorProto.FLOAT, None) for i in range(len(attributes))]
    del model.graph.output[:]
    model.graph.output.extend(made)
    return model


def accepted(op: str, opset: int, length: int, attributes: list[Attributes]) -> list[Attributes]:
    """Those that onnxruntime runs to a map that is not empty, found by halving."""
    if not attributes:
        return []
    try:
        ran = run(side_by_side(op, opset, length, attributes))
        if all(value.size for value in ran.values.values()):
            return attributes
    except REFUSED:
        pass
    if len(attributes) == 1:
        return []
    half = len(attributes) // 2
    return accepted(op, opset, length, attributes[:half]) + accepted(op, opset, length, attributes[half:])


def check_dropped(changed: Booleans, node: WindowNode) -> None:
    """Pixels that changed nothing are dropped or gaps: those at the end dropped, where nothing is stepped over."""
    if node.op == "ConvTranspose":
        assert node.dropped is None
        return
    dark = ~anywhere(changed)
    extent = node.dilation[0] * (node.kernel[0] - 1) + 1
    trailing = len(dark) if dark.all() else int(np.argmin(dark[::-1]))
    assert node.dropped is not None
    (pixels,), (gap,) = node.dropped.pixels, node.dropped.gap
    assert pixels + gap == dark.sum()
    if node.dilation == (1,):
        assert pixels == (trailing if extent >= node.stride[0] else 0)
    assert pixels <= trailing  # the last of them may lie between two taps of the last window


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("op", "opset", "ceil_mode", "dilated"), OPERATORS, ids=str)
def test_windows_read_what_they_are_said_to(
    op: str,
    opset: int,
    ceil_mode: bool,  # noqa: FBT001
    dilated: bool,  # noqa: FBT001
    length: int,
    tmp_path: Path,
) -> None:
    """Output size, field of every index and untouched pixels of every window that runs at this length."""
    attributes = accepted(op, opset, length, windows(op, ceil_mode=ceil_mode, dilated=dilated))
    assert attributes
    model = side_by_side(op, opset, length, attributes)
    onnx.save(model, tmp_path / "model.onnx")
    report = inspect(
        tmp_path / "model.onnx", verify="none", select=["unused-input"]
    )  # advice for 500 windows takes its time
    assert len(report.nodes) == len(attributes)
    ran = run(model)
    changes = influence(ran, "x", 2, [node.output for node in report.nodes], seeds=1)
    for node, window in zip(report.nodes, attributes, strict=True):
        changed = changes[node.output]
        assert node.output_shape == ran.values[node.output].shape, window
        (field,) = node.fields
        assert (field.positions.first, field.positions.last) == hulls(changed, 2), window
        check_dropped(changed, node)
