"""`strideinspect rules`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from strideinspect.cli import console

if TYPE_CHECKING:
    from strideinspect.report.layout import Line
    from strideinspect.results.report import RuleInfo


class RulesFormat(StrEnum):
    """The format of the list."""

    TEXT = "text"
    JSON = "json"


def run(
    format: Annotated[RulesFormat, typer.Option("--format", help="Format of the list.")] = RulesFormat.TEXT,
) -> None:
    """List the rules by group: id, maximum severity, and when the rule fires."""
    from strideinspect.rules.registry import all_rules

    if format is RulesFormat.JSON:
        console.write(_json(all_rules()), exact=True)
    else:
        console.show(tuple(_lines(all_rules())))


def _lines(rules: Sequence[RuleInfo]) -> Iterator[Line]:
    from strideinspect.report.findings_text import STYLES
    from strideinspect.report.layout import Segment, Style, hang, pad

    id_width = max(len(rule.id) for rule in rules) + 2
    severity_width = max(len(rule.severity) for rule in rules) + 2
    group = ""
    for rule in rules:
        if rule.group != group:
            if group:
                yield ()
            group = rule.group
            yield (Segment(group, Style.STRONG),)
        severity = Segment(pad(rule.severity, severity_width), STYLES[rule.severity])
        yield from hang((Segment("  " + pad(rule.id, id_width)), severity), rule.summary, console.width())


def _json(rules: Sequence[RuleInfo]) -> str:
    """A list of objects: id, group, maximum severity, summary, and the address of the rule's page."""
    import json

    from strideinspect.results.rule_links import address

    listed = [
        {
            "id": r.id,
            "group": r.group,
            "severity": r.severity.value,
            "summary": r.summary,
            "page": address(r.id, r.page),
        }
        for r in rules
    ]
    return json.dumps(listed, indent=2) + "\n"
