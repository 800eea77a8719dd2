"""What an inspection found: frozen data, no input or output, no geometry.

Axes are counted from 0 in the tensor that the docstring names; positions are pixel indices along that axis. What the
package exports are dataclasses; the small parts of them are named tuples, for every run has to define them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from strideinspect.results.field import Field, Span
from strideinspect.results.verdict import Verification

if TYPE_CHECKING:
    import networkx


class Severity(StrEnum):
    """How grave a finding is; ordered by `rank`."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for a note, 2 for an error."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class RuleInfo(NamedTuple):
    """A rule: its kebab-case id, its group, its maximum severity, and one line on when it fires.

    `page` is the address of its documentation where another package brings the rule.
    """

    id: str
    group: str
    severity: Severity
    summary: str
    page: str = ""


class Source(NamedTuple):
    """Where the model's author wrote a node: Python file and line as far as the exporter left them; the layer path."""

    file: str | None
    line: int | None
    scope: str | None


class Dropped(NamedTuple):
    """Indices of a window node's input that its windows never touch, counted per spatial axis."""

    pixels: tuple[int, ...]
    padding: tuple[int, ...]
    gap: tuple[int, ...]


class Input(NamedTuple):
    """A graph input. A first window slides along `spatial_axes`; the `assumed` axes were given a size by default."""

    name: str
    shape: tuple[int, ...]
    spatial_axes: tuple[int, ...]
    assumed: tuple[int, ...]
    layout: str  # NCHW, NHWC, NCW, ...; empty where the input has no spatial axes or the order has no such name


class Branch(NamedTuple):
    """A branch of an If of which the data decide whether it is taken.

    `node` is what to call the If, `side` then or else. `unfit` says why the branch cannot run at this size, if so.
    """

    node: str
    side: str
    unfit: str | None


@dataclass(frozen=True, slots=True)
class WindowNode:
    """A node that slides a window; the numbers are per spatial axis, after defaults and auto_pad are resolved.

    `output` is the first output tensor and the key everywhere; `label` what to call the node in a message.
    `macs` and `parameters` are for one batch element; None where unknown. `bytes` are the first byte and the length of
    the node's record in the file; None for a node that stands in a subgraph.
    """

    name: str
    op: str
    output: str
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding_begin: tuple[int, ...]
    padding_end: tuple[int, ...]
    output_padding: tuple[int, ...] | None
    input_shape: tuple[int, ...] | None
    output_shape: tuple[int, ...] | None
    spatial_axes: tuple[int, ...]  # of the node's own input and output
    macs: int | None
    parameters: int | None
    dropped: Dropped | None
    source: Source | None
    fields: tuple[Field, ...]
    bytes: tuple[int, int] | None = None
    branch: Branch | None = None  # where it stands, if it runs only where the data want it

    @property
    def label(self) -> str:
        """The node's name where it has one, else its first output tensor."""
        return self.name or self.output

    @property
    def learned(self) -> bool:
        """Whether the window has weights."""
        return bool(self.parameters)


class Merge(NamedTuple):
    """A node of the window graph in which branches meet (Add, Concat, …); `output` is its first output tensor."""

    name: str
    op: str
    output: str
    source: Source | None = None


class TensorReport(NamedTuple):
    """A graph output, or a tensor that the user asked for. `shape` is None where it is unknown, for this `reason`."""

    name: str
    shape: tuple[int, ...] | None
    fields: tuple[Field, ...]
    reason: str | None = None


class LadderStep(NamedTuple):
    """One step of the downsampling ladder: the windows that bring the map to this effective stride.

    `stride` (input pixels per index) and `size` (indices) are per spatial axis; `nodes` are output names.
    """

    stride: tuple[Fraction, ...]
    size: tuple[int, ...]
    nodes: tuple[str, ...]


class Unseen(NamedTuple):
    """Indices of a graph input's axis on which no graph output depends."""

    input: str
    axis: int
    ranges: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth telling, in one place.

    `axes` are axes of the tensor concerned: the graph input where `input` is given, else the node's own input.
    `ranges` (indices), `pixels` (how many indices) and `sizes` (extents to use instead) hold for each of `axes`.
    `bytes` are the first byte and the length, in the file, of the record of the node that makes `output`.
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
    page: str = ""  # address of the rule's documentation where another package brings the rule


class Accepted(NamedTuple):
    """What a baseline took out of a report: its file as it was named, and the findings that it accepts.

    `stale` says, in words, what its entries accepted that match nothing any more.
    """

    baseline: str
    findings: tuple[Finding, ...]
    stale: tuple[str, ...] = ()


@dataclass(frozen=True)  # no slots: the graph is made when it is first asked for, and kept
class Report:
    """All that is known of one model at one input size. `merges` and `edges` make up the window graph.

    `accepted` is None where no baseline was asked.
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

    @cached_property
    def graph(self) -> networkx.DiGraph[str]:
        """Window and merge nodes, named by their first output tensors, with the attributes of WindowNode and Merge."""
        from strideinspect.results import window_graph  # imports networkx

        windows = [(window.output, {f.name: getattr(window, f.name) for f in fields(window)}) for window in self.nodes]
        merges = [(merge.output, merge._asdict()) for merge in self.merges]
        return window_graph.build(windows, merges, self.edges)

    @cached_property
    def graph_of_windows(self) -> networkx.DiGraph[str]:
        """The same without merges: an edge where one window reaches the next through merges only."""
        from strideinspect.results import window_graph

        return window_graph.windows_only(self.graph)

    def node(self, key: str) -> WindowNode:
        """The window node with this name or first output. Raises KeyError where there is none."""
        for node in self.nodes:
            if key in (node.output, node.name):
                return node
        raise KeyError(key)

    def at_least(self, severity: Severity) -> Iterator[Finding]:
        """The findings of this severity or a graver one."""
        return (finding for finding in self.findings if finding.severity.rank >= severity.rank)


@dataclass(frozen=True, slots=True)
class FailedReport:
    """A model that could not be inspected."""

    path: str
    message: str
    help: str
