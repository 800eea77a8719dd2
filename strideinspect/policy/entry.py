"""An entry of a baseline: one place of an accepted finding."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from strideinspect.report import number_text
from strideinspect.results.fingerprint import layer_of, place
from strideinspect.results.one_cause import places_of
from strideinspect.results.report import Merge, Report, WindowNode


class Entry(Struct, frozen=True):
    """An accepted finding: all names of its place, and its message.

    `model` is the path of the model's file relative to the baseline's folder, with slashes; `operator` the window or
    merge that `output` comes from (`MaxPool 3×3/2`), None for other places; `namesakes` how many windows and merges,
    itself included, have the same name apart from a trailing number.
    """

    model: str
    rule: str
    layer: str | None
    node: str | None
    output: str | None
    operator: str | None
    namesakes: int
    input: str | None
    axes: tuple[int, ...]
    message: str

    @property
    def name(self) -> str:
        """The name of the node itself."""
        return self.node or self.output or ""

    @property
    def place(self) -> str:
        """Its most stable name, "" where it has none."""
        return place(self.layer, self.node, self.output)

    @property
    def title(self) -> str:
        """Rule and place, for messages."""
        where = self.place or self.output or self.input
        return f"{self.rule} at {where}" if where else self.rule


def entries(report: Report, model: str) -> tuple[Entry, ...]:
    """An entry for each place of each finding of the report, in order."""
    operators = {merge.output: merge.op for merge in report.merges}
    operators |= {window.output: number_text.window(window) for window in report.nodes}
    items: tuple[WindowNode | Merge, ...] = (*report.nodes, *report.merges)
    namesakes = count_namesakes(name for item in items for name in (item.name, item.output))
    return tuple(
        Entry(
            model=model,
            rule=finding.rule,
            layer=layer_of(finding),
            node=finding.node,
            output=finding.output,
            operator=operators.get(finding.output or ""),
            namesakes=namesakes[uncounted(finding.node or finding.output or "")],
            input=finding.input,
            axes=finding.axes,
            message=finding.message,
        )
        for whole in report.findings
        for finding in places_of(whole)
    )


def order(entry: Entry) -> tuple[object, ...]:
    """Sort key: model, rule and place, with numbers in names compared by value. For the file and for matching."""
    names = (entry.layer, entry.node, entry.output, entry.input)
    return (entry.model, entry.rule, *(_natural(name or "") for name in names), entry.axes, entry.message)


def count_namesakes(names: Iterable[str]) -> Counter[str]:
    """How many different names are equal apart from a trailing number."""
    return Counter(uncounted(name) for name in set(names) if name)


def uncounted(name: str) -> str:
    """A path without the counters that exporters append to its parts: `net_1/conv2d_3` is `net/conv2d`."""
    return re.sub(r"_\d+(?=[./]|$)", "", name)


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """A sort key under which `features.2` comes before `features.10`.

    Of two numbers the one with more digits is larger. Numbers stay text:
    a name may be anything, and Python refuses to convert thousands of digits.
    """
    return tuple((len(part.lstrip("0")), part) if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name))
