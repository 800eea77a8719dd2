"""The sound models that are damaged: committed exports, and small graphs of what those have none of."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnx.parser
from onnx import numpy_helper

from tests.oracle_models import weights

SAMPLES = Path(__file__).parents[2] / "sample_models"

_TEXTS = {
    "choice": """(float[1,2,9,8] x, float[2,2,3,3] w) => (float[] y) {
        m = ReduceMean <keepdims = 0> (x) h = Constant <value_float = 0.1> () on = Greater (m, h)
        i = If (on) <
            then_branch = a () => (float[] t) { t = Conv <pads = [1,1,1,1]> (x, w) },
            else_branch = b () => (float[] e) { u = Relu (x) e = MaxPool <kernel_shape = [1,1]> (u) }>
        y = AveragePool <kernel_shape = [2,2], strides = [2,2], ceil_mode = 1> (i) }""",
    "loop": """(float[1,2,9,8] x, float[2,2,3,3] w) => (float[] y) {
        n = Constant <value_int = 3> () on = Cast <to = 9> (n)
        l, s = Loop (n, on, x) <body = b (int64 k, bool c, float[] a) => (bool g, float[] o, float[] p)
            { g = Identity (c) v = Conv <pads = [1,1,1,1]> (a, w) o = Add (v, x) p = ReduceMax <keepdims = 0> (o) }>
        y = MaxPool <kernel_shape = [3,3], strides = [2,2], auto_pad = "SAME_UPPER"> (l) }""",
    "scan": """(float[6,5] x) => (float[] y, float[] z) { s = Constant <value_floats = [0.0,0.0,0.0,0.0,0.0]> ()
        y, z = Scan <num_scan_inputs = 1, body = b (float[5] a, float[5] r) => (float[5] o, float[5] q)
            { o = Add (a, r) q = Identity (o) }> (s, x) }""",
    "arithmetic": """(float[N,2,h,9] x, float[2,1,3,3] w) => (float[] y) {
        s = Shape (x) two = Constant <value_int = 2> () h2 = Gather <axis = 0> (s, two)
        u = Unsqueeze (h2, nought) nought = Constant <value_ints = [0]> () k = Constant <value_ints = [1, -1]> ()
        sh = Concat <axis = 0> (k, u) c = Conv <group = 2, dilations = [2,1], pads = [2,1,2,1]> (x, w)
        sc = Constant <value_floats = [1.0,1.0,2.0,0.5]> () r = Resize <mode = "linear"> (c, , sc)
        y = Reshape (c, sh) z = DepthToSpace <blocksize = 1> (r) }""",
    "transposed": """(float[1,2,5,5] x, float[2,3,3,3] w) => (float[] y) {
        t = ConvTranspose <strides = [2,2], output_padding = [1,1], pads = [1,1,1,1]> (x, w)
        p = Pad <mode = "reflect", pads = [0,0,1,2,0,0,2,1]> (t) q = Transpose <perm = [0,2,3,1]> (p)
        st = Constant <value_ints = [1,0]> () en = Constant <value_ints = [9,99]> ()
        ax = Constant <value_ints = [1,2]> ()
        y = Slice (q, st, en, ax) }""",
    "attention": """(float[1,4,6] x, float[6,6] w) => (float[] y) {
        q = MatMul (x, w) k = MatMul (x, w) kt = Transpose <perm = [0,2,1]> (k) a = MatMul (q, kt)
        b = Softmax <axis = -1> (a) c = MatMul (b, x) d = CumSum (c, one) one = Constant <value_int = 1> ()
        e = Einsum <equation = "bij,bkj->bik"> (d, x) y = LayerNormalization (e, g) g = Constant <value_floats =
        [1.0,1.0,1.0,1.0]> () }""",
    "split": """(float[1,4,8,8] x) => (float[] y) {
        a, b = Split <axis = 1, num_outputs = 2> (x) p = GlobalAveragePool (a) s = Sigmoid (p) m = Mul (s, b)
        k = Constant <value_ints = [1,1,2,1]> () t = Tile (m, k) i = Constant <value_ints = [3,0,1]> ()
        g = Gather <axis = 2> (t, i) v, j = TopK <axis = 3> (g, three) three = Constant <value_ints = [3]> ()
        q = LpPool <kernel_shape = [2,2]> (v) y = Expand (q, e) e = Constant <value_ints = [2,2,2,2]> () }""",
}
_CALLS = """<ir_version: 8, opset_import: ["": 18, "local": 1]>
    g (float[1,2,9,8] x) => (float[] y) { a = local.twice <times = 2> (x) y = local.half (a) }
    <opset_import: ["": 18, "local": 1], domain: "local"> half (v) => (o)
    { o = MaxPool <kernel_shape = [2,2], strides = [2,2]> (v) }
    <opset_import: ["": 18, "local": 1], domain: "local"> twice <times> (v) => (o)
    { b = local.half (v) c = Relu (b) o = Identity (c) }"""


def sources(largest: int = 60_000) -> dict[str, bytes]:
    """Sound models by name, none of more than so many bytes."""
    found = {path.name: path.read_bytes() for path in sorted(SAMPLES.glob("*.onnx")) if path.stat().st_size <= largest}
    for name, text in _TEXTS.items():
        model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 18]> g {text}')
        _fill(model)
        found[name] = model.SerializeToString()
    found["calls"] = onnx.parser.parse_model(_CALLS).SerializeToString()
    return found


def _fill(model: onnx.ModelProto) -> None:
    """Turn the input called w into a weight."""
    for value in [value for value in model.graph.input if value.name == "w"]:
        shape = tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
        model.graph.initializer.append(numpy_helper.from_array(weights(shape), "w"))
        model.graph.input.remove(value)
