"""Check that text in a model is UTF-8: otherwise protobuf returns bytes, which no later code handles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strideinspect.errors import UnreadableModelError

if TYPE_CHECKING:
    from collections.abc import Collection

    import onnx


def check_model_text(name: str, model: onnx.ModelProto) -> None:
    """Raise UnreadableModelError, with `name` as the model's name, where its own texts are not UTF-8."""
    check_text(name, [model.producer_name, model.producer_version, model.domain])
    check_text(name, [entry.domain for entry in model.opset_import])
    check_text(name, [text for entry in model.metadata_props for text in (entry.key, entry.value)])


def check_graph_text(name: str, graph: onnx.GraphProto) -> None:
    """The same for the names of a graph and its nodes, symbolic sizes, and the nodes' metadata."""
    check_text(name, [graph.name])
    check_text(name, [text for node in graph.node for text in (node.op_type, node.name, node.domain)])
    check_text(
        name, [text for node in graph.node for entry in node.metadata_props for text in (entry.key, entry.value)]
    )
    values = [*graph.input, *graph.output]
    check_text(name, [dim.dim_param for value in values for dim in value.type.tensor_type.shape.dim])
    check_text(name, [value.name for value in (*values, *graph.value_info)])


def check_text(name: str, texts: Collection[object]) -> None:
    """Raise UnreadableModelError where one of these is not text. Checks only their types, which is fast."""
    if not set(map(type, texts)) <= {str}:
        broken = next(text for text in texts if not isinstance(text, str))
        raise UnreadableModelError(f"{name} is damaged: {broken!r} is not UTF-8 text", "download or export it again")
