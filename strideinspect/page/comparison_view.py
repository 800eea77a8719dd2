"""What the template writes of two versions of a model side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from markupsafe import Markup
from msgspec import Struct

from strideinspect.page import comparison_rows, fields_chart, inspector_data, svg
from strideinspect.page.comparison import Comparison, Version
from strideinspect.page.model_view import ModelView, json_block
from strideinspect.report import source_lines
from strideinspect.report.answers import Section
from strideinspect.report.layout import printable
from strideinspect.results.pictures import NO_PICTURES

CHART = (600.0, 300.0)
"""Size of a chart in CSS pixels, beside another."""


class ComparisonTable(Struct, frozen=True):
    """A part of the answer: a sentence, a table under it, and notes."""

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]


class VersionView:
    """One version."""

    def __init__(self, version: Version, key: str) -> None:
        self.name = version.name
        self.key = key
        self.model = ModelView(version.report, version.contributions, NO_PICTURES, (), source_lines.AS_GIVEN, key)
        self.panels = fields_chart.panels(version.report)

    def charts(self, reach: tuple[int, int]) -> list[tuple[str, Markup]]:
        """Receptive field against depth, with axes that reach at least so far in depth and size."""
        model = self.model
        return [
            (
                panel.title,
                svg.markup(fields_chart.draw(model.report, panel, *CHART, model.link, model.titles, reach)),
            )
            for panel in self.panels
        ]

    @property
    def data(self) -> Markup:
        """What the script knows of it."""
        model = self.model
        return json_block(inspector_data.model_data(model.report, model.contributions, {}, model.names, {}))


class ComparisonView:
    """The page of two versions."""

    def __init__(self, comparison: Comparison) -> None:
        self.title = printable(comparison.answer.path)
        first, second = comparison.versions
        self.versions = VersionView(first, "m1"), VersionView(second, "m2")
        self._comparison = comparison

    @cached_property
    def what(self) -> ComparisonTable:
        """What differs, or is changed."""
        return _table(self._comparison.answer.sections[0])

    @cached_property
    def effect(self) -> ComparisonTable | None:
        """What that does to outputs and totals."""
        sections = self._comparison.answer.sections[1:]
        return _table(sections[-1]) if sections else None

    @cached_property
    def rows(self) -> list[comparison_rows.PairRow]:
        """The table of layers."""
        first, second = (version.model for version in self.versions)
        nodes = (first.report.nodes, second.report.nodes)
        return comparison_rows.rows(self._comparison.layers, nodes, (first.titles, second.titles))

    @property
    def two_files(self) -> bool:
        """Whether the versions are in two files, whose names are shown."""
        return len({version.model.path for version in self.versions}) > 1

    @property
    def other_names(self) -> bool:
        """Whether the versions call their layers differently, so that both names are shown."""
        return any(row.titles[0] != row.titles[1] for row in self.rows if None not in (row.first, row.second))

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Sign and meaning of every state that occurs."""
        first, second = (version.name for version in self.versions)
        meanings = {
            comparison_rows.State.SAME: "same",
            comparison_rows.State.DIFFERS: "differs: the layer itself is another",
            comparison_rows.State.FOLLOWS: "follows: the layer is the same, what it sees or makes is not",
            comparison_rows.State.FIRST: f"only {first}",
            comparison_rows.State.SECOND: f"only {second}",
        }
        found = {row.state for row in self.rows}
        return [(comparison_rows.SIGNS[state], words) for state, words in meanings.items() if state in found]

    @cached_property
    def charts(self) -> list[list[tuple[str, Markup]]]:
        """The charts of each version, with equal axes."""
        points = [point for version in self.versions for panel in version.panels for point in panel.points]
        reach = max((p.depth for p in points), default=1), max((p.theoretical for p in points), default=1)
        return [version.charts(reach) for version in self.versions]

    @property
    def data(self) -> Markup:
        """The pairs of layers, and the one to begin with: the last one that differs and has a position in both."""
        pairs = [(row.first, row.second) for row in self.rows]
        return json_block({"pairs": pairs, "first": self._first()})

    def _first(self) -> int:
        placed = [row for row in self.rows if all(map(self._has_position, self.versions, (row.first, row.second)))]
        differing = [row for row in placed if row.state != comparison_rows.State.SAME]
        return next((row.number for row in reversed(differing or placed)), 0)

    @staticmethod
    def _has_position(version: VersionView, number: int | None) -> bool:
        return number is not None and bool(inspector_data.position_axes(version.model.report.nodes[number]))


def _table(section: Section) -> ComparisonTable:
    return ComparisonTable(
        printable(section.heading),
        [column.title for column in section.columns],
        [[printable(cell) for cell in row] for row in section.rows],
        [printable(note) for note in section.notes],
    )
