"""Every operator with a gradient, held against onnxruntime's outputs when one element of the input moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from strideinspect.gradients.engine import TargetCell
from strideinspect.gradients.gradient_rules import rules
from strideinspect.gradients.reverse import RefusedError
from tests.gradients.running import moved_at, reversed_at
from tests.oracle_models import Constant, model_of
from tests.some_slow import repeating, some_slow

SHAPE = (1, 4, 7, 8)
EMPTY = np.zeros(0, np.float32)
RESIZE = "y = Resize <{}> (x, roi, scales)"
SCALES: dict[str, Constant] = {"roi": EMPTY, "scales": [1.0, 1.0, 2.0, 1.5]}
SIZES: dict[str, Constant] = {"sizes": np.array([1, 4, 5, 11])}
QUANTISED: dict[str, Constant] = {"s": np.array(0.05, np.float32), "z": np.array(3, np.uint8)}
INTEGERS: dict[str, Constant] = {
    "s": np.array(0.05, np.float32), "t": np.array(0.5, np.float32), "z": np.array(120, np.uint8),
}  # fmt: skip
"""Of operators on quantised tensors: a zero point in the middle, so that both signs have room."""
ROWS: dict[str, Constant] = {"m": np.random.default_rng(1).standard_normal((8, 5)).astype(np.float32)}

CASES: dict[str, tuple[str, dict[str, Constant]]] = {
    "Conv": (
        "y = Conv <pads = [1, 0, 2, 1], strides = [2, 1], dilations = [1, 2]> (x, w, b)",
        {"w": (3, 4, 3, 2), "b": [1.0, 2.0, 3.0]},
    ),
    "Conv grouped": ("y = Conv <group = 2, strides = [3, 2]> (x, w)", {"w": (6, 2, 3, 3)}),
    "Conv depthwise": ("y = Conv <group = 4, pads = [0, 0, 1, 1], strides = [2, 2]> (x, w)", {"w": (4, 1, 3, 3)}),
    "Conv SAME_UPPER": ('y = Conv <auto_pad = "SAME_UPPER", strides = [2, 2]> (x, w)', {"w": (2, 4, 3, 4)}),
    "Conv SAME_LOWER": ('y = Conv <auto_pad = "SAME_LOWER", strides = [2, 3]> (x, w)', {"w": (2, 4, 4, 4)}),
    "Conv VALID": ('y = Conv <auto_pad = "VALID", strides = [2, 2]> (x, w)', {"w": (2, 4, 2, 2)}),
    "Conv SAME that crops": ('y = Conv <auto_pad = "SAME_UPPER", strides = [4, 4]> (x, w)', {"w": (2, 4, 1, 1)}),
    "ConvTranspose": (
        "y = ConvTranspose <strides = [2, 3], pads = [1, 0, 0, 2], output_padding = [1, 0]> (x, w)",
        {"w": (4, 2, 3, 3)},
    ),
    "ConvTranspose SAME": ('y = ConvTranspose <strides = [2, 2], auto_pad = "SAME_UPPER"> (x, w)', {"w": (4, 2, 3, 3)}),
    "ConvTranspose output_shape": (
        "y = ConvTranspose <strides = [2, 2], output_shape = [13, 17]> (x, w)",
        {"w": (4, 2, 3, 3)},
    ),
    "ConvTranspose grouped": (
        "y = ConvTranspose <group = 2, dilations = [2, 1]> (x, w, b)",
        {"w": (4, 3, 2, 2), "b": [1.0] * 6},
    ),
    "MaxPool": ("y = MaxPool <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 0, 0, 1]> (x)", {}),
    "MaxPool up": ("y = MaxPool <kernel_shape = [2, 3], strides = [2, 3], ceil_mode = 1> (x)", {}),
    "MaxPool SAME": ('y = MaxPool <kernel_shape = [3, 3], strides = [2, 2], auto_pad = "SAME_UPPER"> (x)', {}),
    "MaxPool dilated": ("y = MaxPool <kernel_shape = [2, 2], dilations = [2, 3]> (x)", {}),
    "AveragePool": ("y = AveragePool <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (x)", {}),
    "AveragePool padding counted": (
        "y = AveragePool <kernel_shape = [3, 3], pads = [1, 0, 2, 1], count_include_pad = 1> (x)",
        {},
    ),
    "AveragePool up": ("y = AveragePool <kernel_shape = [2, 3], strides = [2, 3], ceil_mode = 1> (x)", {}),
    "AveragePool SAME": ('y = AveragePool <kernel_shape = [2, 3], strides = [2, 2], auto_pad = "SAME_LOWER"> (x)', {}),
    "GlobalAveragePool": ("g = GlobalAveragePool (x) y = Mul (x, g)", {}),
    "GlobalMaxPool": ("g = GlobalMaxPool (x) y = Add (x, g)", {}),
    "BatchNormalization": ("y = BatchNormalization (x, a, b, b, a)", {"a": (4,), "b": [1.0, 2.0, 3.0, 4.0]}),
    "InstanceNormalization": ("y = InstanceNormalization (x, a, b)", {"a": [1.0, 2.0, 3.0, 4.0], "b": (4,)}),
    "LayerNormalization": (
        "y = LayerNormalization <axis = 2> (x, a)",
        {"a": np.linspace(1, 2, 56, dtype=np.float32).reshape(7, 8)},
    ),
    **{op: (f"y = {op} <axis = 2, epsilon = 0.1> (x, a)", {"a": np.linspace(1, 2, 56, dtype=np.float32).reshape(7, 8)})
       for op in ("RMSNormalization", "SimplifiedLayerNormalization")},
    "GroupNormalization": ("y = GroupNormalization <num_groups = 2> (x, a, b)", {"a": [1.0, 2.0], "b": [1.0, 2.0]}),
    "LRN": ("y = LRN <size = 3, alpha = 0.9, beta = 0.6> (x)", {}),
    "MatMul": ("a = MatMul (x, m) b = Transpose <perm = [0, 1, 3, 2]> (a) y = MatMul (b, x)", ROWS),
    "MatMul of a vector": ("a = MatMul (x, v) y = Unsqueeze (a, last)", {"v": (8,), "last": [3]}),
    "Gemm": ("a = Reshape (x, s) b = Gemm <transB = 1, alpha = 2.0> (a, m, c) y = Reshape (b, back)",
             {"s": [28, 8], "m": (5, 8), "c": [1.0] * 5, "back": [1, 4, 7, 5]}),
    "Gemm transposed": ("a = Reshape (x, s) b = Gemm <transA = 1> (a, m) y = Reshape (b, back)",
                        {"s": [28, 8], "m": (28, 7), "back": [1, 1, 8, 7]}),
    "Einsum": ('y = Einsum <equation = "nchw,wd->nchd"> (x, m)', ROWS),
    "Slice": ("y = Slice (x, a, b, axes, steps)", {"a": [1, 0], "b": [7, 8], "axes": [2, 3], "steps": [2, 3]}),
    "Slice backwards": (
        "y = Slice (x, a, b, axes, steps)",
        {"a": [-1, 6], "b": [-100, 1], "axes": [2, 3], "steps": [-1, -2]},
    ),
    "Gather": ("y = Gather <axis = 3> (x, i)", {"i": [0, -1, 3, 3, 2]}),
    "Split": ("a, b = Split <axis = 1> (x, s) y = Mul (a, a)", {"s": [1, 3]}),
    "Concat": ("n = Neg (x) y = Concat <axis = 3> (n, x, c)", {"c": (1, 4, 7, 2)}),
    "Pad": ("y = Pad (x, p)", {"p": [0, 0, 1, -1, 0, 0, -2, 3]}),
    "Pad reflect": ('y = Pad <mode = "reflect"> (x, p)', {"p": [0, 0, 3, 1, 0, 0, 2, 4]}),
    "Pad edge": ('y = Pad <mode = "edge"> (x, p)', {"p": [0, 0, 3, 0, 0, 0, 0, 2]}),
    "Pad wrap": ('y = Pad <mode = "wrap"> (x, p)', {"p": [0, 0, 2, 1, 0, 0, 1, 3]}),
    "Tile": ("y = Tile (x, r)", {"r": [1, 2, 1, 3]}),
    "Expand": ("a = ReduceMean <keepdims = 1> (x, axes) y = Expand (a, s)", {"axes": [3], "s": [1, 4, 7, 6]}),
    "Transpose": ("y = Transpose <perm = [0, 2, 3, 1]> (x)", {}),
    "SpaceToDepth": ("p = Pad (x, e) y = SpaceToDepth <blocksize = 2> (p)", {"e": [0, 0, 0, 0, 0, 0, 1, 0]}),
    "DepthToSpace": ("y = DepthToSpace <blocksize = 2> (x)", {}),
    "DepthToSpace CRD": ('y = DepthToSpace <blocksize = 2, mode = "CRD"> (x)', {}),
    "Resize nearest": (
        RESIZE.format('mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"'),
        SCALES,
    ),
    "Resize linear": (RESIZE.format('mode = "linear"'), SCALES),
    "Resize cubic": (RESIZE.format('mode = "cubic", coordinate_transformation_mode = "align_corners"'), SCALES),
    "Resize to sizes": (
        'y = Resize <mode = "linear", coordinate_transformation_mode = "pytorch_half_pixel"> (x, , , sizes)',
        SIZES,
    ),
    "Resize smoothed": (
        'y = Resize <mode = "linear", antialias = 1> (x, , , sizes)',
        {"sizes": np.array([1, 4, 3, 4])},
    ),
    "ReduceSum": ("a = ReduceSum <keepdims = 0> (x, axes) y = Unsqueeze (a, axes)", {"axes": [1]}),
    "ReduceMax": ("a = ReduceMax <keepdims = 1> (x, axes) y = Sub (x, a)", {"axes": [2]}),
    "ReduceMin": ("a = ReduceMin <keepdims = 0> (x, axes) y = Unsqueeze (a, axes)", {"axes": [1]}),
    "ReduceL1": ("y = ReduceL1 (x, axes)", {"axes": [1]}),
    "ReduceL2": ("y = ReduceL2 (x, axes)", {"axes": [1]}),
    "ReduceSumSquare": ("y = ReduceSumSquare (x, axes)", {"axes": [3]}),
    "LpNormalization": ("y = LpNormalization <axis = 3> (x)", {}),
    "Softmax": ("y = Softmax <axis = 3> (x)", {}),
    "LogSoftmax": ("y = LogSoftmax <axis = 1> (x)", {}),
    "Div": ("e = Exp (x) y = Div (x, e)", {}),
    "Pow": ("e = Exp (x) y = Pow (e, p)", {"p": [1.5]}),
    "Max": ("n = Neg (x) y = Max (x, n, c)", {"c": [0.2]}),
    "Min": ("y = Min (x, c)", {"c": [0.2]}),
    "Mean": ("y = Mean (x, c, x)", {"c": [1.0]}),
    "Sum": ("y = Sum (x, c, x)", {"c": [1.0]}),
    "Where": ("g = Greater (x, c) y = Where (g, x, c)", {"c": [0.2]}),
    "Clip": ("y = Clip (x, a, b)", {"a": np.array(-0.5, np.float32), "b": np.array(0.7, np.float32)}),
    "PRelu": ("y = PRelu (x, a)", {"a": (4, 1, 1)}),
    "Dropout": ("d = Dropout (x) s = Squeeze (d, first) u = Unsqueeze (s, first) f = Flatten (u) y = Reshape (f, back)",
                {"first": [0], "back": [1, 4, 7, 8]}),
    "QuantizeLinear": ("q = QuantizeLinear (x, s, z) y = DequantizeLinear (q, s, z)", QUANTISED),
    "QLinearConv": (
        ("q = QuantizeLinear (x, s, z) "
         "r = QLinearConv <pads = [1, 0, 0, 1], strides = [2, 1]> (q, s, z, w, ws, wz, t, z) "
         "y = DequantizeLinear (r, t, z)"),
        {**INTEGERS, "w": np.arange(72, dtype=np.uint8).reshape(2, 4, 3, 3), "ws": [0.01, 0.02],
         "wz": np.array([3, 9], np.uint8)},
    ),
    "QLinearMatMul": (
        "q = QuantizeLinear (x, s, z) r = QLinearMatMul (q, s, z, m, s, z, t, z) y = DequantizeLinear (r, t, z)",
        INTEGERS | {"m": np.arange(40, dtype=np.uint8).reshape(8, 5)},
    ),
    **{op: (f"y = {op} (x)", {}) for op in (
        "Abs", "Celu", "Cos", "Elu", "Erf", "Exp", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Mish", "Neg",
        "Relu", "Selu", "Sigmoid", "Sin", "Softplus", "Softsign", "Tanh",
    )},
    "Swish": ("y = Swish <alpha = 1.5> (x)", {}),
    "ThresholdedRelu": ("y = ThresholdedRelu <alpha = 0.2> (x)", {}),
    **{op: (f"e = Exp (x) y = {op} (e)", {}) for op in ("Log", "Reciprocal", "Sqrt")},
}  # fmt: skip

OPSETS = {"GroupNormalization": 20, "RMSNormalization": 23, "Swish": 24}
"""Operator sets of cases that 18 does not have, or not in this form."""

ELSEWHERE = {
    "Cast": "test_against_autograd.py, in exported models",
    "CastLike": "as Cast",
    "Ceil": "refused, below",
    "Floor": "refused, below",
    "Gelu": "below, which needs operator set 20",
    "If": "refused",
    "Loop": "refused",
    "QuickGelu": "below, of another domain",
    **dict.fromkeys(["QLinearAdd", "QLinearGlobalAveragePool", "QLinearMul"], "below, of another domain"),
    "Round": "refused, below",
    "Scan": "refused",
    "SequenceMap": "refused",
    "Sign": "refused, below",
    **dict.fromkeys(
        ["Add", "DequantizeLinear", "Flatten", "Mul", "ReduceMean", "Reshape", "Squeeze", "Sub", "Unsqueeze"],
        "inside other cases",
    ),
    "Upsample": "below, of an old operator set",
}
"""Operators that no case is named after, and where they are tested, or why not."""


def compared(model: onnx.ModelProto, tmp_path: Path) -> None:
    """The reverse graph gives what onnxruntime shows, and agrees with the forward derivative."""
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    x = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    operators = " ".join(node.op_type for node in model.graph.node)
    quantised = "QuantizeLinear" in operators
    # A step of 0.5 is ten whole steps of quantisation, which saturates below -0.15.
    if "QLinear" in operators:
        step = 2.0  # 40 steps of the input, at least four of the result
    elif quantised:
        x, step = x + np.float32(4 * np.sign(x)), 0.5
    else:
        step = 2e-3
    rank = len(onnx.shape_inference.infer_shapes(model).graph.output[0].type.tensor_type.shape.dim) or 4
    cell = (
        TargetCell((2, 3), (0, 0) if "GlobalAveragePool" in operators else (1, 0)) if rank == 4 else TargetCell((), ())
    )
    found = reversed_at(path, x, cell)
    expected = moved_at(path, x, cell, step)
    size = float(np.abs(expected).max())
    assert size > 0
    # Results of operators on quantised tensors are rounded, too: to half a step of many.
    assert np.abs(found.gradients["x"] - expected).max() < (0.2 if "QLinear" in operators else 5e-3) * size
    assert found.everywhere < 1e-5


@pytest.mark.parametrize("case", some_slow(CASES, repeating({name: body for name, (body, _) in CASES.items()})))
def test_the_gradient_is_what_onnxruntime_shows(case: str, tmp_path: Path) -> None:
    """Each element of the input is moved by a small step, up and down."""
    body, constants = CASES[case]
    compared(model_of(body, {"x": SHAPE}, opset=OPSETS.get(case, 18), constants=constants), tmp_path)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu(approximate: str, tmp_path: Path) -> None:
    """Both forms of it, as an operator of its own."""
    compared(model_of(f'y = Gelu <approximate = "{approximate}"> (x)', {"x": SHAPE}, opset=20), tmp_path)


@pytest.mark.parametrize(
    ("body", "scale"),
    [
        ("y = com.microsoft.QuickGelu <alpha = 1.702> (x)", ""),
        ("r = com.microsoft.QLinearAdd (q, s, z, q, s, z, t, z)", "t"),
        ("r = com.microsoft.QLinearMul (q, s, z, c, s, z, t, z)", "t"),
        ("r = com.microsoft.QLinearGlobalAveragePool <channels_last = 0> (q, s, z, fine, z)", "fine"),
    ],
)
def test_operators_of_onnxruntime(body: str, scale: str, tmp_path: Path) -> None:
    """QuickGelu, to which onnxruntime's tools fuse x·sigmoid(1.702·x), and operators on quantised tensors."""
    if scale:
        body = f"q = QuantizeLinear (x, s, z) {body} y = DequantizeLinear (r, {scale}, z)"
    constants = {**INTEGERS, "c": np.array(90, np.uint8), "fine": np.array(0.02, np.float32)} if scale else {}
    model = model_of(body, {"x": SHAPE}, opset=18, constants=constants)
    model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    compared(model, tmp_path)


@pytest.mark.parametrize("opset", [7, 9])
def test_upsample_of_old_operator_sets(opset: int, tmp_path: Path) -> None:
    """Scales are an attribute in version 7 and an input in version 9."""
    scales = [1.0, 1.0, 2.0, 3.0]
    body = 'y = Upsample <mode = "nearest", scales = [1.0, 1.0, 2.0, 3.0]> (x)' if opset == 7 else "y = Upsample (x, s)"
    compared(model_of(body, {"x": SHAPE}, opset=opset, constants={"s": scales} if opset == 9 else {}), tmp_path)


@pytest.mark.parametrize("opset", [7, 10, 11, 12])
def test_softmax_over_several_axes(opset: int, tmp_path: Path) -> None:
    """Before version 13, all axes from the given one on are one."""
    compared(model_of("y = Softmax <axis = 2> (x)", {"x": SHAPE}, opset=opset), tmp_path)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("y = Floor (x)", "Floor 'y': its slope is zero wherever it has one"),
        ("y = CumSum (x, i)", "CumSum 'y': the gradient of operator CumSum is not known"),
        ("a = Conv (x, w) b = Slice (a, s, e) y = Conv (x, b)", "Conv 'y': its weights depend on the input"),
        (
            (
                "s = ReduceSum <keepdims = 0> (x) c = Cast <to = 9> (s) y = If (c) "
                "<then_branch = t () => (float[1,4,7,8] a) { a = Relu (x) }, "
                "else_branch = f () => (float[1,4,7,8] b) { b = Neg (x) }>"
            ),
            "If 'y': which of its branches runs depends on the data",
        ),
        ("g = Sigmoid (x) y = Pow (x, g)", "Pow 'y': its exponent depends on the input"),
        ('y = Einsum <equation = "nchw,wd->nch"> (x, m)', "sums an index of one operand alone"),
    ],
)
def test_a_node_without_a_gradient_is_refused(body: str, reason: str, tmp_path: Path) -> None:
    """The node is named, with the reason."""
    path = tmp_path / "model.onnx"
    constants: dict[str, Constant] = {"i": [1], "w": (4, 4, 1, 1), "s": [0, 0, 0, 0], "e": [1, 4, 3, 3], "m": (8, 5)}
    used = {name: value for name, value in constants.items() if f" {name}" in body}
    onnx.save(model_of(body, {"x": SHAPE}, constants=used), path)
    with pytest.raises(RefusedError, match=reason):
        reversed_at(path, np.zeros(SHAPE, np.float32), TargetCell((2, 3), (0, 0)))


def test_every_operator_with_a_gradient_has_a_case() -> None:
    """A new rule without a case fails here."""
    tested = {name.split()[0] for name in CASES} | ELSEWHERE.keys()
    assert (
        sorted(
            {op for _, op in rules()}
            - tested
            - {"DequantizeLinear", "Reshape", "Squeeze", "Flatten", "Add", "Sub", "Mul", "ReduceMean"}
        )
        == []
    )
