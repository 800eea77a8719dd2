"""What a finding is known by from one run to the next: its rule, the layer, and the input and axes concerned.

No message, number, line or byte offset is part of it, so that a finding stays the same one while the model around it
changes. Services that collect findings (GitHub, GitLab) tell by its fingerprint whether one is new.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strideinspect.results.report import Finding, Report

DIGITS = 32
"""Hexadecimal digits of a fingerprint: 128 bits."""


@dataclass(frozen=True, slots=True)
class FindingKey:
    """The parts of a fingerprint; findings of one report may share them.

    `place` is the layer's path where the exporter left one, else the node's name, else the output's; it is "" where
    the only name is a number, for such a name is a counter of the exporter's and changes with every edit. `axes` are
    those of the finding: of the graph input where `input` is given, else of the node's own input.
    """

    rule: str
    place: str
    input: str
    axes: tuple[int, ...]


def layer_of(finding: Finding) -> str | None:
    """The layer that a finding stands in.

    None for one at an input: its source is that of a window that brings it about, which may change.
    """
    return finding.source.scope if finding.source and (finding.node or finding.output) else None


def place(layer: str | None, node: str | None, output: str | None) -> str:
    """What the place of a finding is called, by the most lasting of its names."""
    name = node or output or ""
    return layer or ("" if name.isdecimal() else name)


def key(finding: Finding) -> FindingKey:
    """What a finding's fingerprint is made of."""
    where = place(layer_of(finding), finding.node, finding.output)
    return FindingKey(finding.rule, where, finding.input or "", finding.axes)


def fingerprints(report: Report, *, model: str = "") -> tuple[str, ...]:
    """One fingerprint per finding, in order: hexadecimal digits, unique within the report.

    Findings with equal keys are told apart by their order in the report. `model` goes into every fingerprint; where
    several models share one file of findings, their paths make the fingerprints unique in all of it.
    """
    seen: Counter[FindingKey] = Counter()
    found: list[str] = []
    for finding in report.findings:
        parts = key(finding)
        found.append(_digest([model, *astuple(parts), seen[parts]]))
        seen[parts] += 1
    return tuple(found)


def of_failure(model: str) -> str:
    """The fingerprint of the one thing there is to tell of a model that could not be inspected."""
    return _digest([model])


def _digest(parts: list[object]) -> str:
    """JSON keeps the parts apart: no two lists are written alike."""
    import hashlib  # it loads a library of its own, and most runs print no fingerprint

    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:DIGITS]
