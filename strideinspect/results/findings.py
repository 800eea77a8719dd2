"""What the rules report."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from strideinspect.results.field import Span
from strideinspect.results.graph_nodes import Source


class Severity(StrEnum):
    """How serious a finding is. Compare `rank`: as text, severities sort alphabetically."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for a note, 1 for a warning, 2 for an error."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class RuleInfo(Struct, frozen=True):
    """A rule.

    Attributes:
        id: Its name in kebab-case, which findings, options and configurations use.
        group: The group it belongs to, which options and configurations may name instead.
        severity: The maximum severity of its findings.
        summary: One line that says when it fires.
        page: Address of its documentation where another package brings the rule; else empty.
    """

    id: str
    group: str
    severity: Severity
    summary: str
    page: str = ""


class Finding(Struct, frozen=True):
    """What one rule reports, and every place of the model where that, or a consequence of it, is the case.

    Attributes:
        rule: Id of the rule.
        severity: How serious it is.
        message: What is wrong, where and by how much, in one sentence.
        help: What to do about it; may be empty.
        node: Name of the node concerned, or None.
        output: First output of that node, or the graph output concerned, or None.
        input: The graph input concerned, or None.
        axes: Axes of the tensor concerned: of the graph input where `input` is given, else of the node's own input.
        ranges: First and last index, both included, of each run of indices concerned; they hold along each of `axes`.
        pixels: How many indices are concerned along each of `axes`; None where that is not counted.
        sizes: Sizes of each of `axes` to use instead.
        source: Where the author wrote the node; None where the exporter recorded nothing.
        bytes: First byte and length, in the file, of the record of the node that makes `output`; None where there is
            none.
        page: Address of the rule's documentation where another package brings the rule; else empty.
        also: The same at further places, and its consequences (findings of other rules); none has `also` of its own.
            Notes of one rule are one finding.
        assumed: Whether it may hold only at the input size that the program chose; then it is a warning at most.
    """

    rule: str
    severity: Severity
    message: str
    help: str = ""
    node: str | None = None
    output: str | None = None
    input: str | None = None
    axes: tuple[int, ...] = ()
    ranges: tuple[Span, ...] = ()
    pixels: int | None = None
    sizes: tuple[int, ...] = ()
    source: Source | None = None
    bytes: tuple[int, int] | None = None
    page: str = ""
    also: tuple[Finding, ...] = ()
    assumed: bool = False

    def __repr__(self) -> str:
        return f"<Finding {self.severity} {self.rule}: {self.message}>"


class Accepted(Struct, frozen=True):
    """What a baseline removed from a report.

    Attributes:
        baseline: Name of the baseline's file.
        findings: The findings that it accepts.
        stale: A text for each of its entries that no longer matches a finding.
    """

    baseline: str
    findings: tuple[Finding, ...]
    stale: tuple[str, ...] = ()
