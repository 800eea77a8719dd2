"""A model as it is in its file and with edits in memory, both inspected at the same input size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct, structs

from strideinspect import inspector
from strideinspect.analysis import Analysis
from strideinspect.edit import declarations
from strideinspect.edit.declarations import Declarations
from strideinspect.edit.edits import Edit, edited
from strideinspect.model.inference import infer
from strideinspect.model.load import LoadedModel
from strideinspect.model.network import prepare
from strideinspect.policy import assumed_sizes, choices
from strideinspect.results.changes import Broken, DroppedBy, Summary
from strideinspect.results.report import Report
from strideinspect.rules.clean_sizes import preferred
from strideinspect.settings import Settings
from strideinspect.studies.opening import opened
from strideinspect.studies.size_trials import Attempt


class InspectedModel(Struct, frozen=True):
    """A model, the choice of its open sizes, and the report at these sizes."""

    model: LoadedModel
    attempt: Attempt
    report: Report

    @property
    def analysis(self) -> Analysis:
        """The analysis at these sizes."""
        return self.attempt.analysis


class EditedModel(Struct, frozen=True):
    """A model with edits: its analysis, the report, and which declarations of the file do not hold any more."""

    model: LoadedModel
    analysis: Analysis
    report: Report
    declarations: Declarations

    @classmethod
    def of(cls, before: InspectedModel, edits: Sequence[Edit], settings: Settings) -> EditedModel:
        """Inspect the model with these edits at the size of the one before."""
        model = edited(before.model, edits)
        network = prepare(model, settings.operators)
        shapes = infer(network, before.analysis.sizes).shapes
        gone = declarations.outdated(model.proto.graph, shapes, before.analysis.shapes.shapes)
        declarations.applied(model.proto.graph, gone)
        network = prepare(model, settings.operators)
        analysis = Analysis(infer(network, before.analysis.sizes), before.analysis.assumed)
        # A size that was passed over was so for the model as it is.
        attempt = structs.replace(before.attempt, analysis=analysis, passed_over="", failed=(), reason=None)
        return cls(model, analysis, _report(model, attempt, settings), gone)


def inspected(path: str, settings: Settings) -> InspectedModel:
    """Inspect a file at the sizes that are given, else at those that the program chooses."""
    file = opened(path, settings)
    attempt = preferred(file.trials)
    return InspectedModel(file.model, attempt, _report(file.model, attempt, settings))


def _report(model: LoadedModel, attempt: Attempt, settings: Settings) -> Report:
    static = structs.replace(settings, verify="none", baseline=None)
    report = inspector.static_report(model, attempt, static)
    return assumed_sizes.applied(choices.applied(report, settings.severity, settings.per_node_ignores))


def summary(report: Report) -> Summary:
    """What is compared of a report."""
    counts = Counter(finding.rule for finding in report.findings)
    return Summary(
        totals=report.totals,
        ladder=report.ladder,
        outputs=report.outputs,
        unseen=report.unseen,
        dropped=tuple(
            DroppedBy(node.label, node.dropped.pixels)
            for node in report.nodes
            if node.dropped is not None and any(node.dropped.pixels)
        ),
        findings=tuple(counts.items()),
    )


def broken(before: Analysis, after: Analysis) -> tuple[Broken, ...]:
    """The nodes that cannot run after the edits, and could before."""
    known = {problem.node.key for problem in before.problems}
    return tuple(
        Broken(problem.node.label, problem.node.op, problem.text)
        for problem in after.problems
        if problem.node.key not in known
    )
