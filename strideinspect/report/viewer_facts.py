"""What is said of the parts of a model beside it: facts of its window nodes, inputs and outputs, and of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from strideinspect import spelling
from strideinspect.report import alignment_text, field_text, number_text
from strideinspect.results.one_cause import places_of
from strideinspect.results.report import Finding, Report, TensorReport, WindowNode
from strideinspect.results.rows import by_input

Facts = Sequence[tuple[str, str]]
"""Names, none of them twice, and what is said under each."""


class ModelFacts(Struct, frozen=True):
    """The facts of a model.

    Attributes:
        model: Of the whole.
        nodes: Of window nodes, and of other nodes at which something is found, by their first output.
        inputs: Of graph inputs of which something is never seen, by name.
        outputs: Of graph outputs, by name.
    """

    model: Facts
    nodes: Mapping[str, Facts]
    inputs: Mapping[str, Facts]
    outputs: Mapping[str, Facts]


def facts(report: Report) -> ModelFacts:
    """What a viewer can show of a report."""
    windows = {node.output: node for node in report.nodes}
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        for place in places_of(finding):
            if place.output:
                found.setdefault(place.output, []).append(place)
    nodes: dict[str, Facts] = {key: [*_of_window(node), *_found(found.get(key, ()))] for key, node in windows.items()}
    named = {output.name for output in report.outputs}
    nodes |= {key: _found(places) for key, places in found.items() if key not in windows and key not in named}
    at_output = {key: places for key, places in found.items() if key not in windows}
    return ModelFacts(
        _of_model(report),
        nodes,
        _unseen(report),
        {output.name: [*_of_output(output), *_found(at_output.get(output.name, ()))] for output in report.outputs},
    )


def _of_model(report: Report) -> Facts:
    totals = report.totals
    unseen = [(f"never seen of {name}", text) for name, facts in _unseen(report).items() for _, text in facts]
    sizes = ", ".join(f"{given.name} {spelling.shape_text(given.shape)}" for given in report.inputs)
    return [
        *([("inspected at", sizes)] if sizes else []),
        ("parameters", number_text.magnitude(totals.parameters)),
        *([] if totals.macs is None else [("multiply-adds", number_text.magnitude(totals.macs))]),
        *unseen,
        *_found(report.findings),
    ]


def _unseen(report: Report) -> dict[str, Facts]:
    lost: dict[str, list[str]] = {}
    for part in report.unseen:
        lost.setdefault(part.input, []).append(f"axis {part.axis}: {spelling.spans(part.ranges)}")
    return {name: [("never seen", "; ".join(texts))] for name, texts in lost.items()}


def _found(findings: Iterable[Finding]) -> Facts:
    """The messages of each rule under its name and severity."""
    texts: dict[str, list[str]] = {}
    for finding in findings:
        texts.setdefault(f"{finding.severity} {finding.rule}", []).append(finding.message)
    return [(name, "; ".join(dict.fromkeys(messages))) for name, messages in texts.items()]


def _of_window(node: WindowNode) -> Facts:
    several = len(by_input(node.fields)) > 1
    own: list[tuple[str, str]] = []
    for name, fields in by_input(node.fields).items():
        of = f" in {name}" if several else ""
        own += [
            (f"receptive field{of}", field_text.size_cell(fields, ())),
            (f"effective stride{of}", field_text.stride_cell(fields)),
            (f"position{of}", alignment_text.sentence(fields)),
        ]
    dropped, skipped = number_text.losses(node.dropped, brief=False)
    own += [("dropped", dropped), ("skipped", skipped)]
    return [(name, text) for name, text in own if text]


def _of_output(output: TensorReport) -> Facts:
    fields = by_input(output.fields).items()
    return [(f"receptive field in {name}", field_text.sentence(found, name=name)) for name, found in fields]
