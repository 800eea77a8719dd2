"""Loop: the shapes that come out of a body that runs again and again, as onnxruntime runs it."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.parser
import pytest

from tests.model.inferring import inferred
from tests.oracle_runtime import random_feeds, session_of

Shape = tuple[int, ...]

CONSTANTS = "n = Constant <value_int = 3> () one = Constant <value_int = 1> () on = Cast <to = 9> (one)"
KEEP = "o = Relu (a) g = Identity (c)"
LOOPS: dict[str, tuple[str, str, Shape | None, Shape | None]] = {
    # how the loop is called, its body, the carried value's shape and that of what each turn leaves behind
    "kept": ("n, on, x", f"{KEEP} s = ReduceMax <keepdims = 0> (a)", (1, 2, 6, 6), (3,)),
    "kept by a window": (
        "n, on, x", "o = MaxPool <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (a) g = Identity (on) s = Neg (x)",
        (1, 2, 6, 6), (3, 1, 2, 6, 6),
    ),
    "without a condition": ("n, , x", f"{KEEP} s = Relu (x)", (1, 2, 6, 6), (3, 1, 2, 6, 6)),
    "shrinking": (
        "n, on, x", "o = MaxPool <kernel_shape = [2, 2]> (a) g = Identity (c) s = ReduceMax <keepdims = 0> (a)",
        None, None,
    ),
    "growing": (
        "n, on, x", "o = Concat <axis = 2> (a, x) g = Identity (c) s = ReduceMax <keepdims = 0> (x)", None, (3,),
    ),
    "for as long as the data want": (
        "n, on, x", ("o = Relu (a) m = ReduceMax <keepdims = 0> (a) z = Constant <value_float = 0.0> () "
        "g = Greater (m, z) s = ReduceMax <keepdims = 0> (a)"), (1, 2, 6, 6), None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("inputs", "body", "carried", "left"), LOOPS.values(), ids=LOOPS)
def test_shapes(inputs: str, body: str, carried: Shape | None, left: Shape | None) -> None:
    """Every shape that is known is onnxruntime's; what changes from turn to turn, and what the data decide, is not."""
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 18]>
    g (float[1,2,6,6] x) => (float[] y, float[] z) {{
        {CONSTANTS}
        y, z = Loop ({inputs}) <body = b (int64 i, bool c, float[] a) => (bool g, float[] o, float[] s) {{ {body} }}>
    }}""")
    found = inferred(model).shapes
    assert (found.get("y"), found.get("z")) == (carried, left)
    for shape, ran in zip((carried, left), session_of(model).run(["y", "z"], random_feeds(model)), strict=True):
        assert shape is None or np.shape(ran) == shape


def test_two_values_of_which_one_changes() -> None:
    """What is carried beside a value that grows keeps its shape only where it does not depend on that."""
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 18]>
    g (float[1,2,6,6] x) => (float[] y, float[] z) {{
        {CONSTANTS}
        y, z = Loop (n, on, x, x) <body = b (int64 i, bool c, float[] a, float[] k) => (bool g, float[] o, float[] p)
            {{ g = Identity (c) o = Concat <axis = 1> (a, x) p = Neg (k) }}>
    }}""")
    shapes = inferred(model).shapes
    assert "y" not in shapes
    assert shapes["z"] == (1, 2, 6, 6)
