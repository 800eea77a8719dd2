"""The window graph as a file: GraphML and node-link JSON as networkx writes them, DOT for Graphviz."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from strideinspect.errors import UsageError
from strideinspect.report import field_text, number_text
from strideinspect.results.report import Report


def rendered(report: Report, suffix: str) -> str:
    """The graph in the format of a file's suffix. Raises UsageError for another suffix."""
    if suffix not in FORMATS:
        raise UsageError(
            f"a graph cannot be written as {suffix or 'a file without suffix'}", f"use {', '.join(FORMATS)}"
        )
    return FORMATS[suffix](report)


def _graphml(report: Report) -> str:
    import networkx

    return "\n".join(networkx.generate_graphml(report.plain_graph)) + "\n"


def _node_link(report: Report) -> str:
    import networkx

    return json.dumps(networkx.node_link_data(report.plain_graph, edges="edges"), indent=2) + "\n"


def _dot(report: Report) -> str:
    lines = ["digraph {", "  node [shape=box, fontname=Helvetica]"]
    for node in report.nodes:
        label = f"{node.label}\n{number_text.window(node)}\nRF {field_text.size_cell(node.fields, ())}"
        label += f", stride {field_text.stride_cell(node.fields)}"
        lines.append(f"  {_quoted(node.output)} [label={_quoted(label)}]")
    lines += [f"  {_quoted(merge.output)} [label={_quoted(merge.op)}, shape=ellipse]" for merge in report.merges]
    lines += [f"  {_quoted(start)} -> {_quoted(end)}" for start, end in report.edges]
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    """A string of DOT: a backslash before a quote, and each backslash of the text kept."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


FORMATS: Mapping[str, Callable[[Report], str]] = {".graphml": _graphml, ".json": _node_link, ".dot": _dot, ".gv": _dot}
"""By suffix."""
