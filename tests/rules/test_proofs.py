"""Every rule is proven by running its own example: a table of rules and proofs, and what it takes for a new rule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import onnx.parser
import pytest

from strideinspect.results.report import RuleInfo
from strideinspect.rules.page import page
from strideinspect.rules.registry import all_rules
from tests.rules import proofs
from tests.rules.flagged_model import Case
from tests.rules.inspecting import inspected, of_rule
from tests.rules.test_pages import configured

PROOFS: dict[str, Callable[[Case], None]] = {
    "ambiguous-semantics": proofs.shapes_differ,
    "assumed-input-size": proofs.other_sizes_run,
    "center-drift": proofs.rows_move_the_center,
    "checkerboard": proofs.taps_are_counted,
    "declared-shape-conflict": proofs.shape_is_another,
    "degenerate-map": proofs.dead_taps_change_nothing,
    "does-not-run": proofs.runtime_refuses,
    "dilation-holes": proofs.holes_change_nothing,
    "effective-field-unknown": proofs.channels_always_add_up_to_the_same,
    "floor-truncation": proofs.unread_rows_change_nothing,
    "incompatible-head": proofs.runtime_refuses,
    "incompatible-merge": proofs.runtime_refuses,
    "invalid-node": proofs.runtime_refuses,
    "macs-over-budget": proofs.multiply_adds_are_counted,
    "missing-input-value": proofs.the_value_decides,
    "misaligned-merge": proofs.branches_lie_apart,
    "not-verified": proofs.runtime_refuses,
    "off-center-field": proofs.response_lies_to_one_side,
    "padding-only-window": proofs.dead_taps_change_nothing,
    "padding-truncation": proofs.padding_can_be_left_out,
    "partial-window": proofs.last_index_sees_less,
    "positions-in-batch": proofs.rows_of_a_batch_come_from_one_image,
    "small-effective-field": proofs.response_is_near,
    "small-receptive-field": proofs.field_is_counted,
    "stride-gap": proofs.unread_rows_change_nothing,
    "stride-mismatch": proofs.branches_step_differently,
    "stride-over-budget": proofs.stride_is_measured,
    "unknown-operator": proofs.where_it_reads_depends_on_the_data,
    "unmet-expectation": proofs.expectation_is_missed,
    "unproductive-layer": proofs.positions_see_the_whole_image,
    "unseen-input": proofs.unread_rows_change_nothing,
    "unseen-over-budget": proofs.unread_rows_change_nothing,
    "unused-input": proofs.unused_input_changes_nothing,
}

RUNNING_IS_THE_CLAIM = {"field-contradicted", "shape-contradicted", "unseen-contradicted"}
"""These say that running showed something else: test_verdicts_of_running.py makes up a run that does."""


def test_every_rule_is_proven() -> None:
    """A rule without a proof is missing from the table: write one in proofs.py that would fail if it were false."""
    assert PROOFS.keys() | RUNNING_IS_THE_CLAIM == {rule.id for rule in all_rules()}


@pytest.mark.parametrize("rule", [r for r in all_rules() if r.id in PROOFS], ids=lambda rule: rule.id)
def test_what_the_rule_says_is_shown_by_running(rule: RuleInfo, tmp_path: Path) -> None:
    """The first finding in the rule's first flagged example, held against onnxruntime."""
    text = page(rule).models("Flagged")[0]
    settings = configured(page(rule).settings("Flagged"), tmp_path)
    verify: Literal["run", "none"] = "run" if rule.group == "runtime" else "none"
    report = inspected(text, tmp_path, verify=verify, settings=settings)
    PROOFS[rule.id](Case(onnx.parser.parse_model(text), report, of_rule(report, rule.id)[0]))
