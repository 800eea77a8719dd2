"""Where findings are in a repository, for formats that point at a file and a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from strideinspect import spelling
from strideinspect.report.layout import printable
from strideinspect.results import rule_links
from strideinspect.results.report import Finding

MOST = 20
"""Number of further places of a finding that the formats of CI services list."""


class Files(Protocol):
    """The paths of files in the repository; renderers do not access the file system themselves."""

    def model(self, path: str) -> str:
        """The path of a model, relative to the repository where it lies in it."""

    def relative(self, file: str) -> str | None:
        """The path, relative to the repository, of a source file that a stack trace names; None if not there."""


class _AsGiven:
    """Paths as given, where no repository is known."""

    def model(self, path: str) -> str:
        return path

    def relative(self, file: str) -> str | None:  # noqa: ARG002  # no file is known to be here
        return None


AS_GIVEN: Files = _AsGiven()


class SourceLine(Struct, frozen=True):
    """A line of a source file of the repository, counted from 1."""

    file: str
    number: int


def line_of(finding: Finding, files: Files) -> SourceLine | None:
    """The line of the repository on which the author wrote what the finding is about, where that is known."""
    source = finding.source
    if source is None or source.file is None or source.line is None:
        return None
    file = files.relative(source.file)
    return None if file is None else SourceLine(file, max(1, source.line))


def layer_of(finding: Finding) -> str | None:
    """What to call the finding's place in the network: the layer's path, else the node, the tensor or the input."""
    scope = finding.source.scope if finding.source is not None else None
    return scope or finding.node or finding.output or finding.input


def at(finding: Finding, files: Files) -> str:
    """`net/model.py:42 (features.0)` for people: source line and layer, as far as they are known.

    A layer without a line is left out where the message names it already. A file outside the repository keeps the path
    that the export gives it.
    """
    source = finding.source
    if source is None:
        return ""
    scope = source.scope or ""
    if source.file is None:
        named = all(part in finding.message for part in re.split(r"[./]", scope))
        return "" if named else scope
    line = line_of(finding, files)
    code = f"{source.file}:{source.line}" if line is None else f"{line.file}:{line.number}"
    return f"{code} ({scope})" if scope else code


def lines_of(finding: Finding, model: str, files: Files) -> tuple[str, ...]:
    """The finding in lines of text: what is wrong, what to do, in which model and layers, and the rule's page."""
    layer = layer_of(finding)
    lines = (
        finding.message,
        f"help: {finding.help}" if finding.help else "",
        f"in {model}" + (f", at {layer}" if layer else ""),
        *also(finding, files),
        rule_links.address(finding.rule, finding.page),
    )
    return tuple(printable(line) for line in lines if line)


def also(finding: Finding, files: Files) -> Iterator[str]:
    """A line per further place of the finding, with its source line where that is known; after a few, their number."""
    for place in finding.also[:MOST]:
        line = line_of(place, files)
        code = "" if line is None else f", {line.file}:{line.number}"
        rule = "" if place.rule == finding.rule else f" ({place.rule})"
        yield f"also {place.message}{rule}{code}"
    left = len(finding.also) - MOST
    if left > 0:
        yield f"and at {spelling.count(left, 'more place')}"
