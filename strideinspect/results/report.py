"""The result of an inspection: frozen data, no input or output, no computation.

Axes are counted from 0 in the tensor that the docstring names; positions are pixel indices along that axis.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from strideinspect.errors import UsageError
from strideinspect.results import drawing
from strideinspect.results.cells import Cell, CellAxis
from strideinspect.results.findings import Accepted, Finding, RuleInfo, Severity
from strideinspect.results.graph_nodes import Branch, Dropped, Merge, Source, WindowNode
from strideinspect.results.ladder import LadderStep
from strideinspect.results.tensors import Input, TensorReport, Unmatched, Unseen
from strideinspect.results.totals import NO_TOTALS, Totals
from strideinspect.results.verdict import Verification

if TYPE_CHECKING:
    import networkx
    import pandas
    from matplotlib.figure import Figure

    from strideinspect.results.effective_field import EffectiveOutput


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
    "Unmatched",
    "Unseen",
    "WindowNode",
]


class Report(Struct, frozen=True, dict=True):  # noqa: PLW1641 - `opsets` has no hash; `dict` keeps the graph once made
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
        unmatched: Patterns of the settings that match nothing in the model.
        effective: What the outputs really see; empty unless the settings ask for it. It is not compared.
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
    unmatched: tuple[Unmatched, ...] = ()
    effective: tuple[EffectiveOutput, ...] = ()

    def __eq__(self, other: object) -> bool:
        """Whether all but what the outputs really see is the same: that is in arrays, which have no truth value."""
        if not isinstance(other, Report):
            return NotImplemented
        compared = [name for name in self.__struct_fields__ if name != "effective"]
        return all(getattr(self, name) == getattr(other, name) for name in compared)

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

        windows = [(window.output, structs.asdict(window)) for window in self.nodes]
        merges = [(merge.output, structs.asdict(merge)) for merge in self.merges]
        return window_graph.build(windows, merges, self.edges)

    @cached_property
    def graph_of_windows(self) -> networkx.DiGraph[str]:
        """The window graph without merges: an edge where one window node leads to the next through merges only.

        Its edges may grow with the square of the window nodes that meet in a merge.
        """
        from strideinspect.results import window_graph

        return window_graph.windows_only(self.graph)

    @cached_property
    def plain_graph(self) -> networkx.DiGraph[str]:
        """`graph` with plain attributes, so that networkx can write it as GraphML, GEXF or node-link JSON.

        Attributes are texts and numbers: sizes per axis are written as in "3x3", a stride of 1/2 as "1/2", and what is
        not known is left out. Receptive field and stride are those of the node's first input.
        """
        from strideinspect.results import window_graph

        return window_graph.plain(self.graph)

    def to_dict(self, *, positions: bool = False) -> dict[str, Any]:
        """The report as dicts, lists, texts and numbers: an entry of `models` in the JSON report.

        `positions` adds the actual field of every index.
        """
        from strideinspect.results import as_data

        return {**as_data.model(self, positions=positions)}

    def to_json(self, *, positions: bool = False) -> str:
        """The JSON report (`strideinspect/report/1`) of this model alone."""
        from strideinspect.results import as_data
        from strideinspect.version import __version__

        return json.dumps(as_data.document([as_data.model(self, positions=positions)], __version__), indent=2)

    def to_html(self) -> str:
        """The HTML page of this model alone, which needs no network.

        Contributions and holes are computed from the file; where it is not there any more, the page says so.
        """
        return drawing.display().report_page(self)

    def plot(self, kind: str, layer: str | None = None) -> Figure:
        """A matplotlib figure: "ladder", "fields", "graph", "boxes" or "contribution"; the last two of one layer.

        Without `layer` they show the last one with a position. Raises UsageError where there is nothing to draw, or
        matplotlib is not installed.
        """
        return drawing.display().figure(self, kind, layer)

    def _repr_html_(self) -> str:
        """The page in a frame, for notebooks."""
        from strideinspect.results.notebook_frame import framed  # only in notebooks

        return framed("report", self.to_html)

    def to_rows(self) -> list[dict[str, str | int | float | Fraction | None]]:
        """The receptive-field table: a dict per window node and input axis, with the columns of the CSV report."""
        from strideinspect.results import rows

        return [*rows.rows(self.nodes)]

    def to_pandas(self) -> pandas.DataFrame:
        """`to_rows` as a pandas.DataFrame, with fractions as floats.

        Raises UsageError where pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError as error:
            raise UsageError("to_pandas needs pandas", "pip install pandas, or use to_rows()") from error
        rows = [{k: float(v) if isinstance(v, Fraction) else v for k, v in row.items()} for row in self.to_rows()]
        return pandas.DataFrame(rows)

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


class FailedReport(Struct, frozen=True):
    """The result of a model that could not be inspected.

    Attributes:
        path: The file, as it was given.
        message: What is wrong, in one sentence.
        help: What to do about it.
    """

    path: str
    message: str
    help: str
