"""Control flow from end to end: what is claimed of branches and bodies, and what onnxruntime says of it."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnx.parser

from strideinspect import inspect
from strideinspect.results.report import Branch, Report
from strideinspect.results.verdict import Verdict
from tests.oracle_models import Constant, tensor
from tests.rules.inspecting import grave, inspected, of_rule, rule_ids

WEIGHTS: dict[str, Constant] = {"v": (2, 1, 3, 3), "w": (2, 1, 5, 5), "u": (2, 1, 1, 1), "many": (100,)}
MEAN = "m = ReduceMean <keepdims = 0> (x) on = Greater (m, h) "
CORNER = "zero = Constant <value_ints = [0, 0, 0, 0]> () q = GatherND (x, zero) on = Greater (q, h) "


def report_on(body: str, folder: Path) -> Report:
    """A model over a 12×12 image x, with a scalar h and weights v (3×3), w (5×5) and u (1×1), inspected and run."""
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 18]>
    g (float[1,1,12,12] x) => (float[] y) {{ h = Constant <value_float = 0.5> () {body} }}""")
    model.graph.initializer.extend(tensor(name, value) for name, value in WEIGHTS.items())
    return inspected(model, folder, verify="run")


def choice(then: str, otherwise: str) -> str:
    """An If of two branches that make t and e."""
    return (
        f"i = If (on) <then_branch = a () => (float[] t) {{ {then} }}, "
        f"else_branch = b () => (float[] e) {{ {otherwise} }}>"
    )


THREE = "t = Conv <pads = [1, 1, 1, 1]> (x, v)"
FIVE = "e = Conv <pads = [2, 2, 2, 2]> (x, w)"
LAST = "y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (i)"


def all_agreed(report: Report) -> None:
    """Every claim was checked, and is so."""
    found = report.verification
    assert found.status is Verdict.AGREED, found
    assert not found.details


def test_both_branches(tmp_path: Path) -> None:
    """3×3 or 5×5, then 2×2: a field of 6; by the mean all of the image counts; windows of both branches are checked."""
    report = report_on(MEAN + choice(THREE, FIVE) + LAST, tmp_path)
    all_agreed(report)
    assert [node.branch for node in report.nodes] == [
        None, Branch("i", "then", None), Branch("i", "else", None), None
    ]  # fmt: skip
    for field in report.outputs[0].fields:
        assert (field.size, field.first) == (6, -2)
        assert (field.full.first, field.full.last) == (0, 11) if field.full else False


def test_condition_by_one_pixel(tmp_path: Path) -> None:
    """What decides is read: pixel 0 reaches every index, as it did not pass any pooling."""
    report = report_on(CORNER + choice(THREE, FIVE) + LAST, tmp_path)
    rows = report.outputs[0].fields[0]
    assert rows.positions.first == (0,) * 6
    # 2·o + 1 + 2 at the end of the 5×5 window of the second row of the pool.
    assert rows.positions.last == (3, 5, 7, 9, 11, 11)
    assert report.verification.fields.contradicted == 0


def test_what_only_one_branch_reads_is_read(tmp_path: Path) -> None:
    """1×1 with stride 3 skips two rows of three, or a 3×3 reads all; without that one, the gap is told of."""
    skips, whole = "Conv <strides = [3, 3]> (x, u)", "Conv <strides = [3, 3]> (x, v)"
    once = "MaxPool <kernel_shape = [1, 1]> (i)"
    both = report_on(CORNER + choice(f"t = {skips}", f"e = {whole}") + f"y = {once}", tmp_path)
    assert rule_ids(both, "coverage") == []
    all_agreed(both)
    one = report_on(CORNER + choice(f"t = {skips}", f"e = {skips}") + f"y = {once}", tmp_path)
    assert rule_ids(one, "coverage") == ["stride-gap", "stride-gap", "unseen-input"]
    all_agreed(one)


def test_branch_that_cannot_run(tmp_path: Path) -> None:
    """It raises nothing, and is not checked as it was not taken; the other one counts alone."""
    # The mean of zeros is not greater than 0.5: the run takes the else branch.
    report = report_on(MEAN + choice("t = MaxPool <kernel_shape = [13, 13]> (x)", FIVE) + LAST, tmp_path)
    assert grave(report) == []
    assert report.outputs[0].fields[0].size == 6
    pool = report.nodes[1]
    assert (pool.op, pool.output_shape) == ("MaxPool", None)
    assert pool.branch is not None
    assert "its window spans 13×13 indices" in str(pool.branch.unfit)
    assert report.verification.status is not Verdict.CONTRADICTED


def test_branch_not_taken(tmp_path: Path) -> None:
    """Where one branch cannot run, only the other one is run: what is in the former is not checked, and why."""
    # The pool of the then branch fits, 10×10 values as 7×7 do not.
    then = "sizes = Constant <value_ints = [7, 7]> () g = MaxPool <kernel_shape = [3, 3]> (x) t = Reshape (g, sizes)"
    report = report_on(MEAN + choice(then, FIVE) + LAST, tmp_path)
    reasons = {check.output: check.reason for check in report.verification.details}
    why = "the then branch of If i cannot run at this size: Reshape t: 1×1×10×10 cannot be reshaped to 7×7"
    assert reasons["g"] == why
    assert "e" not in reasons
    assert report.verification.status is Verdict.AGREED


def test_branches_of_different_shapes(tmp_path: Path) -> None:
    """Nothing is claimed of what lies behind, and the reason names both shapes; no input is called unseen.

    All that can be checked agrees, but nothing is known of the output, so that the report as a whole is not agreed.
    """
    report = report_on(MEAN + choice("t = Conv (x, v)", "e = Conv (x, w)") + "y = Relu (i)", tmp_path)
    (finding,) = of_rule(report, "unknown-operator")
    assert "its branches make 1×2×10×10 and 1×2×8×8, and which one is taken is not known" in finding.message
    assert report.outputs[0].shape is None
    assert report.unseen == ()
    assert (report.verification.status, report.verification.partial) == (Verdict.NOT_CHECKED, True)
    assert "nothing is known of output y" in str(report.verification.reason)


def test_choice_by_a_long_list(tmp_path: Path) -> None:
    """A condition that would take arithmetic over many real numbers is open on both roads."""
    condition = "m = ReduceMax <keepdims = 0> (many) on = Greater (m, h) "
    report = report_on(condition + choice(FIVE.replace("e =", "t ="), THREE.replace("t =", "e =")) + LAST, tmp_path)
    all_agreed(report)
    assert report.outputs[0].fields[0].size == 6


def test_choice_within_a_choice(tmp_path: Path) -> None:
    """Nested branches are all checked, and all count."""
    inner = (
        "n = ReduceMin <keepdims = 0> (x) also = Greater (n, h) t = If (also) <"
        "then_branch = c () => (float[] k) { k = Conv <dilations = [3, 3], pads = [3, 3, 3, 3]> (x, v) }, "
        "else_branch = d () => (float[] l) { l = Conv <pads = [0, 0, 2, 2]> (x, v) }>"
    )
    report = report_on(MEAN + choice(inner, FIVE) + LAST, tmp_path)
    all_agreed(report)
    assert report.outputs[0].fields[0].size == 8  # 7 of the dilated window, and the pool's 2


BODY = "b (int64 n, bool c, float[1,1,12,12] s) => (bool g, float[1,1,12,12] o)"
LOOP = "three = Constant <value_int = 3> () d = Cast <to = 9> (three) l = Loop (three, d, r) <body = "


def test_loop(tmp_path: Path) -> None:
    """What a body reads from around it is read; the windows in it are told of; what lies behind is not checked."""
    inside = "{ g = Identity (c) f = Conv <pads = [1, 1, 1, 1]> (x, k) o = Add (f, s) }"
    before = (
        "k = Slice (v, lo, hi) r = Relu (x) lo = Constant <value_ints = [0]> () hi = Constant <value_ints = [1]> () "
    )
    report = report_on(f"{before} {LOOP} {BODY} {inside}> y = MaxPool <kernel_shape = [2, 2]> (l)", tmp_path)
    (finding,) = of_rule(report, "unknown-operator")
    assert "Loop l repeats its body" in finding.message
    assert "the windows in the body (Conv f) are not analysed" in finding.message
    assert report.outputs[0].shape == (1, 1, 11, 11)
    assert report.unseen == ()
    assert report.verification.status is not Verdict.CONTRADICTED


def test_captured_by_a_loop_alone(tmp_path: Path) -> None:
    """Rows that a window drops and only a body reads, through a name from outside, are not called unseen."""
    inside = "{ g = Identity (c) o = Add (x, s) }"
    body = (
        "r = ConstantOfShape (size) size = Constant <value_ints = [1, 1, 12, 12]> () "
        f"{LOOP} {BODY} {inside}> a = MaxPool <kernel_shape = [5, 5], strides = [5, 5]> (x) "
        "q = ReduceMean <keepdims = 0> (a) y = Add (l, q)"
    )
    report = report_on(body, tmp_path)
    assert of_rule(report, "unseen-input") == of_rule(report, "floor-truncation") == []


def test_scan(tmp_path: Path) -> None:
    """A Scan over the rows makes a map whose shape is known, and says that its fields are bounds."""
    scan = (
        "rows = Squeeze (x, front) front = Constant <value_ints = [0, 1]> () start = ConstantOfShape (w12) "
        "w12 = Constant <value_ints = [12]> () last, all = Scan <num_scan_inputs = 1, body = "
        "b (float[12] s, float[12] r) => (float[12] o, float[12] z) { o = Add (s, r) z = Identity (o) }> (start, rows) "
        "i = Unsqueeze (all, front) y = MaxPool <kernel_shape = [3, 3]> (i) also = MaxPool <kernel_shape = [3, 3]> (x)"
    )
    report = report_on(scan, tmp_path)
    assert report.outputs[0].shape == (1, 1, 10, 10)
    assert [finding.output for finding in of_rule(report, "unknown-operator")] == ["last"]
    assert report.verification.shapes.contradicted == 0


def test_impulses_do_not_look_into_branches(tmp_path: Path) -> None:
    """Full verification of a model with branches watches what stands outside of them, and says so of the others."""
    before = "r = MaxPool <kernel_shape = [3, 3]> (x) "
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 18]>
    g (float[1,1,12,12] x) => (float[] y, float[] r) {{
        h = Constant <value_float = 0.5> () {before} {MEAN} {choice(THREE, FIVE)} {LAST}
    }}""")
    model.graph.initializer.extend(tensor(name, value) for name, value in WEIGHTS.items())
    onnx.save(model, tmp_path / "model.onnx")
    found = inspect(tmp_path / "model.onnx", verify="full").verification
    assert found.impulses is not None
    assert (found.impulses.watched, found.impulses.counts.contradicted) == (1, 0)
    reasons = {check.output: check.reason for check in found.details}
    assert reasons["t"] == reasons["e"] == "it is inside a branch, where impulses are not observed"


def test_a_choice_by_rank_within_a_choice_by_rank(tmp_path: Path) -> None:
    """As exporters write squeeze(): in the outer If's first branch the rank decides again, for "as it is".

    No value of the inner condition is known, but which branch ran is; the other one would add an axis.
    """
    rank = "sh = Shape (x) sz = Size (sh) four = Constant <value_int = 4> () e = Equal (sz, four) on = Identity (e)"
    inner = (
        "s2 = Shape (a) z2 = Size (s2) k = Constant <value_int = 4> () same = Equal (z2, k) other = Not (same)"
        " ax = Constant <value_ints = [0]> ()"
        " o = If (other) <then_branch = tb () => (float[] q) { q = Unsqueeze (a, ax) },"
        " else_branch = eb () => (float[] r) { r = Identity (a) }>"
    )
    body = (
        f"a = Conv <pads = [1, 1, 1, 1]> (x, v) {rank}"
        f" i = If (on) <then_branch = t () => (float[] o) {{ {inner} }},"
        f" else_branch = u () => (float[] p) {{ p = Identity (a) }}> {LAST}"
    )
    report = report_on(body, tmp_path)
    all_agreed(report)
    assert report.verification.fields.agreed == 2


def test_a_branch_that_cannot_run_at_this_size(tmp_path: Path) -> None:
    """The data select 3×3, or a reshape that does not fit: the former is checked, the latter told with its reason.

    It is no error: with other data the model runs.
    """
    crop = "to = Constant <value_ints = [1, 99]> () r = Reshape (x, to) e = Conv (r, w)"
    report = report_on(MEAN + choice(THREE, crop) + LAST, tmp_path)
    found = report.verification
    assert found.fields.contradicted == 0
    assert of_rule(report, "does-not-run") == []
    skipped = [check for check in found.details if check.claim == "shape" and check.output == "r"]
    assert all("the else branch of If i cannot run at this size" in str(check.reason) for check in skipped)
    assert found.shapes.agreed > 0


def test_a_branch_that_a_given_value_selects(tmp_path: Path) -> None:
    """What a branch computes for its Pad is known where a value of an input selects it: every field is checked."""
    sized = (
        "w{n} = Constant <value_ints = [0, 0, {n}]> () none = Constant <value_ints = [0, 0, 0]> () "
        'p{n} = Concat <axis = 0> (none, w{n}) q{n} = Pad <mode = "reflect"> (x, p{n}) {out} = Conv (q{n}, k)'
    )
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 18]>
    g (float[1,1,32] x, int64 sr) => (float[] y) <float[1,1,5] k = {{1, 1, 1, 1, 1}}> {{
      rate = Constant <value_int = 16000> () on = Equal (sr, rate)
      y = If (on) <then_branch = a () => (float[] t) {{ {sized.format(n=4, out="t")} }},
                   else_branch = b () => (float[] e) {{ {sized.format(n=2, out="e")} }}> }}""")
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    for rate, length in ((16000, 32), (8000, 30)):  # 32 samples and 4 or 2 at the end, less 4
        report = inspect(path, input_values={"sr": rate})
        assert report.outputs[0].shape == (1, 1, length)
        assert report.verification.status is Verdict.AGREED
        assert (report.verification.fields.agreed, report.verification.fields.total) == (1, 1)
    (finding,) = of_rule(inspect(path), "missing-input-value")
    assert finding.help == "give it: --input-value sr=16000 (what it is compared with)"
