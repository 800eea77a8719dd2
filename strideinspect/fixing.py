"""The way of a fix: plan → edits → file → run beside the original → inspect again."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from msgspec import Struct

from strideinspect.edit import listed_edits, splice
from strideinspect.edit.fix_plan import FixableModel, Plan, plan
from strideinspect.edited_analysis import EditedModel, InspectedModel, inspected, summary
from strideinspect.errors import UsageError
from strideinspect.results.fixed import Fixed
from strideinspect.results.fixes import Fix, LeftOver, RunComparison
from strideinspect.results.report import Report, Severity
from strideinspect.settings import Settings

_NOTHING = "there is nothing to fix"


class _Made(Struct, frozen=True):
    """What was carried out: the plan that held, the model after it, and what running showed."""

    plan: Plan
    after: Report
    comparison: RunComparison
    output: str | None


def fixed(path: str, target: str | None, settings: Settings, *, unsafe: bool) -> Fixed:
    """Mend a model; `strideinspect.fix` explains the parameters and the errors."""
    before = inspected(path, settings)
    fixable = FixableModel(before.model, before.analysis, settings.operators)
    wanted = plan(fixable, unsafe=unsafe)
    more: tuple[Fix, ...] = ()
    if not unsafe:
        more = tuple(fix for fix in plan(fixable, unsafe=True).fixes if not fix.safe)
    if target is None:
        after = EditedModel.of(before, wanted.edits, settings).report if wanted.steps else before.report
        reason = "nothing was written" if wanted.steps else _NOTHING
        made = _Made(wanted, after, RunComparison("not-compared", reason, None, None), None)
    elif wanted.steps:
        made = _carried_out(before, wanted, target, settings)
    else:
        made = _copied(before, target, RunComparison("not-compared", _NOTHING, None, None))
    return Fixed(
        path=path,
        output=made.output,
        fixes=made.plan.fixes,
        unsafe=more,
        left=_left(made.after),
        before=summary(before.report),
        after=summary(made.after),
        comparison=made.comparison,
        diff=tuple(listed_edits.lines(before.model.proto.graph, made.plan.edits)),
    )


def _carried_out(before: InspectedModel, wanted: Plan, target: str, settings: Settings) -> _Made:
    """Write the model under another name, compare, and give it its name; a safe fix that changes a bit is left out."""
    from strideinspect.verify.compare_runs import compare  # imports onnxruntime

    path = before.model.path
    splice.check(path, target, wanted.edits)
    try:
        handle, temporary = tempfile.mkstemp(dir=Path(target).parent, prefix=".strideinspect-", suffix=".onnx")
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}", "name another file") from error
    os.close(handle)
    try:
        for tried in (wanted, *_fewer(wanted)):
            edited = EditedModel.of(before, tried.edits, settings)
            splice.write(before.model, temporary, tried.edits, edited.declarations)
            comparison = compare(path, temporary, before.analysis.sizes, settings.input_values)
            if comparison.status != "changed" or not all(fix.safe for fix in tried.fixes):
                after = inspected(temporary, settings).report
                Path(temporary).replace(target)
                return _Made(tried, after, comparison, target)
    finally:
        Path(temporary).unlink(missing_ok=True)
    nothing = RunComparison("changed", "in onnxruntime every safe fix changes bits of the output", None, None)
    return _copied(before, target, nothing)


def _copied(before: InspectedModel, target: str, comparison: RunComparison) -> _Made:
    """The model as it is: whoever goes on with the output file finds one."""
    splice.copy(before.model.path, target)
    return _Made(Plan(()), before.report, comparison, target)


def _fewer(wanted: Plan) -> list[Plan]:
    """The safe fixes one by one, if there are several and none is unsafe."""
    if len(wanted.steps) < 2 or not all(fix.safe for fix in wanted.fixes):
        return []
    return [Plan((step,)) for step in wanted.steps]


def _left(report: Report) -> tuple[LeftOver, ...]:
    return tuple(
        LeftOver(finding.rule, finding.severity.value, finding.message, finding.help)
        for finding in report.findings
        if finding.severity is not Severity.NOTE
    )
