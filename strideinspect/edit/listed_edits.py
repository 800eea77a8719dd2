"""Edits as people read them: the nodes before and after, in the text form of ONNX."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import onnx
import onnx.printer

from strideinspect.edit.edits import Edit, InsertNodes, apply_to_node, key_of, node_of


def lines(graph: onnx.GraphProto, edits: Sequence[Edit]) -> Iterator[str]:
    """Per edited node a line with its name, what goes, and what comes."""
    for node in graph.node:
        own = [edit for edit in edits if node_of(edit) == key_of(node)]
        if not own:
            continue
        yield f"@@ {node.op_type} {node.name or key_of(node)}"
        yield from (f"+ {_text(new)}" for edit in own if isinstance(edit, InsertNodes) for new in edit.nodes)
        changed = onnx.NodeProto()
        changed.CopyFrom(node)
        apply_to_node(changed, own)
        if changed != node:
            yield f"- {_text(node)}"
            yield f"+ {_text(changed)}"


def _text(node: onnx.NodeProto) -> str:
    """One line, without the metadata that exporters write."""
    plain = onnx.NodeProto()
    plain.CopyFrom(node)
    del plain.metadata_props[:]
    plain.ClearField("doc_string")
    plain.ClearField("name")
    return " ".join(onnx.printer.to_text(plain).split())
