"""Every tensor's shape as onnxruntime runs it, shape arithmetic included, and reasons where there is none."""

from __future__ import annotations

import random

import numpy as np
import onnx
import pytest

from strideinspect.model.shapes import Trouble
from tests.graph_builder import REFUSED
from tests.model.inferring import inferred
from tests.oracle_models import Constant, model_of
from tests.oracle_runtime import random_feeds, run, session_of

IMAGE = {"x": (1, 4, 6, 10)}
NUMBERS: dict[str, Constant] = {
    "w": (4, 4, 3, 3), "table": (10, 7), "square": (4, 4), "half": [0.5], "one": [1], "two": [2], "minus": [-1],
    "zero": [0], "axes": [2, 3], "first": [1, 2], "last": [-1, 9], "steps": [2, 3], "pads": [0, 0, 1, 2, 0, 0, 3, -1],
    "repeats": [1, 2, 1, 3], "order": [2, 0, 0], "flat": [0, -1], "target": [2, 4, 6, 10], "pieces": [1, 3],
    "sizes": [1, 4, 9, 7], "scales": [1.0, 1.0, 2.5, 0.4], "block": [0, 0, 4, -1],
}  # fmt: skip

BODIES = {
    "elementwise and broadcasting": "a = Relu (x) b = Mul (a, half) y = Add (b, x)",
    "broadcast to more axes": "r = ReduceMean <keepdims = 0> (x, axes) u = Unsqueeze (r, axes) y = Where (mask, x, u)",
    "concat": "y = Concat <axis = -2> (x, x, x)",
    "transpose": "a = Transpose (x) y = Transpose <perm = [1, 3, 0, 2]> (a)",
    "reshape copies and fills": "y = Reshape (x, block)",
    "flatten": "y = Flatten <axis = 2> (x)",
    "flatten from the back": "y = Flatten <axis = -1> (x)",
    "squeeze and unsqueeze": "s = Squeeze (x, zero) y = Unsqueeze (s, two)",
    "slice with steps": "y = Slice (x, first, last, axes, steps)",
    "slice backwards": "y = Slice (x, last, first, axes, back)",
    "pad and crop": "y = Pad (x, pads)",
    "pad by reflection": 'y = Pad <mode = "reflect"> (x, pads)',
    "tile": "y = Tile (x, repeats)",
    "expand": "y = Expand (x, target)",
    "gather": "y = Gather <axis = 3> (x, order)",
    "split": "a, y = Split <axis = 1> (x, pieces)",
    "split evenly": "a, b, y = Split <axis = 2, num_outputs = 3> (x)",
    "split unevenly": "a, b, c, y = Split <axis = 3, num_outputs = 4> (x)",
    "space to depth": "y = SpaceToDepth <blocksize = 2> (x)",
    "depth to space": "y = DepthToSpace <blocksize = 2> (x)",
    "reductions": "a = ReduceMax (x, two) b = ReduceL2 <keepdims = 0> (x, minus) y = ReduceSum <keepdims = 0> (x)",
    "reduction over nothing": "y = ReduceMean <noop_with_empty_axes = 1> (x)",
    "arg max": "a = ArgMax <axis = 1, keepdims = 0> (x) y = Cast <to = 1> (a)",
    "matrix product": "y = MatMul (x, table)",
    "gemm": "f = Flatten (x) y = Gemm <transA = 1> (f, one_by_two)",
    "einsum": 'y = Einsum <equation = "nchw,cd->ndhw"> (x, square)',
    "normalisations": (
        "a = Softmax <axis = 1> (x) b = LayerNormalization <axis = 3> (a, ten) c = LRN <size = 3> (b) "
        "y = LpNormalization (c)"
    ),
    "group normalisation": "y = GroupNormalization <num_groups = 2> (x, pair, pair)",
    "mean variance normalisation": "y = MeanVarianceNormalization (x)",
    "cumulative sum": "y = CumSum (x, axis)",
    "top k": "y, i = TopK <axis = 2> (x, two)",
    "dropout": "y, m2 = Dropout (x)",
    "quantise": "q = QuantizeLinear (x, half) y = DequantizeLinear (q, half)",
    "convolution of several forms": (
        "a = Conv <strides = [2, 1], pads = [1, 1, 1, 1]> (x, w) "
        "y = ConvTranspose <strides = [2, 3], output_padding = [1, 2]> (a, w)"
    ),
    "pool with indices": "y, i = MaxPool <kernel_shape = [2, 3], strides = [2, 2], ceil_mode = 1> (x)",
    "size from the shape": "s = Shape (x) h = Slice (s, two, four) y = Expand (half, h)",
    "resize to another's size": (
        "p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) s = Shape (x) y = Resize (p, , , s)"
    ),
    "reshape by arithmetic": (
        "s = Shape (x) h = Gather <axis = 0> (s, two) n = Shape <start = 0, end = 1> (x) r = Mul (h, two) "
        "d = Div (r, four) t = Concat <axis = 0> (n, d, minus) y = Reshape (x, t)"
    ),
    "padding by arithmetic": (
        "s = Shape <start = 2> (x) m = Mod (s, four) z = Sub (four, m) p = Concat <axis = 0> (none, z) y = Pad (x, p)"
    ),
    "weight behind an identity": "i = Identity (w) y = Conv (x, i)",
    "weight by its shape": "s = Constant <value_ints = [2, 4, 3, 5]> () v = ConstantOfShape (s) y = Conv (x, v)",
    "weight dequantised": "q = QuantizeLinear (w, half) v = DequantizeLinear (q, half) y = Conv (x, v)",
}  # fmt: skip
MORE: dict[str, Constant] = {
    **NUMBERS, "back": [-2, -3], "four": [4], "none": [0, 0, 0, 0, 0, 0], "ten": (10,), "pair": [1.0, 2.0],
    "one_by_two": (1, 2), "axis": np.array(3, np.int64), "mask": np.ones((1, 1, 6, 10), bool),
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_operators(body: str) -> None:
    """The shape of every tensor on the way is the one that onnxruntime runs."""
    model = model_of(body, IMAGE, constants={name: MORE[name] for name in MORE if name in body})
    ran = run(model).values
    shapes = inferred(model)
    assert shapes.problems == []
    assert {name: shapes.shapes.get(name) for name in ran} == {name: value.shape for name, value in ran.items()}


@pytest.mark.parametrize("frame", ["w", "n"])
@pytest.mark.parametrize("onesided", ["", "<onesided = 0>", "<onesided = 1>"])
def test_frames_of_a_short_time_transform(onesided: str, frame: str) -> None:
    """(40 − 9) / 4 + 1 = 8 frames; of 9 frequencies 9 / 2 + 1 = 5 by default, which the ONNX library does not know."""
    constants: dict[str, Constant] = {"s": np.array(4), "n": np.array(9), "w": np.ones(9, np.float32)}
    inputs = "x, s, w" if frame == "w" else "x, s, , n"
    model = model_of(f"y = STFT {onesided} ({inputs})", {"x": (2, 40, 1)}, constants=constants)
    assert run(model).values["y"].shape == (2, 8, 9 if "0" in onesided else 5, 2)
    assert inferred(model).shapes["y"] == (2, 8, 9 if "0" in onesided else 5, 2)


def upsample(opset: int, draw: random.Random) -> onnx.ModelProto:
    """An Upsample, or the first Resize, of two axes: scales as an attribute, later as an input."""
    lengths, scales = drawn_scales(draw)
    kind = f'mode = "{draw.choice(["nearest", "linear"])}"'
    if opset < 9:
        return model_of(f"y = Upsample <{kind}, scales = {[1.0, 1.0, *scales]}> (x)", {"x": (1, 1, *lengths)}, opset)
    op = "Upsample" if opset < 10 else "Resize"
    return model_of(f"y = {op} <{kind}> (x, s)", {"x": (1, 1, *lengths)}, opset, {"s": [1.0, 1.0, *scales]})


def drawn_scales(draw: random.Random) -> tuple[list[int], list[float]]:
    """Two lengths and two scales, round ones and others."""
    lengths = [draw.randint(1, 40), draw.randint(1, 40)]
    return lengths, [
        draw.choice([0.5, 2.0, 3.0, round(draw.uniform(0.2, 4), 2), draw.uniform(0.2, 4)]) for _ in lengths
    ]


def resize(opset: int, draw: random.Random) -> onnx.ModelProto:
    """A Resize of two axes by sizes or scales, over all axes or its own."""
    lengths, scales = drawn_scales(draw)
    coordinates = ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "tf_crop_and_resize"]
    coordinates += ["half_pixel_symmetric"] if opset >= 19 else []
    attributes = [f'mode = "{draw.choice(["nearest", "linear", "cubic"])}"']
    attributes.append(f'coordinate_transformation_mode = "{draw.choice(coordinates)}"')
    sizes = [draw.randint(1, 60), draw.randint(1, 60)] if draw.random() < 0.4 else []
    roi = [0.25, 0.1, 0.75, 0.9]
    if opset >= 18 and draw.random() < 0.5:
        attributes.append("axes = [2, 3]")
        if sizes:  # over batch and channels no ratio could be kept
            attributes.append(f'keep_aspect_ratio_policy = "{draw.choice(["stretch", "not_larger", "not_smaller"])}"')
        constants: dict[str, Constant] = {"roi": roi, "s": sizes or scales}
    else:
        constants = {
            "roi": [0.0, 0.0, *roi[:2], 1.0, 1.0, *roi[2:]],
            "s": [1, 1, *sizes] if sizes else [1.0, 1.0, *scales],
        }
    given = "x, roi, , s" if sizes else "x, roi, s"
    return model_of(f"y = Resize <{', '.join(attributes)}> ({given})", {"x": (1, 1, *lengths)}, opset, constants)


@pytest.mark.parametrize("opset", [7, 8, 9, 10, 11, 12, 13, 17, 18, 19, 22])
def test_resizing(opset: int) -> None:
    """Forty resizings for each spelling: the size is onnxruntime's, rounding of its single precision included."""
    draw = random.Random(opset)  # noqa: S311  # reproducible, not secret
    ran = 0
    for _ in range(40):
        model = resize(opset, draw) if opset > 10 else upsample(opset, draw)
        try:
            (output,) = session_of(model).run(None, random_feeds(model))
        except REFUSED:
            continue  # an empty map, or scales below 1 in Upsample
        ran += 1
        assert inferred(model).shapes["y"] == output.shape, model
    assert ran >= 12


@pytest.mark.parametrize(("length", "scale", "size"), [
    (10, 2.3, 23),  # 2.3 is 2.29999995… in single precision, and 10 · that rounds back to 23
    (5, 0.5, 2),
    (7, 1.5, 10),
    (3, 0.4, 1),
])  # fmt: skip
def test_resizing_rounds_in_single_precision(length: int, scale: float, size: int) -> None:
    """The size is the floor of a product of two single-precision numbers, as onnxruntime computes it."""
    constants: dict[str, Constant] = {"s": [1.0, 1.0, scale]}
    model = model_of("y = Resize (x, , s)", {"x": (1, 1, length)}, 13, constants)
    assert run(model).values["y"].shape == (1, 1, size)
    assert inferred(model).shapes["y"] == (1, 1, size)


RANGES = [(1, 7), (-3, 100), (-100, 5), (-(2**31), 2**63 - 1), (0, -1), (7, 3), (20, 30), (-1, -(2**31))]


@pytest.mark.parametrize("opset", [7, 9, 10, 13])
@pytest.mark.parametrize(("start", "end"), RANGES)
def test_ranges_that_reach_beyond_the_axis(start: int, end: int, opset: int) -> None:
    """A Slice of a map, and of the shape of another, whose range is cut to the axis: as onnxruntime runs it."""
    given = {"s": [start], "e": [end], "a": [0]} if opset >= 10 else {}
    how = f"<starts = [{start}], ends = [{end}], axes = [0]> (" if opset < 10 else " ("
    rest = ", s, e, a)" if opset >= 10 else ")"
    body = (
        f"t = Transpose (x) y = Slice {how}t{rest} "
        f"n = Shape (x) part = Slice {how}n{rest} c = ConstantOfShape (part) z = ReduceSum <keepdims = 1> (c)"
    )
    model = model_of(body if opset >= 9 else body.partition(" n = ")[0], {"x": (2, 3, 12)}, opset, given)
    ran = run(model).values
    shapes = inferred(model)
    assert shapes.problems == []
    assert {name: shapes.shapes.get(name) for name in ran} == {name: value.shape for name, value in ran.items()}


def test_a_target_shape_in_another_file() -> None:
    """Sizes that are stored beside the model are not read; they are said to be there, and not computed."""
    model = model_of("y = Reshape (x, s)", IMAGE, 17, {"s": [1, 4, 60]})
    stored = next(tensor for tensor in model.graph.initializer if tensor.name == "s")
    stored.CopyFrom(onnx.TensorProto(name="s", dims=[3], data_type=onnx.TensorProto.INT64))
    stored.data_location = onnx.TensorProto.EXTERNAL
    stored.external_data.add(key="location", value="sizes.bin")
    assert "'s' (shape) is in another file" in inferred(model).unknown["y"]


def test_a_normalisation_that_is_older_than_the_standard() -> None:
    """LayerNormalization came with opset 17, but onnxruntime fuses it in models of any operator set, and runs it."""
    model = onnx.parser.parse_model(
        """<ir_version: 8, opset_import: ["": 13]> g (float[2,5] x) => (float[2,5] y)
        <float[5] s = {1, 1, 1, 1, 1}> { n = LayerNormalization (x, s) y = Relu (n) }"""
    )
    assert run(model).values["y"].shape == (2, 5)
    assert inferred(model).shapes["n"] == (2, 5)


TROUBLES = {
    "merge": ("a = MaxPool <kernel_shape = [2, 2]> (x) y = Add (a, x)", Trouble.MERGE, "1×4×5×9 and 1×4×6×10"),
    "joined": (
        "a = MaxPool <kernel_shape = [2, 2]> (x) y = Concat <axis = 1> (a, x)", Trouble.MERGE, "along axis 1",
    ),
    "reshape": ("y = Reshape (x, sizes)", Trouble.HEAD, "reshapes 1×4×6×10 (240 values) to 1×4×9×7"),
    "reshape that does not divide": ("y = Reshape (x, sevenths)", Trouble.HEAD, "(240 values) to 7×-1"),
    "matrix product": ("y = MatMul (x, square)", Trouble.HEAD, ""),
    "window": (
        "y = MaxPool <kernel_shape = [9, 3]> (x)", Trouble.EMPTY, "spans 9×3 indices, the padded map has only 6×10",
    ),
    "crop": ("y = Pad (x, crop)", Trouble.EMPTY, "negative size"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "trouble", "text"), TROUBLES.values(), ids=TROUBLES)
def test_troubles(body: str, trouble: Trouble, text: str) -> None:
    """What cannot run is sorted by its kind, told in numbers, and refused by onnxruntime as well."""
    constants: dict[str, Constant] = {**NUMBERS, "sevenths": [7, -1], "crop": [0, 0, -4, 0, 0, 0, -4, 0]}
    model = model_of(f"{body} z = Relu (y)", IMAGE, constants=constants, outputs=("z",))
    shapes = inferred(model)
    (problem,) = shapes.problems
    assert (problem.trouble, problem.node.key) == (trouble, "y")
    assert text in problem.text
    assert {"y", "z"} <= shapes.unknown.keys()  # what lies behind is not known, for this reason
    assert "y" in shapes.unknown["z"]
    with pytest.raises(REFUSED):
        run(model)


UNKNOWN = {
    "places of what is not zero": "n = NonZero (x) y = Abs (n)",
    "an operator of nobody's": "n = com.example.Smooth (x) y = Relu (n)",
    "sizes by the image": (
        "m = ReduceMax <keepdims = 0> (x) c = Cast <to = 7> (m) u = Unsqueeze (c, zero) n = ConstantOfShape (u) "
        "y = Relu (n)"
    ),
}  # fmt: skip


@pytest.mark.parametrize("body", UNKNOWN.values(), ids=UNKNOWN)
def test_sizes_that_depend_on_the_data(body: str) -> None:
    """A size that only the values of the image tell is unknown with a reason that names the node, and no trouble."""
    model = model_of(body, IMAGE, constants={"zero": [0]})
    model.opset_import.append(onnx.helper.make_opsetid("com.example", 1))
    shapes = inferred(model)
    assert shapes.problems == []
    assert "y" not in shapes.shapes
    assert "'n'" in shapes.unknown["y"]


def test_declared_shape_of_an_unknown_operator_holds_at_the_declared_size() -> None:
    """What the file says behind an operator of nobody's is believed, but not at another size."""
    text = """<ir_version: 8, opset_import: ["": 18, "com.example": 1]>
    g (float[1,1,8,8] x) => (float[1,1,8,8] y) <float[1,1,8,8] s> { s = com.example.Smooth (x) y = Relu (s) }"""
    assert inferred(text).shapes["y"] == (1, 1, 8, 8)
    assert "y" not in inferred(text, {"x": (1, 1, 10, 10)}).shapes
