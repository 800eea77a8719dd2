"""The result of an inspection: frozen data, no input or output, no computation.

Axes are counted from 0 in the tensor that the docstring names; positions are pixel indices along that axis. The types
that users meet first are dataclasses; the small parts of them are named tuples, which Python defines three times faster
at every start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from strideinspect.results.cells import Cell, CellAxis, cells_of
from strideinspect.results.field import Field, Span
from strideinspect.results.graph_nodes import Branch, Dropped, Merge, Source, WindowNode
from strideinspect.results.ladder import LadderStep
from strideinspect.results.totals import NO_TOTALS, Totals
from strideinspect.results.verdict import Verification

if TYPE_CHECKING:
    import networkx

__all__ = [  # everything that a report is made of, but for fields and verification, can be imported from here
    "Accepted",
    "Branch",
    "Cell",
    "CellAxis",
    "Dropped",
    "FailedReport",
    "Finding",
    "Input",
    "LadderStep",
    "Merge",
    "Report",
    "RuleInfo",
    "Severity",
    "Source",
    "TensorReport",
    "Totals",
    "Unseen",
    "WindowNode",
]


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


class RuleInfo(NamedTuple):
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


class Input(NamedTuple):
    """A graph input at the inspected size.

    Attributes:
        name: Its name.
        shape: Elements per axis.
        spatial_axes: The axes along which the first window nodes slide; empty where there are none.
        assumed: The axes whose size neither the file nor the user gave, so that the program chose one.
        layout: Order of the axes, such as "NCHW", "NHWC" or "NCW"; empty where it has no such name.
        origins: Where the size of each axis of `assumed` is from: "metadata" (the exporter's), "weight" (the channels
            of a convolution), "state" (the batch of a recurrent state), "declared" (another shape in the file needs it)
            or "tried" (a usual size at which the model runs).
        value: The value that the user gave, as a number, a text or nested tuples of them; None where there is none.
    """

    name: str
    shape: tuple[int, ...]
    spatial_axes: tuple[int, ...]
    assumed: tuple[int, ...]
    layout: str
    origins: tuple[str, ...] = ()
    value: object = None


class TensorReport(NamedTuple):
    """A graph output, or another tensor that was asked for (`tensors`).

    Attributes:
        name: Name of the tensor.
        shape: Elements per axis; None where unknown.
        fields: Its receptive field: one Field per axis of a graph input.
        reason: Why the shape is unknown; None where it is known.
    """

    name: str
    shape: tuple[int, ...] | None
    fields: tuple[Field, ...]
    reason: str | None = None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The corner and the middle index, with what they really depend on; empty where there is no position."""
        return cells_of(self.fields)


class Unseen(NamedTuple):
    """Pixels along one axis of a graph input on which no graph output depends.

    Attributes:
        input: Name of the graph input.
        axis: Axis of that input.
        ranges: First and last pixel, both included, of each run of unseen pixels.
    """

    input: str
    axis: int
    ranges: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Finding:
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


class Accepted(NamedTuple):
    """What a baseline removed from a report.

    Attributes:
        baseline: Name of the baseline's file.
        findings: The findings that it accepts.
        stale: A text for each of its entries that no longer matches a finding.
    """

    baseline: str
    findings: tuple[Finding, ...]
    stale: tuple[str, ...] = ()


@dataclass(frozen=True)  # no slots: the graph is made when it is first asked for, and kept
class Report:
    """Everything that is known of one model at one input size.

    Attributes:
        path: The file, as it was given.
        producer: Name and version of the exporter; empty where the file does not say.
        opsets: Version of the operator set by domain; "" is the ONNX standard's own.
        node_count: Nodes of the graph, with local functions inlined.
        inputs: Graph inputs without initializers.
        nodes: Window nodes, in the order of the graph.
        tensors: The tensors that were asked for.
        outputs: Graph outputs.
        ladder: The steps by which the map is downsampled.
        unseen: Pixels of graph inputs on which no output depends.
        findings: What the rules report, the most serious first.
        verification: What running the model says of all this.
        merges: Nodes in which branches meet; with the window nodes they are the nodes of `graph`.
        edges: Edges of `graph`: the `output` of two nodes, the second of which reads the first's.
        accepted: What the baseline removed; None without a baseline.
        totals: Parameters, multiply-adds and activations of the whole model.
    """

    path: str
    producer: str
    opsets: dict[str, int]
    node_count: int
    inputs: tuple[Input, ...]
    nodes: tuple[WindowNode, ...]
    tensors: tuple[TensorReport, ...]
    outputs: tuple[TensorReport, ...]
    ladder: tuple[LadderStep, ...]
    unseen: tuple[Unseen, ...]
    findings: tuple[Finding, ...]
    verification: Verification
    merges: tuple[Merge, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()
    accepted: Accepted | None = None
    totals: Totals = NO_TOTALS

    def __repr__(self) -> str:
        counts = f"{len(self.nodes)} window nodes, {len(self.findings)} findings"
        return f"<Report of {self.path!r}: {counts}, {self.verification.status}>"

    @cached_property
    def graph(self) -> networkx.DiGraph[str]:
        """The window graph, a networkx.DiGraph: window nodes and merges, keyed by their first output tensor.

        Graph nodes have the attributes of WindowNode or Merge, and `kind`, "window" or "merge". An edge goes from a
        node to the next one that depends on it. Made when it is first used.
        """
        from strideinspect.results import window_graph  # imports networkx

        windows = [(window.output, {f.name: getattr(window, f.name) for f in fields(window)}) for window in self.nodes]
        merges = [(merge.output, merge._asdict()) for merge in self.merges]
        return window_graph.build(windows, merges, self.edges)

    @cached_property
    def graph_of_windows(self) -> networkx.DiGraph[str]:
        """The window graph without merges: an edge where one window node leads to the next through merges only.

        Its edges may grow with the square of the window nodes that meet in a merge.
        """
        from strideinspect.results import window_graph

        return window_graph.windows_only(self.graph)

    def node(self, key: str) -> WindowNode:
        """The first window node with this name or first output.

        Raises KeyError where there is none.
        """
        for node in self.nodes:
            if key in (node.output, node.name):
                return node
        raise KeyError(key)

    def at_least(self, severity: Severity) -> Iterator[Finding]:
        """The findings of this severity or higher."""
        return (finding for finding in self.findings if finding.severity.rank >= severity.rank)


@dataclass(frozen=True, slots=True)
class FailedReport:
    """The result of a model that could not be inspected.

    Attributes:
        path: The file, as it was given.
        message: What is wrong, in one sentence.
        help: What to do about it.
    """

    path: str
    message: str
    help: str
