"""Operators that bring nothing to an index from elsewhere in its map, however near an end of the map it is.

A window, a slice or an elementwise operator sees less at the end of a map than in its middle; padding that reflects or
wraps, a concatenation along positions or a table of indices may bring pixels there that lie outside the theoretical
field. Behind the former only, no index may ever see a pixel outside its closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from strideinspect.verify.probe.call import Operation
from strideinspect.verify.probe.elementwise import ELEMENTWISE
from strideinspect.verify.probe.value import Value
from strideinspect.verify.probe.windows import WINDOWS

_STAYING: Final = ELEMENTWISE | WINDOWS | {
    "AveragePool", "BatchNormalization", "Concat", "DepthToSpace", "Dropout", "Flatten", "Gemm", "GlobalAveragePool",
    "GlobalMaxPool", "GroupNormalization", "InstanceNormalization", "LayerNormalization", "MatMul", "Pad",
    "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "Reshape", "Slice", "SpaceToDepth", "Split", "Squeeze",
    "Transpose", "Unsqueeze",
}  # fmt: skip


def stays(node: Operation, inputs: Sequence[Value | None]) -> bool:
    """Whether the node is such an operator; `inputs` are those that depend on the probed input, else None."""
    if node.kind not in _STAYING:
        return False
    if node.kind == "Pad":
        return str(node.attributes.get("mode", "constant")) == "constant"
    if node.kind == "Concat":
        live = [value for value in inputs if value is not None]
        return len(live) < 2 or not any(_along_positions(value, int(node.attributes["axis"])) for value in live)
    return True


def _along_positions(value: Value, axis: int) -> bool:
    return axis % len(value.shape) in value.roles.position_axes
