"""What other viewers of models show beside a node: files for Netron and Model Explorer.

Netron reads an attachment since 8.2.7: entries of a kind ("model", "node", "value") and a target, which is a name.
Model Explorer reads node data: a value per node of a graph, by the nodes' names, with a colour scale.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from strideinspect.report import viewer_facts
from strideinspect.results.report import Report, WindowNode

SIGNATURE = "netron:attachment"
GRADIENT = ("#fde725", "#90d743", "#35b779", "#21918c", "#31688e", "#443983", "#440154")
"""Viridis, from the least value to the largest."""


class SideFile(Struct, frozen=True):
    """The data of a file, how many window nodes it describes, and how many it cannot name."""

    data: Mapping[str, Any]
    nodes: int
    left_out: int


def netron(report: Report) -> SideFile:
    """An attachment for Netron: what is said of nodes, inputs, outputs and the model.

    Netron finds nodes by their names and shows what is attached to the last of several with one name. So a node without
    a name of its own is described at its output.
    """
    said = viewer_facts.facts(report)
    names = Counter(node.name for node in report.nodes)
    own = {node.output: node.name for node in report.nodes if node.name and names[node.name] == 1}
    entries = [*_entries("model", "", said.model)]
    for output, facts in said.nodes.items():
        kind, target = ("node", own[output]) if output in own else ("value", output)
        entries += _entries(kind, target, facts)
    for name, facts in (*said.inputs.items(), *said.outputs.items()):
        entries += _entries("value", name, facts)
    return SideFile({"signature": SIGNATURE, "metadata": entries, "metrics": []}, len(report.nodes), 0)


def _entries(kind: str, target: str, facts: viewer_facts.Facts) -> Iterator[dict[str, str]]:
    # Netron compares with the first line of a name.
    name = target.partition("\n")[0]
    yield from ({"kind": kind, "target": name, "name": fact, "value": value} for fact, value in facts)


KINDS = ("receptive field", "effective stride", "multiply-adds", "parameters")
"""The values for Model Explorer, a file each."""


def model_explorer(report: Report, graph: str) -> Mapping[str, SideFile]:
    """Node data for Model Explorer by kind of value; nodes without a name of their own cannot be named there."""
    names = Counter(node.name for node in report.nodes)
    named = [node for node in report.nodes if node.name and names[node.name] == 1]
    left_out = len(report.nodes) - len(named)
    files = {}
    for kind in KINDS:
        results = {node.name: {"value": value} for node in named if (value := _value(node, kind)) is not None}
        if results:
            stops = [{"stop": n / (len(GRADIENT) - 1), "bgColor": colour} for n, colour in enumerate(GRADIENT)]
            data = {graph: {"results": results, "gradient": stops, "name": kind}}
            files[kind] = SideFile(data, len(results), left_out)
    return files


def _value(node: WindowNode, kind: str) -> float | None:
    match kind:
        case "receptive field":
            return max((field.size for field in node.fields if field.size is not None), default=None)
        case "effective stride":
            strides = [abs(float(field.stride)) for field in node.fields if field.stride is not None]
            return max(strides, default=None)
        case "multiply-adds":
            return node.macs
        case _:
            return node.parameters
