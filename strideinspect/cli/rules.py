"""`strideinspect rules`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from strideinspect.cli import console

if TYPE_CHECKING:
    from strideinspect.report.layout import Line
    from strideinspect.report.model import RuleInfo


class Format(StrEnum):
    """How the list is written."""

    TEXT = "text"
    JSON = "json"


def run(format: Annotated[Format, typer.Option("--format", help="How to write the list.")] = Format.TEXT) -> None:
    """List the rules by group: id, gravest severity, and when it fires."""
    from strideinspect.rules.registry import all_rules

    if format is Format.JSON:
        console.write(_json(all_rules()))
    else:
        console.show(tuple(_lines(all_rules())))


def _lines(rules: Sequence[RuleInfo]) -> Iterator[Line]:
    from strideinspect.report.findings import STYLES
    from strideinspect.report.layout import Span, Style, hang, pad

    id_width = max(len(rule.id) for rule in rules) + 2
    severity_width = max(len(rule.severity) for rule in rules) + 2
    group = ""
    for rule in rules:
        if rule.group != group:
            if group:
                yield ()
            group = rule.group
            yield (Span(group, Style.STRONG),)
        severity = Span(pad(rule.severity, severity_width), STYLES[rule.severity])
        yield from hang((Span("  " + pad(rule.id, id_width)), severity), rule.summary, console.width())


def _json(rules: Sequence[RuleInfo]) -> str:
    """A list of objects: id, group, gravest severity, summary, and the address of the rule's page."""
    import json

    from strideinspect.report.pages import address

    listed = [
        {"id": r.id, "group": r.group, "severity": r.severity.value, "summary": r.summary, "page": address(r.id)}
        for r in rules
    ]
    return json.dumps(listed, indent=2) + "\n"
