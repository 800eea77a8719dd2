"""`strideinspect rules`."""

from __future__ import annotations

from collections.abc import Iterator

from strideinspect.cli import console


def run() -> None:
    """List the rules by group: id, gravest severity, and when it fires."""
    from strideinspect.report.findings import STYLES
    from strideinspect.report.layout import Line, Span, Style, hang, pad
    from strideinspect.rules.registry import all_rules

    rules = all_rules()
    id_width = max(len(rule.id) for rule in rules) + 2
    severity_width = max(len(rule.severity) for rule in rules) + 2

    def lines() -> Iterator[Line]:
        group = ""
        for rule in rules:
            if rule.group != group:
                if group:
                    yield ()
                group = rule.group
                yield (Span(group, Style.STRONG),)
            severity = Span(pad(rule.severity, severity_width), STYLES[rule.severity])
            yield from hang((Span("  " + pad(rule.id, id_width)), severity), rule.summary, console.width())

    console.show(tuple(lines()))
