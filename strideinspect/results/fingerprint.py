"""Fingerprints: what identifies a finding from one run to the next, namely its rule, its layer, its input and its axes.

No message, number, line or byte offset is part of a fingerprint, so that a finding keeps it while the model around it
changes. Services that collect findings (GitHub, GitLab) use it to decide whether a finding is new.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct, structs

if TYPE_CHECKING:
    from strideinspect.results.report import Finding, Report

DIGITS = 32
"""Hexadecimal digits of a fingerprint: 128 bits."""


class FindingKey(Struct, frozen=True):
    """The parts of a fingerprint; findings of one report may share them.

    Attributes:
        rule: Id of the rule.
        place: The path of the layer where the exporter recorded one, else the node's name, else the output's; "" where
            the only name is a number, which exporters count up and every edit changes.
        input: The graph input concerned, or "".
        axes: Axes of the finding: of the graph input where `input` is given, else of the node's own input.
    """

    rule: str
    place: str
    input: str
    axes: tuple[int, ...]


def layer_of(finding: Finding) -> str | None:
    """The layer that a finding is in.

    None for a finding at an input: its source is that of a window node that causes it, which may change.
    """
    return finding.source.scope if finding.source and (finding.node or finding.output) else None


def place(layer: str | None, node: str | None, output: str | None) -> str:
    """The name of the place of a finding: the one of its names that is least likely to change."""
    name = node or output or ""
    return layer or ("" if name.isdecimal() else name)


def key(finding: Finding) -> FindingKey:
    """The parts of a finding's fingerprint."""
    where = place(layer_of(finding), finding.node, finding.output)
    return FindingKey(finding.rule, where, finding.input or "", finding.axes)


def fingerprints(report: Report, *, model: str = "") -> tuple[str, ...]:
    """One fingerprint per finding, in order: hexadecimal digits, unique within the report.

    Findings with equal keys are distinguished by their order in the report. `model` is part of every fingerprint: where
    several models share one file of findings, pass their paths to make the fingerprints unique in that file.
    """
    earlier: Counter[FindingKey] = Counter()
    digests: list[str] = []
    for finding in report.findings:
        parts = key(finding)
        digests.append(_digest([model, *structs.astuple(parts), earlier[parts]]))
        earlier[parts] += 1
    return tuple(digests)


def of_failure(model: str) -> str:
    """The fingerprint of a model that could not be inspected."""
    return _digest([model])


def _digest(parts: list[object]) -> str:
    """A digest of the parts as JSON, which writes no two lists alike."""
    import hashlib  # it loads a library of its own, and most runs print no fingerprint

    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:DIGITS]
