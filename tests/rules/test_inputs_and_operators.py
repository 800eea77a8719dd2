"""assumed-input-size, unused-input and unknown-operator: what the file leaves open."""

from __future__ import annotations

from pathlib import Path

import onnx.parser
import pytest

from strideinspect.results.report import Severity
from tests.oracle_models import Constant, model_of, tensor
from tests.rules.inspecting import inspected, of_rule, rule_ids

HEADER = '<ir_version: 8, opset_import: ["": 18]>'
WEIGHTS: dict[str, Constant] = {"three": (1, 1, 3, 3)}

ASSUMED = {
    # The defaults by number of axes: 224 in two dimensions, 4096 in one, 64 in three; a batch of 1 is no finding.
    "image": ("float[N,3,height,width] x", 2, (2, 3), (224, 224), "x=1,3,224,224"),
    "height alone": ("float[1,3,height,32] x", 2, (2,), (224,), "x=1,3,224,32"),
    "signal": ("float[N,3,length] x", 1, (2,), (4096,), "x=1,3,4096"),
    "volume": ("float[N,3,d,h,w] x", 3, (2, 3, 4), (64, 64, 64), "x=1,3,64,64,64"),
    "batch alone": ("float[N,3,32,32] x", 2, (), (), ""),
    "nothing": ("float[1,3,32,32] x", 2, (), (), ""),
}


@pytest.mark.parametrize(("declared", "dims", "axes", "sizes", "shape"), ASSUMED.values(), ids=ASSUMED)
def test_assumed_sizes(
    declared: str, dims: int, axes: tuple[int, ...], sizes: tuple[int, ...], shape: str, tmp_path: Path
) -> None:
    """Which axes have no size in the file, what was taken for them, and the option that sets them."""
    text = f"{HEADER} g ({declared}) => (float[] y) {{ y = MaxPool <kernel_shape = {[2] * dims}> (x) }}"
    found = of_rule(inspected(text, tmp_path), "assumed-input-size")
    assert [(finding.axes, finding.sizes, finding.severity) for finding in found] == (
        [(axes, sizes, Severity.NOTE)] if axes else []
    )
    for finding in found:
        assert finding.input == "x"
        assert finding.help.endswith(f"--input-shape {shape}")
        assert "×".join(shape.removeprefix("x=").split(",")) in finding.message


def test_a_given_size_is_not_assumed(tmp_path: Path) -> None:
    """Once the user says the size there is nothing to note."""
    text = f"{HEADER} g (float[N,3,h,w] x) => (float[] y) {{ y = MaxPool <kernel_shape = [2, 2]> (x) }}"
    assert rule_ids(inspected(text, tmp_path, input_shapes=(1, 3, 20, 20)), "model") == []


def test_what_is_lost_along_a_given_axis_is_so_at_any_size_of_the_others(tmp_path: Path) -> None:
    """The last of 8 columns is lost for every height: nothing is said of the height that was assumed."""
    body = "y = MaxPool <kernel_shape = [1, 3], strides = [1, 2]> (x)"
    report = inspected(f"{HEADER} g (float[1,3,h,8] x) => (float[] y) {{ {body} }}", tmp_path)
    (finding,) = of_rule(report, "unseen-input")
    assert (finding.axes, finding.ranges) == ((3,), ((7, 7),))
    assert "assumed" not in finding.help


def test_one_symbol_has_one_size(tmp_path: Path) -> None:
    """A symbol that the user gives a size through one input has it in the other one too, and is assumed nowhere."""
    text = f"""{HEADER} g (float[1,3,h,w] left, float[1,3,h,w] right) => (float[] y) {{
        a = MaxPool <kernel_shape = [2, 2]> (left)
        b = MaxPool <kernel_shape = [2, 2]> (right)
        y = Add (a, b)
    }}"""
    report = inspected(text, tmp_path, input_shapes={"left": (1, 3, 20, 30)})
    assert [given.shape for given in report.inputs] == [(1, 3, 20, 30)] * 2
    # The finding is on the axes of `right`, of which the file gives no size, though the symbols have one now.
    assert all(finding.input == "right" for finding in of_rule(report, "assumed-input-size"))


UNUSED = {
    "not connected": ("float[1,1,8,8] x, float[1] rate", "y = Relu (x)", ["rate"]),
    "leads to a dead end": ("float[1,1,8,8] x, float[1] rate", "y = Relu (x) z = Neg (rate)", ["rate"]),
    "only its shape is read": (
        "float[1,1,8,8] x, float[4,4] like",
        "s = Shape (like) r = ReduceMean <keepdims = 0> (x) y = Expand (r, s)",
        ["like"],
    ),
    "a factor": ("float[1,1,8,8] x, float[1] rate", "y = Mul (x, rate)", []),
    "a condition": ("float[1,1,8,8] x, bool[1] on", "y = Where (on, x, x)", []),
    "both": ("float[1,1,8,8] x, float[1] rate", "y = Constant <value_floats = [1.0]> ()", ["x", "rate"]),
}  # fmt: skip


@pytest.mark.parametrize(("declared", "body", "names"), UNUSED.values(), ids=UNUSED)
def test_unused_inputs(declared: str, body: str, names: list[str], tmp_path: Path) -> None:
    """Inputs whose values reach no output, by name."""
    text = f"{HEADER} g ({declared}) => (float[] y) {{ {body} }}"
    found = of_rule(inspected(text, tmp_path), "unused-input")
    assert [finding.input for finding in found] == names
    assert {finding.severity for finding in found} <= {Severity.NOTE}


def test_initialised_inputs_are_weights(tmp_path: Path) -> None:
    """IR 3 lists weights among the inputs: an unused one is nobody's concern."""
    text = """<ir_version: 3, opset_import: ["": 8]>
    g (float[1,1,8,8] x, float[1] old = {1}) => (float[1,1,8,8] y) { y = Relu (x) }"""
    report = inspected(text, tmp_path)
    assert [given.name for given in report.inputs] == ["x"]
    assert rule_ids(report, "coverage") == []


CUSTOM = "a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) b = com.example.Smooth (a)"
UNKNOWN = {
    "grid": ("a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) y = GridSample (a, grid)", ["y"]),
    "regions": (
        "a = Conv <pads = [1, 1, 1, 1]> (x, three) y = RoiAlign <output_height = 2, output_width = 2> (a, rois, batch)",
        ["y"],
    ),
    "an operator of one's own": (f"{CUSTOM} y = Relu (b)", ["b"]),
    "two of them": (f"{CUSTOM} y = com.example.Smooth (b)", ["b", "y"]),
    "known ones": ("a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) y = LayerNormalization (a, scale)", []),
    # What it does to something that comes from no pixel is nobody's field.
    "beside the image": (
        "s = com.example.Make (scale) a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) y = Mul (a, s)", [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "outputs"), UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_operators(body: str, outputs: list[str], tmp_path: Path) -> None:
    """A node that a field passes although nobody can say what it reads is reported once, a standard one as a note."""
    text = f"""<ir_version: 8, opset_import: ["": 18, "com.example": 1]>
    g (float[1,1,8,8] x) => ({"float[1,1,4,4]" if "com.example" in body else "float[]"} y)
    <float[1,1,4,4] b, float[4] s> {{ {body} }}"""
    model = onnx.parser.parse_model(text)
    constants: dict[str, Constant] = {
        **WEIGHTS, "grid": (1, 4, 4, 2), "rois": (1, 4), "batch": [0], "scale": (4,),
    }  # fmt: skip
    model.graph.initializer.extend(tensor(name, value) for name, value in constants.items())
    found = of_rule(inspected(model, tmp_path), "unknown-operator")
    assert [finding.output for finding in found] == outputs
    for finding in found:
        assert finding.severity is (Severity.WARNING if "Smooth" in finding.message else Severity.NOTE)
        assert "whole input" in finding.message
        assert any(name in finding.message for name in ("GridSample", "RoiAlign", "Smooth"))


def test_unknown_operator_whose_output_nobody_declares(tmp_path: Path) -> None:
    """Where not even the shape behind it is known, the warning says that nothing is, and so does the output."""
    text = """<ir_version: 8, opset_import: ["": 18, "com.example": 1]>
    g (float[1,1,8,8] x) => (float[] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      b = com.example.Smooth (a)
      y = Conv <pads = [1, 1, 1, 1]> (b, w)
    }"""
    report = inspected(text, tmp_path)
    (finding,) = of_rule(report, "unknown-operator")
    assert finding.output == "b"
    assert "Smooth" in finding.message
    assert "what depends on it cannot be analysed" in finding.message
    assert finding.help == (
        "nothing is known of what comes after it; --tensor shows the fields of the tensors before it; "
        "declare how it reads under `operators` in the configuration"
    )
    assert report.node("a").fields[0].size == 2
    assert (report.outputs[0].shape, report.outputs[0].fields) == (None, ())
    assert "Smooth" in (report.outputs[0].reason or "")


def test_fields_behind_an_unknown_operator_are_wide(tmp_path: Path) -> None:
    """Behind GridSample every index may see the whole image; before it the fields are exact."""
    body = "a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) b = GridSample (a, grid) y = Conv (b, three)"
    model = model_of(body, {"x": (1, 1, 8, 8)}, constants={**WEIGHTS, "grid": (1, 4, 4, 2)})
    report = inspected(model, tmp_path)
    before, behind = report.node("a").fields[0], report.node("y").fields[0]
    assert (before.size, before.widest, before.reason) == (2, 2, None)
    assert (behind.size, behind.widest) == (None, 8)
    assert behind.reason
    assert (before.upper_bound, behind.upper_bound) == (False, True)
    assert report.unseen == ()


def test_nothing_is_said_of_an_input_of_an_unknown_output(tmp_path: Path) -> None:
    """Neither branch of the If runs at this size: what the output depends on is not known. One that no node has is."""
    text = f"""{HEADER} g (float[1,1,8] x, bool flag, float[1] rate) => (float[1,1,1] y) <float[1,1,9] w> {{
      y = If (flag) <then_branch = t () => (float[1,1,h] a) {{ a = MaxPool <kernel_shape = [9]> (x) }},
        else_branch = e () => (float[1,1,k] b) {{ b = MaxPool <kernel_shape = [12]> (x) }}>
    }}"""
    report = inspected(text, tmp_path)
    assert report.outputs[0].shape is None
    assert [finding.input for finding in of_rule(report, "unused-input")] == ["rate"]


def test_nodes_of_one_operator_are_one_finding(tmp_path: Path) -> None:
    """Three nodes of one domain's operator and one of another: two causes."""
    text = """<ir_version: 8, opset_import: ["": 18, "com.example": 1, "org.example": 1]>
    g (float[1,1,8,8] x) => (float[1,1,4,4] y) <float[1,1,4,4] b, float[1,1,4,4] c, float[1,1,4,4] d> {
      a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      b = com.example.Smooth (a) c = com.example.Smooth (b) d = org.example.Smooth (c) y = com.example.Smooth (d)
    }"""
    found = [finding for finding in inspected(text, tmp_path).findings if finding.rule == "unknown-operator"]
    assert [[place.output for place in (finding, *finding.also)] for finding in found] == [["b", "c", "y"], ["d"]]


def test_positions_in_the_batch(tmp_path: Path) -> None:
    """Flattened with −1, four positions become four images; where the batch keeps its axis nothing is said."""
    constants: dict[str, Constant] = {"w": (2, 1, 3, 3), "rows": [-1, 2], "images": [0, -1]}
    for target, found in (("rows", 1), ("images", 0)):
        body = f"a = Conv <strides = [3, 3]> (x, w) t = Transpose <perm = [0, 2, 3, 1]> (a) y = Reshape (t, {target})"
        report = inspected(model_of(body, {"x": (1, 1, 6, 6)}, constants=constants), tmp_path)
        assert len(of_rule(report, "positions-in-batch")) == found
