"""Around operators that onnxruntime does not have, the rest of a model is run: they are cut out of its graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import onnx
from msgspec import Struct, structs
from onnx import TensorProto, helper

from strideinspect.model.subgraphs import captured, nested_subgraphs, subgraphs
from strideinspect.results.field import Shape
from strideinspect.verify.refusal import Refusal, RefusalKind
from strideinspect.verify.weightless import Weightless


class _Parts(Struct):
    """The nodes that are kept, and the reason for each tensor of the others: not computed, or `fed` as zeros."""

    kept: list[onnx.NodeProto]
    left_out: dict[str, str]
    fed: dict[str, str]


def without(weightless: Weightless, refused: Refusal, given: Mapping[str, Shape]) -> Weightless | None:
    """The model without the nodes of the operator that was refused, and without what depends on them.

    A tensor of such a node whose shape is `given` becomes an input of zeros. None where nothing is left to run.
    """
    if refused.kind is not RefusalKind.UNKNOWN_OPERATOR:
        return None
    graph = weightless.model.graph
    parts = _divided(weightless, refused, given)
    if not parts.kept or len(parts.kept) == len(graph.node):
        return None
    model = onnx.ModelProto()
    model.CopyFrom(weightless.model)
    del model.graph.node[:], model.graph.output[:]
    model.graph.node.extend(parts.kept)
    model.graph.output.extend(_outputs(graph, parts))
    feeds = dict(weightless.feeds)
    for name in parts.fed:
        kind = weightless.types.get(name, TensorProto.FLOAT)
        feeds[name] = np.zeros(given[name], helper.tensor_dtype_to_np_dtype(kind))
        model.graph.input.append(helper.make_tensor_value_info(name, kind, given[name]))
    used = {name for node in parts.kept for name in (*node.input, *captured(node))}
    unused = [entry for entry in model.graph.input if entry.name not in used and entry.name not in weightless.inputs]
    for entry in unused:  # weights of the nodes left out
        model.graph.input.remove(entry)
        del feeds[entry.name]
    return structs.replace(
        weightless, model=model, feeds=feeds, left_out={**weightless.left_out, **parts.left_out, **parts.fed}
    )


def _divided(weightless: Weightless, refused: Refusal, given: Mapping[str, Shape]) -> _Parts:
    parts = _Parts([], {}, {})
    operator = _operator(weightless, refused)
    for node in weightless.model.graph.node:
        inputs = (*node.input, *captured(node))
        inherited = next((parts.left_out[name] for name in inputs if name in parts.left_out), None)
        own = any((inner.domain, inner.op_type) == operator for inner in (node, *_inside(node)))
        if inherited is None and not own:
            parts.kept.append(node)
            continue
        label = f"{node.op_type} {weightless.labels.get(node.name, node.name)}"
        reason = inherited or f"{refused.reason}: neither {label} nor what depends on it was run"
        for name in filter(None, node.output):
            kept_apart = parts.fed if own and name in given else parts.left_out
            kept_apart[name] = reason
    return parts


def refused_node(weightless: Weightless, refused: Refusal) -> onnx.NodeProto | None:
    """The node that onnxruntime names, or the first with the operator that it does not have."""
    operator = _operator(weightless, refused)
    named = weightless.nodes.get(refused.node or "")
    if named is not None or refused.kind is not RefusalKind.UNKNOWN_OPERATOR:
        return named
    return next((node for node in weightless.nodes.values() if (node.domain, node.op_type) == operator), None)


def _operator(weightless: Weightless, refused: Refusal) -> tuple[str, str]:
    """Domain and name of the operator: those of the node that onnxruntime names, else as onnxruntime spells them."""
    node = weightless.nodes.get(refused.node or "")
    if node is not None:
        return node.domain, node.op_type
    domain, _, name = (refused.operator or "").rpartition(":")
    return domain, name


def _inside(node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
    for body in subgraphs(node):
        yield from body.node
        for nested in nested_subgraphs(body):
            yield from nested.node


def _outputs(graph: onnx.GraphProto, parts: _Parts) -> Iterator[onnx.ValueInfoProto]:
    """The outputs that can still be computed, and every tensor that no kept node uses, so that all of it runs."""
    gone = parts.left_out.keys() | parts.fed.keys()
    yield from (entry for entry in graph.output if entry.name not in gone)
    known = {entry.name for entry in graph.output}
    used = {name for node in parts.kept for name in (*node.input, *captured(node))}
    for node in parts.kept:
        yield from (onnx.ValueInfoProto(name=name) for name in node.output if name and name not in used | known)
