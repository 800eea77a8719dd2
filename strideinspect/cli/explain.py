"""`strideinspect explain RULE`."""

from __future__ import annotations

from typing import Annotated

import typer

from strideinspect.cli import console


def run(
    name: Annotated[str, typer.Argument(metavar="RULE", help="Id of a rule, or a group.")],
) -> None:
    """Print the page of a rule: what it checks and why, a model that it flags, a clean one, and what to do."""
    from strideinspect.report.layout import Line, Segment, Style
    from strideinspect.rules.page import page
    from strideinspect.rules.registry import all_rules, named

    def line(text: str) -> Line:
        return (Segment(text.lstrip("# "), Style.STRONG),) if text.startswith("#") else (Segment(text),)

    wanted = named([name])
    pages = "\n".join(page(rule).markdown() for rule in all_rules() if rule.id in wanted)
    console.show(tuple(line(text) for text in pages.splitlines()))
