"""What onnxruntime says when it refuses a model: in plain words, and an error only where the size was given."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from strideinspect.results.verdict import Verdict
from tests.rules.inspecting import inspected, of_rule, rule_ids
from tests.verify.helpers import model_of
from tests.verify.test_shapes import observed_run

# The graph, the numbers of its constants, and what is said: the sizes in it are those of the graph.
CASES: Final[dict[str, tuple[str, dict[str, list[int]], str]]] = {
    "broadcast": (
        "(float[1,1,8,6] x, float[1,1,5,6] b) => (float[] y) { [j] y = Add(x, b) }", {},
        "Add j: sizes 5 and 8 do not fit",
    ),
    "concat": (
        "(float[1,1,8,6] x, float[1,1,5,6] b) => (float[] y) { [j] y = Concat<axis=1>(x, b) }", {},
        "Concat j: along axis 2 its inputs have sizes 8 and 5, which must be equal",
    ),
    "reshape": (
        "(float[1,1,8,6] x, int64[2] s) => (float[] y) { [j] y = Reshape(x, s) }", {"s": [1, 50]},
        "Reshape j: 1×1×8×6 cannot be reshaped to 1×50",
    ),
    "matmul": (
        "(float[1,8,6] x, float[5,3] b) => (float[] y) { [j] y = MatMul(x, b) }", {},
        "MatMul j: the sizes of its inputs do not fit",
    ),
    "gemm": (
        "(float[8,6] x, float[5,3] b) => (float[] y) { [j] y = Gemm(x, b) }", {},
        "Gemm j: its input has 6 columns, its weight is 5×3",
    ),
    "channels": (
        "(float[1,4,8,6] x, float[2,1,3,3] w) => (float[] y) { [j] y = Conv<group=2>(x, w) }", {},
        "Conv j: its input has 4 channels, its weight is for 1 in each of 2 groups",
    ),
    "small map": (
        "(float[1,3,2,2] x, float[1,3,3,3] w) => (float[] y) { [j] y = Conv(x, w) }", {},
        "Conv j: its kernel does not fit into an input of 2×2",
    ),
    "small pool": (
        "(float[1,3,2,2] x) => (float[] y) { [j] y = MaxPool<kernel_shape=[5,5]>(x) }", {},
        "MaxPool j: its window does not fit into its input",
    ),
    "state": (
        """(float[10,1,4] x, float[1,8,4] w, float[1,8,2] wr, float[1,3,2] h) => (float[] y)
        { [j] y, a, b = LSTM<hidden_size=2>(x, w, wr, , , h, h) }""", {},
        "LSTM j: its input initial_h must be 1×1×2 and is 1×3×2",
    ),
    "squeeze": (
        "(float[1,3,7] x, int64[1] a) => (float[] y) { [j] y = Squeeze(x, a) }", {"a": [1]},
        "Squeeze j: axis 1 of 1×3×7 is to be removed, but has size 3",
    ),
    "gather": (
        "(float[1,3,8] x, int64[1] i) => (float[] y) { [j] y = Gather<axis=2>(x, i) }", {"i": [9]},
        "Gather j: index 9 is not in -8 to 7",
    ),
    "split": (
        "(float[1,3,8] x, int64[2] s) => (float[] y, float[] z) { [j] y, z = Split<axis=2>(x, s) }", {"s": [5, 2]},
        "Split j: axis 2 of 1×3×8 is to be split into pieces of 7 in all",
    ),
    "dilated": (
        '(float[1,3,7] x, float[1,3,3] w) => (float[] y) { [j] y = Conv<auto_pad="SAME_UPPER", dilations=[2]>(x, w) }',
        {}, "Conv j: dilation not supported for SAME_UPPER or SAME_LOWER",
    ),
    "types": (
        "(float[1,3,7] x, int64[1,3,7] z) => (float[] y) { [j] y = Add(x, z) }", {},
        "Add j: its inputs have types float and int64, which must be equal",
    ),
    "attribute": (
        "(float[1,3,7] x) => (float[] y) { [j] y = Relu<foo=3>(x) }", {},
        "Relu j: unrecognized attribute: foo for operator Relu",
    ),
    "unknown operator": (
        "(float[1,3,7] x) => (float[] y) { [j] y = Crop<border=[0,0,0,0]>(x) }", {},
        "onnxruntime has no operator Crop in operator set 10, for j",
    ),
    # onnxruntime expands it into other operators and names one of those, a Reshape without a name
    "expanded": (
        "(float[1,3,7,7] x, float[3] w) => (float[] y) { r = Relu(x) y = GroupNormalization<num_groups=2>(r, w, w) }",
        {}, "GroupNormalization y: 1×3×7×7 cannot be reshaped to 1×2×1×7×7",
    ),
    "in a branch": (
        """(float[1,3,7] x, float[1,3,6] b, int64[1] one) => (float[] y) { c = Cast<to=9>(one) [j] y = If(c)
        <then_branch = t () => (float[] v) { [inner] v = Add(x, b) }, else_branch = e () => (float[] u) { u = Relu(x) }>
        }""", {"one": [1]}, "Add inner: sizes 6 and 7 do not fit",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_reasons_are_plain(name: str, tmp_path: Path) -> None:
    """The node, then the reason with the sizes concerned; no codes, signatures or source positions, nothing twice."""
    text, constants, expected = CASES[name]
    found = observed_run(model_of(text, opset=20, **constants), tmp_path)
    assert found.stop is not None
    assert found.stop.reason == expected


# The state has a batch of its own, called b in the file; the LSTM wants that of its input, 1.
STATE: Final = """
    <ir_version: 8, opset_import: ["": 17]>
    g (float[batch,1,time] x, float[1,b,2] h) => (float[t,1,B,2] y) <
      float[1,1,3] w = {1,1,1}, float[1,8,1] W = {1,1,1,1,1,1,1,1},
      float[1,8,2] R = {1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1}
    > {
      [a] a = Conv <pads = [1, 1]> (x, w) s = Transpose <perm = [2, 0, 1]> (a)
      [y] y, last, cell = LSTM <hidden_size = 2> (s, W, R, "", "", h, h)
    }"""


def test_a_model_refused_at_a_given_size(tmp_path: Path) -> None:
    """A batch of 3 in the state: an error with onnxruntime's reason; what ran before is told, nothing is "agreed"."""
    report = inspected(STATE, tmp_path, verify="run", input_shapes={"x": (1, 1, 100), "h": (1, 3, 2)})
    (finding,) = of_rule(report, "does-not-run")
    assert (finding.severity, finding.node) == ("error", "y")
    assert finding.message == (
        "onnxruntime refuses to run the model at x 1×1×100, h 1×3×2: "
        "LSTM y: its input initial_h must be 1×1×2 and is 1×3×2"
    )
    found = report.verification
    # Two shapes before the LSTM, three of its own.
    assert (found.status, found.shapes.agreed, found.shapes.not_checked) == (Verdict.CONTRADICTED, 2, 3)
    assert rule_ids(report, "runtime") == ["does-not-run"]


def test_a_model_that_fits_is_not_refused(tmp_path: Path) -> None:
    """A batch of 1 in both: onnxruntime runs it."""
    report = inspected(STATE, tmp_path, verify="run", input_shapes={"x": (1, 1, 100), "h": (1, 1, 2)})
    assert (report.verification.status, rule_ids(report, "runtime")) == (Verdict.AGREED, [])


def test_a_size_that_is_chosen_is_one_that_runs(tmp_path: Path) -> None:
    """The time and the state's batch are open: sizes are chosen at which onnxruntime runs the model to its end."""
    report = inspected(STATE, tmp_path, verify="run")
    assert of_rule(report, "does-not-run") == []
    assert (report.verification.status, report.verification.shapes.not_checked) == (Verdict.AGREED, 0)


def test_one_cause_is_one_finding(tmp_path: Path) -> None:
    """The analysis finds the Concat that does not fit; that onnxruntime refuses it, too, is no further finding."""
    text = """
    <ir_version: 8, opset_import: ["": 17]>
    g (float[1,1,8] x, float[1,1,7] z) => (float[N,C,L] y) { [join] y = Concat <axis = 1> (x, z) }"""
    report = inspected(text, tmp_path, verify="run")
    assert [finding.rule for finding in report.findings if finding.severity == "error"] == ["incompatible-merge"]
    assert rule_ids(report, "runtime") == []
