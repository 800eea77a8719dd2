"""Shapes of what onnxruntime drops before a run: Casts and Identities that change nothing, Constants without a use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import onnx

from strideinspect.results.field import Shape


def enter_dropped_copies(graph: onnx.GraphProto, seen: dict[str, Shape], not_checked: Mapping[str, str]) -> None:
    """Enter the shapes of Casts and Identities that onnxruntime dropped: those of their inputs.

    Of several dropped ones in a row, only the last one's output occurs as an input in the profile.
    """
    for node in graph.node:
        if (
            node.op_type in {"Cast", "Identity"}
            and not node.domain
            and node.input[0] in seen
            and node.output[0] not in not_checked
        ):
            seen.setdefault(node.output[0], seen[node.input[0]])


def enter_constants(nodes: Iterable[onnx.NodeProto], seen: dict[str, Shape]) -> None:
    """Enter the shapes of Constants that onnxruntime dropped because nothing uses them: the file has them."""
    for node in nodes:
        if node.op_type == "Constant" and not node.domain and node.output[0] not in seen:
            for attribute in node.attribute:
                if attribute.name == "value":
                    seen[node.output[0]] = tuple(attribute.t.dims)
                elif attribute.name in {"value_float", "value_int", "value_string"}:
                    seen[node.output[0]] = ()
                elif attribute.name in {"value_floats", "value_ints", "value_strings"}:
                    seen[node.output[0]] = (max(map(len, (attribute.floats, attribute.ints, attribute.strings))),)
