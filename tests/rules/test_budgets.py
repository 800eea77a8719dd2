"""What a project asks of its outputs: budgets and expectations."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from strideinspect import Settings
from strideinspect.expectation import parsed
from strideinspect.settings import Budget
from tests.rules.inspecting import inspected, of_rule

# y1 after a 3×3 window sees 3 pixels at stride 1, y2 after another with stride 2 sees 3 + 2 = 5 at stride 2, up is y2
# twice as large (stride 1), and scores is the mean of all that y2 sees: floor((18 - 3)/2) + 1 = 8 windows reach row 16
# of the 18 rows of y1, which sees row 18 of 20; 13 windows reach column 26 of 28, which sees column 28 of 30.
MODEL = """
<ir_version: 8, opset_import: ["": 18]>
agraph (float[1,1,20,30] x) => (float[] y1, float[] y2, float[] up, float[] scores)
<float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}, float[4] twice = {1, 1, 2, 2}> {
  y1 = Conv (x, w)
  middle = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (y1)
  y2 = MaxPool <kernel_shape = [1, 1]> (middle)
  up = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (y2, , twice)
  scores = GlobalAveragePool (y2)
}
"""

BUDGETS: dict[str, tuple[str, str, Budget, list[tuple[str, tuple[int, ...], int | None]]]] = {
    "as wide as wanted": ("small-receptive-field", "y2", Budget(min_receptive_field=5), []),
    "narrower": ("small-receptive-field", "y2", Budget(min_receptive_field=6), [("y2", (2, 3), 5)]),
    # The class sees 19 rows and 29 columns.
    "a class": ("small-receptive-field", "scores", Budget(min_receptive_field=20), [("scores", (2,), 19)]),
    "a class wide enough": ("small-receptive-field", "scores", Budget(min_receptive_field=19), []),
    "every output": ("small-receptive-field", "y*", Budget(min_receptive_field=4), [("y1", (2, 3), 3)]),
    "stride as wanted": ("stride-over-budget", "*", Budget(max_stride=Fraction(2)), []),
    "coarser": ("stride-over-budget", "*", Budget(max_stride=Fraction(1)), [("y2", (2, 3), None)]),
    "finer still": (
        "stride-over-budget", "*", Budget(max_stride=Fraction(1, 2)), [(n, (2, 3), None) for n in ("y1", "y2", "up")]
    ),
    # y2 and what hangs on it miss row 19 and column 29 of x.
    "nothing unseen": (
        "unseen-over-budget", "*", Budget(max_unseen=0),
        [(name, (axis,), 1) for name in ("y2", "up", "scores") for axis in (2, 3)],
    ),
    "one may be": ("unseen-over-budget", "*", Budget(max_unseen=1), []),
    # 18·28 places of 9 taps for the convolution; pools multiply nothing.
    "as cheap as wanted": ("macs-over-budget", "*", Budget(max_macs=18 * 28 * 9), []),
    "dearer": ("macs-over-budget", "y1", Budget(max_macs=18 * 28 * 9 - 1), [("y1", (), None)]),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "pattern", "budget", "wanted"), BUDGETS.values(), ids=BUDGETS)
def test_budgets(
    rule: str,
    pattern: str,
    budget: Budget,
    wanted: list[tuple[str, tuple[int, ...], int | None]],
    tmp_path: Path,
) -> None:
    """An output that is over a bound that its name falls under is an error, with what it has."""
    report = inspected(MODEL, tmp_path, settings=Settings(verify="none", budgets=((pattern, budget),)))
    found = of_rule(report, rule)
    assert [(finding.output, finding.axes, finding.pixels) for finding in found] == wanted
    assert {finding.severity.value for finding in found} <= {"error"}


EXPECTATIONS: dict[str, tuple[str, str | None]] = {
    "met": ("y2:size=5,stride=2,first=0,last=4,center=2,shape=1x1x8x13", None),
    "size": ("y2:size=7", "y2: its size in x is 5, not 7"),
    "one axis": ("y2:size=5x7", "y2: its size in x is 5, not 5×7"),
    "too many axes": ("y2:size=5x5x5", "y2: its size in x is 5, not 5×5×5"),
    "shape": ("y1:shape=1x1x20x30", "y1: its shape is 1×1×18×28, not 1×1×20×30"),
    "rank": ("y1:shape=18x28", "y1: its shape is 1×1×18×28, not 18×28"),
    "fraction": ("up:stride=1/2", "up: its stride in x is 1, not 1/2"),
    "any tensor": ("middle:stride=2", None),
    "no such tensor": (
        "logits:size=3",
        "there is no tensor, node or layer 'logits'; the outputs are: y1, y2, up and scores",
    ),
    "which output": ("size=3", "it does not say which output; the outputs are: y1, y2, up and scores"),
    "collapsed": (
        "scores:size=20",
        "scores: its size in x is undefined (GlobalAveragePool scores reads the whole axis), not 20",
    ),
}


@pytest.mark.parametrize(("text", "message"), EXPECTATIONS.values(), ids=EXPECTATIONS)
def test_expectations(text: str, message: str | None, tmp_path: Path) -> None:
    """What does not hold is one error that tells what there is; what does is not mentioned."""
    report = inspected(MODEL, tmp_path, settings=Settings(verify="none", expect=(parsed(text),)))
    found = of_rule(report, "unmet-expectation")
    assert [finding.message for finding in found] == ([] if message is None else [message])
