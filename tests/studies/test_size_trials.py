"""Sizes that the file leaves open: where they are from, and that nobody is failed for one of our own choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx
import onnx.parser
import pytest

from strideinspect import Severity, Verdict
from strideinspect.results.one_cause import places_of
from strideinspect.settings import Settings
from tests.rules.inspecting import grave, inspected, of_rule

OPSET = '<ir_version: 8, opset_import: ["": 17]>'
CONV = "<float[1,1,3,3] w = {1,1,1,1,1,1,1,1,1}>"


def model(
    inputs: str,
    body: str,
    *,
    initializers: str = "",
    output: str = "float[] y",
    metadata: Mapping[str, str] | None = None,
) -> onnx.ModelProto:
    """A model from text, with entries of metadata."""
    built = onnx.parser.parse_model(f"{OPSET} g ({inputs}) => ({output}) {initializers} {{ {body} }}")
    onnx.helper.set_model_props(built, dict(metadata or {}))
    return built


POOLED = model(  # the height is 48 or 49: halved it is 24, which the pool reduces to the 1 that Squeeze removes
    "float[N,1,h,width] x",
    "a = Conv <pads = [1,1,1,1], strides = [2,2]> (x, w) p = AveragePool <kernel_shape = [24,1], strides = [24,1]> (a) "
    "y = Squeeze (p, axis)",
    initializers="<float[1,1,3,3] w = {1,1,1,1,1,1,1,1,1}, int64[1] axis = {2}>",
)
RECURRENT = model(
    "float[batch,1,time] x, float[1,b,2] h",
    "c = Identity (x) t = Transpose <perm = [2,0,1]> (c) y, yh, yc = LSTM <hidden_size = 2> (t, W, R, , , h, h)",
    initializers="<float[1,8,1] W = {1,1,1,1,1,1,1,1}, float[1,8,2] R = {1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1}>",
)
FEATURES = model(  # the weight has six columns: onnxruntime refuses any other number of features
    "float[t,1,k] x", "y = LSTM <hidden_size = 1> (x, W, R)",
    initializers=f"<float[1,4,6] W = {{{','.join(['1'] * 24)}}}, float[1,4,1] R = {{1,1,1,1}}>",
)  # fmt: skip
DETECTOR = model("float[N,1,h,width] x", "y = Conv (x, w)", initializers=CONV, metadata={"imgsz": "[320, 416]"})
KERNEL = model("float[1,3,32,32] x, float[4,3,KH,KW] w", 'y = Conv <auto_pad = "SAME_UPPER"> (x, w)')
DECLARED = model(  # the output is declared 40 rows high, at stride 4
    "float[N,1,h,width] x", "a = MaxPool <kernel_shape = [4,4], strides = [4,4]> (x) y = Relu (a)",
    output="float[N,1,40,40] y",
)  # fmt: skip
LINE = model(  # text lines: 48 rows become the 3 that the Reshape wants
    "float[N,1,h,width] x",
    "a = MaxPool <kernel_shape = [16,16], strides = [16,16]> (x) y = Reshape (a, s)",
    initializers="<int64[3] s = {1, 3, 20}>",
)
CHOICES: dict[str, tuple[onnx.ModelProto, dict[str, tuple[int, ...]], dict[str, tuple[str, ...]]]] = {
    # model, shapes, where the size of each open axis is from
    "a usual height of a text line": (POOLED, {"x": (1, 1, 48, 320)}, {"x": ("tried", "tried")}),
    "the first that is usual": (
        model("float[N,1,h,width] x", "y = Conv (x, w)", initializers=CONV),
        {"x": (1, 1, 224, 224)}, {"x": ("tried", "tried")},
    ),
    "the exporter's": (DETECTOR, {"x": (1, 1, 320, 416)}, {"x": ("metadata", "metadata")}),
    "the batch of a state": (RECURRENT, {"x": (1, 1, 4096), "h": (1, 1, 2)}, {"x": ("tried",), "h": ("state",)}),
    "a kernel": (KERNEL, {"x": (1, 3, 32, 32), "w": (4, 3, 3, 3)}, {"x": (), "w": ("tried", "tried")}),
    "another declared shape": (DECLARED, {"x": (1, 1, 160, 160)}, {"x": ("declared", "declared")}),
    "what a Reshape asks for": (LINE, {"x": (1, 1, 48, 320)}, {"x": ("tried", "tried")}),
    "what onnxruntime asks for": (FEATURES, {"x": (1, 1, 6)}, {"x": ("tried",)}),
    "a vocoder's": (  # 100·256 are fewer than 2¹⁵ samples, 128·256 as many; the usual 4096 frames would be a million
        model("float[N,1,t] x", "y = ConvTranspose <strides = [256]> (x, w)",
              initializers=f"<float[1,1,256] w = {{{','.join(['1'] * 256)}}}>"),
        {"x": (1, 1, 128)}, {"x": ("tried",)},
    ),
    "-1 is open": (
        model("float[-1,1,16,16] x", "y = Conv (x, w)", initializers=CONV, output="float[-1,1,14,14] y"),
        {"x": (1, 1, 16, 16)}, {"x": ()},
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("built", "shapes", "origins"),
    [
        pytest.param(*choice, id=name, marks=pytest.mark.slow if name == "a vocoder's" else ())
        for name, choice in CHOICES.items()
    ],
)
def test_sizes_and_where_they_are_from(
    built: onnx.ModelProto,
    shapes: dict[str, tuple[int, ...]],
    origins: dict[str, tuple[str, ...]],
    tmp_path: Path,
) -> None:
    """The size is one at which onnxruntime runs the model, and the report says where each is from."""
    report = inspected(built, tmp_path, verify="run")
    assert {given.name: given.shape for given in report.inputs} == shapes
    assert {given.name: given.origins for given in report.inputs} == origins
    assert report.verification.status is Verdict.AGREED
    assert report.verification.shapes.agreed >= 1
    assert grave(report) == []


def test_a_kernel_of_unknown_size_is_no_image(tmp_path: Path) -> None:
    """A weight that is an input has no spatial axes, and no field is followed to it."""
    report = inspected(KERNEL, tmp_path)
    assert [given.spatial_axes for given in report.inputs] == [(2, 3), ()]
    assert {field.input for output in report.outputs for field in output.fields} == {"x"}


def test_no_size_runs(tmp_path: Path) -> None:
    """One note says what was tried and why it does not run there, and nothing else is said of that size."""
    built = model(  # two rows fewer: never as many as before, and one row only if there are three
        "float[N,1,h,width] x", "a = MaxPool <kernel_shape = [3,3]> (x) y = Add (x, a)"
    )
    report = inspected(built, tmp_path, verify="run")
    (note,) = report.findings
    assert (note.rule, note.severity) == ("assumed-input-size", Severity.NOTE)
    assert "none of the" in note.message
    assert "Add y: 1×1×224×224 and 1×1×222×222 do not fit together" in note.message
    assert "--input-shape x=" in note.help


TRUNCATED = model(  # at 224 the pool leaves four rows out
    "float[N,1,h,width] x", "y = MaxPool <kernel_shape = [10,10], strides = [10,10]> (x)"
)
SKIPPING = model(  # leaves rows out at every size
    "float[N,1,h,width] x", "y = MaxPool <kernel_shape = [2,2], strides = [3,3]> (x)"
)
SKIPPING_SIGNAL = model("float[N,1,time] x", "y = MaxPool <kernel_shape = [2], strides = [3]> (x)")


@pytest.mark.parametrize(("built", "shapes", "severity", "where"), [
    (SKIPPING, None, Severity.WARNING, "x=1×1×224×224"),
    (SKIPPING, (1, 1, 224, 224), Severity.ERROR, ""),
    (SKIPPING_SIGNAL, None, Severity.NOTE, "x=1×1×4096"),
    (SKIPPING_SIGNAL, (1, 1, 4096), Severity.ERROR, ""),
])  # fmt: skip
def test_severity_at_a_chosen_size(
    built: onnx.ModelProto, shapes: Sequence[int] | None, severity: Severity, where: str, tmp_path: Path
) -> None:
    """What a project makes an error is less at a size of our choice, and says so; at a given one an error."""
    settings = Settings(severity={"stride-gap": "error"})  # type: ignore[dict-item]
    report = inspected(built, tmp_path, input_shapes=shapes, settings=settings)
    (found,) = (place for finding in report.findings for place in places_of(finding) if place.rule == "stride-gap")
    assert found.severity is severity
    assert found.assumed is (shapes is None)
    assert where in report.findings[0].help


@pytest.mark.parametrize(("built", "shape", "over"), [
    # 224 = 22·10 + 4: without its end nothing is left out
    (TRUNCATED, (1, 1, 220, 220), "1×1×224×224 (unseen-input, floor-truncation)"),
    # halved five times 224 becomes 7, whose last row the pool leaves out; of the usual sizes 256 becomes 8
    (model("float[N,1,h,width] x", "a = MaxPool <kernel_shape = [32,32], strides = [32,32]> (x) "
           "b = MaxPool <kernel_shape = [3,3], pads = [1,1,1,1]> (a) "
           "y = MaxPool <kernel_shape = [2,2], strides = [2,2]> (b)"),
     (1, 1, 256, 256), "1×1×224×224 (floor-truncation)"),
    # one frame of a vector per frame comes out as a scalar
    (model("float[t,k] x", "s = ReduceSum <keepdims = 1> (x, axis) y = Squeeze (s)", output="float[t] y",
           initializers="<int64[1] axis = {1}>"), (2, 64), "1×64 (declared-shape-conflict)"),
])  # fmt: skip
def test_sizes_without_warnings_are_preferred(
    built: onnx.ModelProto, shape: tuple[int, ...], over: str, tmp_path: Path
) -> None:
    """Of the sizes that it may choose, the program takes one at which nothing is wrong, and names the other."""
    report = inspected(built, tmp_path, verify="run")
    assert report.inputs[0].shape == shape
    assert grave(report) == []
    (note,) = of_rule(report, "assumed-input-size")
    assert f"where there are fewer findings than at {over}" in note.message
    assert report.verification.status is Verdict.AGREED


def test_what_is_expected_does_not_choose_the_size(tmp_path: Path) -> None:
    """A shape that another size would give is not met by choosing that size."""
    settings = Settings(expect=("y:shape=1x1x8x8",))  # type: ignore[arg-type]
    pool = model("float[N,1,h,width] x", "y = MaxPool <kernel_shape = [32,32], strides = [32,32]> (x)")
    report = inspected(pool, tmp_path, settings=settings)
    assert report.inputs[0].shape == (1, 1, 224, 224)


@pytest.mark.parametrize(("wanted", "severity"), [("stride=8", Severity.ERROR), ("shape=1x1x8x8", Severity.WARNING)])
def test_what_holds_at_every_size_is_an_error(wanted: str, severity: Severity, tmp_path: Path) -> None:
    """The stride is not the expected one whatever the size; the shape depends on it."""
    settings = Settings(expect=(f"y:{wanted}",))  # type: ignore[arg-type]
    report = inspected(TRUNCATED, tmp_path, settings=settings)
    assert [finding.severity for finding in of_rule(report, "unmet-expectation")] == [severity]


def test_inputs_without_elements(tmp_path: Path) -> None:
    """Onnxruntime runs a Resize whose regions of interest are an empty input."""
    built = model(
        "float[1,1,8,8] x, float[0] roi", 'y = Resize <mode = "nearest"> (x, roi, sc)', output="float[1,1,16,16] y",
        initializers="<float[4] sc = {1,1,2,2}>",
    )  # fmt: skip
    report = inspected(built, tmp_path, verify="run")
    assert report.outputs[0].shape == (1, 1, 16, 16)
    assert report.verification.shapes.not_checked == 0
    assert grave(report) == []


@pytest.mark.parametrize(("inputs", "output", "body", "message"), [
    ("float[1,1,4,4] x", "float y", "y = AveragePool <kernel_shape = [2,2], strides = [2,2]> (x)",
     "y is declared a scalar; its shape is 1×1×2×2"),
    ("float[3] x", "float[n,1] y", "y = Relu (x)", "y is declared as n×1; its shape is 3"),
    ("float[1,1,4,4] x", "float[n] y", "y = Relu (x)", "y is declared a vector of n; its shape is 1×1×4×4"),
    ("float[1,1,4,4] x", "float[1,seqlen] y", "y = Relu (x)", "y is declared as 1×seqlen; its shape is 1×1×4×4"),
    ("float[1,1,4,4] x", "float[1,-1] y", "y = Relu (x)", "y is declared as 1×?; its shape is 1×1×4×4"),
])  # fmt: skip
def test_declarations_as_in_the_file(inputs: str, output: str, body: str, message: str, tmp_path: Path) -> None:
    """Symbols are printed as they stand in the file, an open size as ?, and no axes as a scalar."""
    report = inspected(model(inputs, body, output=output), tmp_path)
    assert [finding.message for finding in of_rule(report, "declared-shape-conflict")] == [message]


def test_stopwords_make_the_length_unknown(tmp_path: Path) -> None:
    """Four texts may become three, as declared: which depends on the data."""
    built = model("string[4] x", 'y = StringNormalizer <stopwords = ["monday"]> (x)', output="string[3] y")
    report = inspected(built, tmp_path)
    assert report.outputs[0].shape is None
    assert of_rule(report, "declared-shape-conflict") == []


def test_the_batch_that_a_model_needs(tmp_path: Path) -> None:
    """A Reshape that wants four rows of 64 numbers runs at a batch of 4, not at 1."""
    built = model("float[N,1,8,8] x", "y = Reshape (x, s)", initializers="<int64[2] s = {4, 64}>")
    report = inspected(built, tmp_path, verify="run")
    assert report.inputs[0].shape == (4, 1, 8, 8)
    assert (report.inputs[0].assumed, report.inputs[0].origins) == ((0,), ("tried",))
    assert grave(report) == []
