"""Where a finding is said to be."""

from __future__ import annotations

import pytest

from strideinspect.report import source_lines
from strideinspect.results.report import Finding, Severity, Source
from tests.report.builders import InRepository


def finding(message: str, source: Source | None, node: str | None = None) -> Finding:
    """A finding at a node with this source."""
    return Finding("rule", Severity.NOTE, message, node=node, source=source)


@pytest.mark.parametrize(("message", "source", "said"), [
    ("Conv c loses a row", None, ""),
    ("Conv c loses a row", Source("/build/repo/net.py", 7, "stem.conv"), "net.py:7 (stem.conv)"),
    ("Conv c loses a row", Source("/build/repo/net.py", 7, None), "net.py:7"),
    # Not of this repository: as the export has it.
    ("Conv c loses a row", Source("/home/me/net.py", 7, "stem.conv"), "/home/me/net.py:7 (stem.conv)"),
    ("Conv c loses a row", Source(None, None, "stem.conv"), "stem.conv"),
    # The node's own name says the layer's already.
    ("Conv /stem/conv/Conv loses a row", Source(None, None, "stem.conv"), ""),
    ("Conv net/stem/conv/Conv2D loses a row", Source(None, None, "net/stem/conv"), ""),
])  # fmt: skip
def test_places_for_people(message: str, source: Source | None, said: str) -> None:
    """Line and layer where they are known, and nothing that the message says already."""
    assert source_lines.at(finding(message, source), InRepository()) == said


@pytest.mark.parametrize(("source", "line"), [
    (Source("/build/repo/net.py", 7, None), source_lines.SourceLine("net.py", 7)),
    (Source("/build/repo/net.py", 0, None), source_lines.SourceLine("net.py", 1)),  # formats count from 1
    (Source("/build/repo/net.py", None, None), None),
    (Source("/elsewhere/net.py", 7, None), None),
    (None, None),
])  # fmt: skip
def test_lines_of_the_repository(source: Source | None, line: source_lines.SourceLine | None) -> None:
    """A line counts only where the repository has its file."""
    assert source_lines.line_of(finding("", source), InRepository()) == line
