"""The answer to `sizes` as plain data: the JSON contract `strideinspect/sizes/1`."""

from __future__ import annotations

from strideinspect.results.json_sizes_types import NAME, AxisSizesJson, SizeRowJson, SizeRuleJson, SizesJson
from strideinspect.results.size_rules import AxisSizes, SizeRow, SizeRule


def document(path: str, axes: tuple[AxisSizes, ...]) -> SizesJson:
    """The document as dicts, lists, texts and numbers."""
    return {"schema": NAME, "path": path, "axes": [*map(_axis, axes)]}


def _axis(axis: AxisSizes) -> AxisSizesJson:
    return {
        "input": axis.input,
        "axis": axis.axis,
        "current": axis.current,
        "fixed": axis.fixed,
        "runs": _rule(axis.runs),
        "sees_everything": _rule(axis.sees_everything),
        "drops_nothing": _rule(axis.drops_nothing),
        "aligned": _rule(axis.aligned),
        "pad_end": axis.pad_end,
        "period": axis.period,
        "judged": None if axis.judged is None else [*axis.judged],
        "together": [*axis.together],
        "sizes": [*map(_row, axis.listed)],
    }


def _rule(rule: SizeRule) -> SizeRuleJson:
    return {
        "smallest": rule.smallest,
        "step": rule.step,
        "remainder": rule.remainder,
        "remainders": [*rule.remainders],
        "rule": rule.text,
        "below": rule.below,
        "above": rule.above,
        "exceptions": [*rule.exceptions],
    }


def _row(row: SizeRow) -> SizeRowJson:
    return {
        "size": row.size,
        "runs": row.runs,
        "sees_everything": row.sees_everything,
        "drops_nothing": row.drops_nothing,
        "aligned": row.aligned,
    }
