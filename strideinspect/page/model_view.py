"""What the template writes of one model: words, drawings and links, computed from its report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property

from markupsafe import Markup
from msgspec import Struct

from strideinspect import spelling
from strideinspect.page import (
    effective_view,
    fields_chart,
    graph_drawing,
    graph_folding,
    inspector_data,
    ladder_stages,
    layer_rows,
    pictures_view,
    stride_colours,
    svg,
    three_questions,
)
from strideinspect.page.graph_drawing import SIGNS
from strideinspect.report import field_text, number_text, source_lines
from strideinspect.report import findings_text as found
from strideinspect.report.layer_names import layer_names
from strideinspect.report.layout import plain, printable
from strideinspect.report.repeated_blocks import short_names
from strideinspect.results import rule_links
from strideinspect.results.contribution import Contributions
from strideinspect.results.effective_field import EffectiveOutput
from strideinspect.results.one_cause import places_of
from strideinspect.results.pictures import Pictures
from strideinspect.results.report import Finding, Report, Severity
from strideinspect.results.rows import by_input

WIDE, NARROW = (780.0, 320.0), (350.0, 300.0)
"""Sizes of the chart where there is room, and on a telephone."""


class Message(Struct, frozen=True):
    """What is found at one place, with the place in the source; `node` is a window node's number, if it is one."""

    text: str
    place: str
    node: int | None


class Paragraph(Struct, frozen=True):
    """Findings that share a rule and an advice."""

    number: int
    severity: Severity
    sign: str
    rule: str
    address: str
    messages: Sequence[Message]
    help: str


class ModelView:
    """One model; `key` begins the ids of its elements, so that several fit into one page."""

    def __init__(
        self,
        report: Report,
        contributions: Contributions,
        pictures: Pictures,
        effective: Sequence[EffectiveOutput],
        files: source_lines.Files,
        key: str,
    ) -> None:
        self.report = report
        self.contributions = contributions
        self.pictures = pictures
        self._seen = effective
        self.files = files
        self.key = key
        self.path = printable(files.model(report.path))
        self.names = layer_names(report.nodes)
        self.numbers = {node.output: number for number, node in enumerate(report.nodes)}

    @cached_property
    def titles(self) -> list[str]:
        """The names of the window nodes in order."""
        return [printable(self.names[node.output]) for node in self.report.nodes]

    @property
    def link(self) -> str:
        """What the address of a window node begins with; its number follows."""
        return f"#{self.key}-n"

    @property
    def facts(self) -> list[str]:
        """The line under the title."""
        report = self.report
        opset = [f"opset {version}" for domain, version in report.opsets.items() if not domain]
        nodes = spelling.count(report.node_count, "node")
        return [printable(fact) for fact in (report.producer, *opset, nodes) if fact]

    @property
    def inputs(self) -> list[tuple[str, str, str]]:
        """Name, shape and layout of each input."""
        return [
            (
                printable(given.name),
                spelling.shape_text(given.shape),
                _about(given.assumed, number_text.layout_of(given)),
            )
            for given in self.report.inputs
        ]

    @property
    def outputs(self) -> list[tuple[str, str, list[str]]]:
        """Name, shape and sentences of each output."""
        return [
            (
                printable(output.name),
                spelling.shape_text(output.shape),
                [
                    *map(printable, three_questions.what_it_sees(output)),
                    *map(printable, field_text.cell_sentences(output)),
                ],
            )
            for output in (*self.report.tensors, *self.report.outputs)
        ]

    @property
    def totals(self) -> list[tuple[str, str]]:
        """Number and noun of what the whole model holds and costs."""
        totals = self.report.totals
        memory = (
            [] if totals.activations is None else [(number_text.bytes_text(totals.activations), "activations at most")]
        )
        return [
            (number_text.magnitude(totals.parameters), "parameters"),
            *([] if totals.macs is None else [(number_text.magnitude(totals.macs), "multiply-adds")]),
            *memory,
            (f"{len(self.report.nodes):,}", spelling.plural("window node", len(self.report.nodes))),
        ]

    @cached_property
    def answers(self) -> tuple[three_questions.QuestionAndAnswer, ...]:
        """The three questions."""
        return three_questions.answers(self.report)

    @property
    def summary(self) -> str:
        """The findings, counted."""
        return plain([found.summary(self.report)]).strip()

    @property
    def accepted(self) -> list[str]:
        """What a baseline accepts."""
        return [printable(text) for text in found.accepted(self.report)]

    @cached_property
    def findings(self) -> list[Paragraph]:
        """The findings in paragraphs, the most severe first."""
        return [self._paragraph(number, group) for number, group in enumerate(found.grouped(self.report.findings))]

    def _paragraph(self, number: int, group: found.Group) -> Paragraph:
        first = group.first
        return Paragraph(
            number,
            first.severity,
            SIGNS[first.severity],
            first.rule,
            rule_links.address(first.rule, first.page),
            [
                Message(printable(text), printable(source_lines.at(place, self.files)), self._node(place))
                for text, place in group.messages(found.MOST)
            ],
            printable(first.help),
        )

    def _node(self, finding: Finding) -> int | None:
        return self.numbers.get(finding.output or "")

    @cached_property
    def _found_at(self) -> dict[str, list[tuple[int, Severity]]]:
        """Per tensor the paragraphs about the node that makes it."""
        at: dict[str, list[tuple[int, Severity]]] = {}
        for number, group in enumerate(found.grouped(self.report.findings)):
            for place in (place for finding in group.findings for place in places_of(finding)):
                if place.output and (number, place.severity) not in at.setdefault(place.output, []):
                    at[place.output].append((number, place.severity))
        return at

    @cached_property
    def branches(self) -> list[ladder_stages.LadderBranch]:
        """The ladder."""
        return ladder_stages.branches(self.report)

    @property
    def further_branches(self) -> str:
        """How many branches of the ladder are left out, in words; empty for none."""
        number = ladder_stages.further(self.report)
        return f"{spelling.count(number, 'further branch')}; the JSON report lists them" if number else ""

    @cached_property
    def stages(self) -> list[pictures_view.StageView]:
        """The feature maps of a photo."""
        return pictures_view.stages(self.pictures, self.report, self.names)

    @cached_property
    def photos(self) -> list[pictures_view.PhotoView]:
        """The photo, for drawings to lay under what they show."""
        return pictures_view.photos(self.pictures, self.report, self.key)

    @cached_property
    def effective(self) -> list[effective_view.OutputView]:
        """What the outputs really see."""
        photos = {photo.input: f"#{photo.id}" for photo in self.photos}
        return effective_view.outputs(self._seen, self.numbers, photos, self.pictures.fed)

    @property
    def further_effective(self) -> str:
        """How many outputs are left out of that, in words; empty for none."""
        return effective_view.further(self._seen)

    @property
    def mass(self) -> effective_view.MassView:
        """What its maps and curves are of."""
        return effective_view.mass(self._seen)

    @cached_property
    def charts(self) -> list[tuple[str, Markup, Markup]]:
        """Receptive field against depth: a title and the drawing, wide and narrow."""
        return [
            (panel.title, svg.markup(self._chart(panel, WIDE)), svg.markup(self._chart(panel, NARROW)))
            for panel in fields_chart.panels(self.report)
        ]

    def _chart(self, panel: fields_chart.Panel, size: tuple[float, float]) -> svg.Element:
        return fields_chart.draw(self.report, panel, *size, self.link, self.titles)

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Class and words of every colour that is used."""
        return stride_colours.legend(stride_colours.step(node.fields) for node in self.report.nodes)

    @cached_property
    def graphs(self) -> list[tuple[str, Markup]]:
        """The graph with repeated blocks folded, if there are any, and whole."""
        folded = graph_folding.folded(self.report)
        graphs = [*([("folded", folded)] if folded else []), ("whole", graph_folding.whole(self.report))]
        return [(name, svg.markup(self._graph(graph))) for name, graph in graphs if graph.nodes]

    def _graph(self, graph: graph_folding.Graph) -> svg.Element:
        severities = {key: max((s for _, s in found), key=lambda s: s.rank) for key, found in self._found_at.items()}
        short = short_names([*self.names.values()])
        boxes = {key: short[name] for key, name in self.names.items()}
        labels = graph_drawing.Labels(self.names, boxes, severities, self.link)
        return graph_drawing.draw(self.report, graph, labels, "graph of the window nodes")

    @cached_property
    def rows(self) -> list[layer_rows.LayerRow]:
        """The table of window nodes."""
        return layer_rows.rows(self.report.nodes, self.titles)

    @property
    def several_inputs(self) -> bool:
        """Whether window nodes depend on more than one input."""
        return any(len(by_input(node.fields)) > 1 for node in self.report.nodes)

    @property
    def data(self) -> Markup:
        """What the script knows, as JSON that ends no element whatever it holds."""
        photos = {photo.input: photo.address for photo in self.photos}
        numbers = {key: [number for number, _ in at] for key, at in self._found_at.items()}
        return json_block(inspector_data.model_data(self.report, self.contributions, photos, self.names, numbers))


def json_block(data: object) -> Markup:
    """JSON inside a script element: no text in it can end the element or begin a comment."""
    text = json.dumps(data, separators=(",", ":"))
    escapes = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}
    return Markup(text.translate(escapes))  # noqa: S704  # no markup is left in it


def _about(assumed: Sequence[int], layout: str) -> str:
    return (
        f"{layout}; size assumed along {'axis' if len(assumed) == 1 else 'axes'} {', '.join(map(str, assumed))}"
        if assumed
        else layout
    )
