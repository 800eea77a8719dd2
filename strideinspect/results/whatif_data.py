"""The answer to `whatif` as plain data: the JSON contract `strideinspect/whatif/1`."""

from __future__ import annotations

from collections.abc import Sequence

from strideinspect.results.as_data import step_data, tensor_data, totals_data, unseen_data
from strideinspect.results.changes import Broken, Change, Summary
from strideinspect.results.json_whatif_types import NAME, ChangeJson, SummaryJson, WhatIfJson


def document(
    path: str,
    changes: Sequence[Change],
    before: Summary,
    after: Summary,
    broken: Sequence[Broken],
    saved: str | None,
    refused: str | None,
    stopped: str | None,
) -> WhatIfJson:
    """The document as dicts, lists, texts and numbers."""
    return {
        "schema": NAME,
        "path": path,
        "changes": [*map(change_data, changes)],
        "before": summary_data(before),
        "after": summary_data(after),
        "broken": [{"node": one.node, "op": one.op, "reason": one.reason} for one in broken],
        "saved": saved,
        "refused": refused,
        "stopped": stopped,
    }


def change_data(change: Change) -> ChangeJson:
    """One changed number."""
    return {
        "node": change.node,
        "output": change.output,
        "layer": change.layer,
        "attribute": change.attribute,
        "before": [*change.before],
        "after": [*change.after],
    }


def summary_data(summary: Summary) -> SummaryJson:
    """One side of a comparison."""
    return {
        "totals": totals_data(summary.totals),
        "ladder": [*map(step_data, summary.ladder)],
        "outputs": [tensor_data(output, positions=False) for output in summary.outputs],
        "unseen": [*map(unseen_data, summary.unseen)],
        "dropped": [{"node": one.node, "pixels": [*one.pixels]} for one in summary.dropped],
        "findings": dict(summary.findings),
    }
