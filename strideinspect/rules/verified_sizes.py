"""Whether a size may be advised: the whole inspection at it says so, and then onnxruntime."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec import structs

from strideinspect.limits import MOST_SIZES_CONFIRMED
from strideinspect.results.report import Finding, Severity
from strideinspect.rules import registry

if TYPE_CHECKING:
    from strideinspect.model.node import Shape
    from strideinspect.rules.inspection import Inspection


def accepted(inspection: Inspection, name: str, shape: Shape) -> bool:
    """Whether a size is no worse than the present one in anything: no error, and no warning that is not there now.

    Advice is given for warnings; what remains of them at the size is said beside it (`remaining`).
    """
    if (name, shape) in inspection.refused_sizes:
        return False
    there = _findings(inspection, name, shape)
    if any(finding.severity is Severity.ERROR for finding in there):
        return False
    now = {_place(finding) for finding in _findings(inspection, name, inspection.analysis.sizes[name])}
    return all(_place(finding) in now for finding in there if finding.severity is Severity.WARNING)


def runs(inspection: Inspection, name: str, shape: Shape) -> bool:
    """Whether every node runs at a size, and a whole inspection at it has no error."""
    analysis = inspection.size_search.at(name, shape)
    outputs = analysis.shapes.shapes.keys()
    if analysis.problems or not all(output in outputs for output in analysis.network.outputs):
        return False
    return not any(finding.severity is Severity.ERROR for finding in _findings(inspection, name, shape))


def remaining(inspection: Inspection, name: str, shape: Shape, rules: Iterable[str]) -> list[Finding]:
    """The warnings of these rules that a whole inspection at a size has."""
    wanted = frozenset(rules)
    there = _findings(inspection, name, shape)
    return [finding for finding in there if finding.rule in wanted and finding.severity is Severity.WARNING]


def _findings(inspection: Inspection, name: str, shape: Shape) -> list[Finding]:
    known = inspection.findings_elsewhere
    if (name, shape) not in known:
        analysis = inspection.size_search.at(name, shape)
        # An inspection without advice: it would ask for other sizes in turn.
        there = structs.replace(inspection, analysis=analysis, verification=None, advises=False, effective=())
        ids = frozenset(rule.id for rule in registry.all_rules())
        causes = registry.run(there, ids, after_verification=False)
        known[name, shape] = [finding for places in causes for finding in places]
    return known[name, shape]


def _place(finding: Finding) -> tuple[str, str | None]:
    return finding.rule, finding.output or finding.input


def confirmed(
    inspection: Inspection,
    rules: frozenset[str],
    causes: list[list[Finding]],
    refusal: Callable[[dict[str, Shape]], object],
) -> list[list[Finding]]:
    """The findings of the rules before verification, by cause, naming only sizes at which onnxruntime runs the model.

    `refusal` says why it does not run at these shapes of the graph inputs, None if it does. A size that is refused is
    looked for again; after a few runs nothing more is tried, and what was not run is not advised.
    """
    tried: set[tuple[str, Shape]] = set()
    while any(finding.sizes for places in causes for finding in places):
        fresh = [named for named in inspection.size_search.named if named not in tried]
        if not fresh:
            return causes
        runs = fresh[: MOST_SIZES_CONFIRMED - len(tried)]
        tried.update(runs)
        refused = {(name, shape) for name, shape in runs if refusal({**inspection.analysis.sizes, name: shape})}
        refused.update(fresh[len(runs) :])
        if not refused:
            return causes
        last = len(tried) >= MOST_SIZES_CONFIRMED
        inspection = structs.replace(inspection, refused_sizes=inspection.refused_sizes | refused, advises=not last)
        causes = registry.run(inspection, rules, after_verification=False)
    return causes
