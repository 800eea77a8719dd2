"""The answer to `fix` as plain data: the JSON contract `strideinspect/fix/1`."""

from __future__ import annotations

from collections.abc import Sequence

from strideinspect.results.changes import Summary
from strideinspect.results.fixes import Fix, LeftOver, RunComparison
from strideinspect.results.json_fix_types import NAME, FixedJson, FixJson
from strideinspect.results.whatif_data import summary_data


def document(
    path: str,
    output: str | None,
    fixes: Sequence[Fix],
    unsafe: Sequence[Fix],
    left: Sequence[LeftOver],
    before: Summary,
    after: Summary,
    comparison: RunComparison,
    diff: Sequence[str],
) -> FixedJson:
    """The document as dicts, lists, texts and numbers."""
    return {
        "schema": NAME,
        "path": path,
        "output": output,
        "fixes": [*map(_fix, fixes)],
        "unsafe": [*map(_fix, unsafe)],
        "left": [
            {"rule": one.rule, "severity": one.severity, "message": one.message, "help": one.help} for one in left
        ],
        "before": summary_data(before),
        "after": summary_data(after),
        "comparison": {
            "status": comparison.status,
            "reason": comparison.reason,
            "largest": comparison.largest,
            "runtime": comparison.runtime,
        },
        "diff": [*diff],
    }


def _fix(fix: Fix) -> FixJson:
    return {"name": fix.name, "safe": fix.safe, "text": fix.text, "nodes": [*fix.nodes]}
