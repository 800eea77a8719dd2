"""incompatible-merge, incompatible-head, invalid-node and declared-shape-conflict: sizes that contradict each other."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from strideinspect.cli.app import run
from strideinspect.results.report import Severity
from tests.oracle_models import Constant, model_of
from tests.oracle_runtime import run as run_once
from tests.rules.inspecting import inspected, of_rule, rule_ids

WEIGHTS: dict[str, Constant] = {"up": (1, 1, 2, 2), "three": (1, 1, 3, 3)}


def unet(size: int) -> onnx.ModelProto:
    """Two levels down by 2×2 pools, two up by transposed convolutions, skips joined channel by channel."""
    body = """
    d1 = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
    d2 = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (d1)
    u1 = ConvTranspose <strides = [2, 2]> (d2, up)
    m1 = Add (u1, d1)
    u0 = ConvTranspose <strides = [2, 2]> (m1, up)
    m0 = Concat <axis = 1> (u0, x)
    y = Conv <pads = [1, 1, 1, 1]> (m0, wide)
    """
    return model_of(body, {"x": (1, 1, size, size)}, constants={**WEIGHTS, "wide": (1, 2, 3, 3)})


MISFITS = {
    # 30 → 15 → 7 → 14 beside 15: the first sum.
    30: ("m1", "1×1×14×14 and 1×1×15×15"),
    # 33 → 16 → 8 → 16 fits, → 32 beside 33: the Concat.
    33: ("m0", "1×1×32×32 and 1×1×33×33"),
}


@pytest.mark.parametrize(("size", "merge", "shapes"), [(size, *what) for size, what in MISFITS.items()])
def test_unet_at_a_size_that_does_not_fit(size: int, merge: str, shapes: str, tmp_path: Path) -> None:
    """The merge is named with both shapes and the sizes that would do; what lies before it is reported all the same."""
    report = inspected(unet(size), tmp_path)
    (finding,) = of_rule(report, "incompatible-merge")
    assert (finding.severity, finding.output) == (Severity.ERROR, merge)
    assert shapes in finding.message
    assert finding.help == "use sizes that are multiples of 4, such as " + {30: "28 or 32", 33: "32 or 36"}[size]
    assert [node.output for node in report.nodes if node.output_shape is None] == (
        ["u0", "y"] if merge == "m1" else ["y"]
    )
    assert report.node("d2").fields[0].stride == 4
    assert report.outputs[0].shape is None


def test_sizes_that_fit_are_named_axis_by_axis(tmp_path: Path) -> None:
    """30×33 lies between 28×32 and 32×36."""
    (finding,) = of_rule(inspected(unet(30), tmp_path, input_shapes=(1, 1, 30, 33)), "incompatible-merge")
    assert finding.help == "use sizes that are multiples of 4, such as 28×32 or 32×36"


@pytest.mark.parametrize("size", [28, 32, 36])
def test_unet_at_a_size_that_fits(size: int, tmp_path: Path) -> None:
    """Multiples of 4 run; the help of the misfits names such sizes."""
    report = inspected(unet(size), tmp_path)
    assert rule_ids(report, "model") == []
    assert report.outputs[0].shape == (1, 1, size, size)


def test_misfit_fails_the_command_and_leaves_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1, and the windows before the merge are still in the report."""
    path = tmp_path / "unet.onnx"
    onnx.save(unet(30), path)
    assert run([str(path), "--no-verify"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert "incompatible-merge" in out
    assert "d2" in out


MERGES = {
    "product": ("a = MaxPool <kernel_shape = [2, 2]> (x) y = Mul (x, a)", "1×1×8×8 and 1×1×7×7"),
    "three branches": (
        "a = MaxPool <kernel_shape = [2, 2]> (x) b = Relu (a) y = Concat <axis = 1> (a, b, x)",
        "1×1×7×7 and 1×1×8×8",
    ),
    "maximum": ("a = MaxPool <kernel_shape = [3, 2]> (x) y = Max (x, a)", "1×1×8×8 and 1×1×6×7"),
}


@pytest.mark.parametrize(("body", "shapes"), MERGES.values(), ids=MERGES)
def test_other_merges(body: str, shapes: str, tmp_path: Path) -> None:
    """Whatever brings branches together is named with the different shapes."""
    (finding,) = of_rule(inspected(model_of(body, {"x": (1, 1, 8, 8)}), tmp_path), "incompatible-merge")
    assert finding.output == "y"
    assert shapes in finding.message


@pytest.mark.parametrize("size", [8, 9])
def test_no_size_is_named_at_which_branches_fit_no_better(size: int, tmp_path: Path) -> None:
    """One branch halves the map and the other does not: of no size more than 1 both make the same."""
    body = "a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) b = Relu (x) y = Add (a, b)"
    (finding,) = of_rule(inspected(model_of(body, {"x": (1, 1, size, size)}), tmp_path), "incompatible-merge")
    assert finding.help == "give both branches the same size, or pad or crop before the merge"


def test_one_row_is_broadcast(tmp_path: Path) -> None:
    """A branch of extent 1 fits any other."""
    body = "a = GlobalMaxPool (x) y = Add (x, a)"
    assert rule_ids(inspected(model_of(body, {"x": (1, 1, 8, 8)}), tmp_path), "model") == []


HEADS = {
    # Made for 8×8: 4×4 maps of 2 channels, 32 values.
    "reshape": (
        "p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) y = Reshape (p, flat)", ["1×2×5×5", "50", "32"],
    ),
    "classifier": (
        "p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) f = Flatten (p) y = Gemm <transB = 1> (f, w)", [],
    ),
    "matrix product": (
        "p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) f = Reshape (p, open) y = MatMul (f, v)", [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "numbers"), HEADS.values(), ids=HEADS)
def test_baked_size_at_another_size(body: str, numbers: list[str], tmp_path: Path) -> None:
    """A head made for 8×8 fails at 10×10 and is named, with its numbers; the windows before it are reported."""
    constants: dict[str, Constant] = {"flat": [1, 32], "open": [1, -1], "w": (3, 32), "v": (32, 3)}
    model = model_of(body, {"x": (1, 2, 8, 8)}, constants=constants)
    assert rule_ids(inspected(model, tmp_path), "model") == []
    report = inspected(model, tmp_path, input_shapes=(1, 2, 10, 10))
    (finding,) = of_rule(report, "incompatible-head")
    assert (finding.severity, finding.output) == (Severity.ERROR, "y")
    for number in numbers:
        assert number in finding.message
    assert report.node("p").output_shape == (1, 2, 5, 5)
    assert [field.size for field in report.node("p").fields] == [2, 2]


def test_numbers_that_fit_no_size(tmp_path: Path) -> None:
    """Keras' Conv2DTranspose(2, strides=3, padding="same") comes out with negative pads: no other size is advised."""
    body = "y = ConvTranspose <strides = [3, 3], pads = [0, 0, -1, -1]> (x, up)"
    (finding,) = of_rule(inspected(model_of(body, {"x": (1, 1, 8, 8)}, constants=WEIGHTS), tmp_path), "invalid-node")
    assert finding.message == "ConvTranspose y: pads are negative: [0, 0, -1, -1]"
    assert finding.help == "no input size helps: change this layer, or export the model in another way"


INVALID = {
    "an attribute that the opset does not have": ("y = HardSwish <alpha = 0.2> (x)", "alpha"),
    "too few axes": ("f = Flatten (x) y = MaxPool <kernel_shape = [2, 2]> (f)", "at least 3 axes"),
    "a weight with too few axes": ("y = Conv (x, flat)", "its weight has 2 axes, its input 4"),
}


@pytest.mark.parametrize(("body", "text"), INVALID.values(), ids=INVALID)
def test_nodes_that_run_at_no_size(body: str, text: str, tmp_path: Path) -> None:
    """What is wrong with the node and not with the input is said as such; onnxruntime refuses these models, too."""
    model = model_of(body, {"x": (1, 1, 8, 8)}, constants={**WEIGHTS, "flat": (3, 3)})
    (finding,) = of_rule(inspected(model, tmp_path), "invalid-node")
    assert (finding.severity, finding.output) == (Severity.ERROR, "y")
    assert text in finding.message
    with pytest.raises(Exception, match=r"(?s).+"):
        run_once(model)


def test_pooled_head_fits_any_size(tmp_path: Path) -> None:
    """A head behind a global pooling is baked into nothing."""
    body = "g = GlobalAveragePool (x) f = Flatten (g) y = Gemm <transB = 1> (f, w)"
    model = model_of(body, {"x": (1, 2, 8, 8)}, constants={"w": (3, 2)})
    assert rule_ids(inspected(model, tmp_path, input_shapes=(1, 2, 10, 10)), "model") == []


DECLARED = """<ir_version: 8, opset_import: ["": 18]>
agraph (float[{n},1,8,8] x) => (float[{out}] y) <float[{middle}] a> {{
  a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
  y = Relu (a)
}}"""
CONFLICTS = {
    "right": ("1", "1,1,4,4", "1,1,4,4", {}),
    "symbols": ("1", "1,1,h,w", "n,c,4,4", {}),
    "an output": ("1", "1,1,4,5", "1,1,4,4", {"y": ("1×1×4×5", "1×1×4×4")}),
    "a tensor between": ("1", "1,1,4,4", "1,1,8,8", {"a": ("1×1×8×8", "1×1×4×4")}),
    "both": ("1", "1,2,4,4", "1,1,4,3", {"a": ("1×1×4×3", "1×1×4×4"), "y": ("1×2×4×4", "1×1×4×4")}),
    "number of axes": ("1", "1,16", "1,1,4,4", {"y": ("1×16", "1×1×4×4")}),
}


@pytest.mark.parametrize(("n", "out", "middle", "conflicts"), CONFLICTS.values(), ids=CONFLICTS)
def test_declared_shapes(n: str, out: str, middle: str, conflicts: dict[str, tuple[str, str]], tmp_path: Path) -> None:
    """Each tensor whose declared numbers differ from what the pool gives is an error with both shapes."""
    found = of_rule(inspected(DECLARED.format(n=n, out=out, middle=middle), tmp_path), "declared-shape-conflict")
    assert {finding.output for finding in found} == conflicts.keys()
    for finding in found:
        declared, computed = conflicts[finding.output or ""]
        assert finding.message == f"{finding.output} is declared as {declared}; its shape is {computed}"
        assert finding.severity is Severity.ERROR


def test_declarations_hold_for_the_declared_size_only(tmp_path: Path) -> None:
    """At a size that the user asks for in place of the declared one, no declaration can be wrong."""
    text = DECLARED.format(n="1", out="1,1,4,4", middle="1,1,4,4")
    assert rule_ids(inspected(text, tmp_path, input_shapes=(1, 1, 12, 12)), "model") == []


def test_declarations_hold_where_only_a_free_axis_is_chosen(tmp_path: Path) -> None:
    """A size for an axis that the file leaves open contradicts none of its declarations: they are still compared."""
    text = DECLARED.format(n="N", out="N,1,4,5", middle="N,1,4,4")
    assert rule_ids(inspected(text, tmp_path, input_shapes=(3, 1, 8, 8)), "model") == ["declared-shape-conflict"]
