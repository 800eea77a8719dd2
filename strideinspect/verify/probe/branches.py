"""An If whose condition is known is replaced by the branch that runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import onnx
from onnx import helper


def taken(
    nodes: Sequence[onnx.NodeProto], values: Mapping[str, np.ndarray], inexact: Collection[str]
) -> list[onnx.NodeProto]:
    """The nodes with every such If followed. One whose names clash with others stays as it is."""
    used = [name for node in nodes for name in node.output if name]
    return list(_followed(nodes, values, inexact, set(used)))


def _followed(
    nodes: Sequence[onnx.NodeProto], values: Mapping[str, np.ndarray], inexact: Collection[str], used: set[str]
) -> Iterator[onnx.NodeProto]:
    for node in nodes:
        branch = _branch(node, values, inexact)
        inner = set() if branch is None else {name for n in branch.node for name in n.output if name}
        if branch is None or inner & used:
            yield node
            continue
        used |= inner
        yield from _followed(branch.node, values, inexact, used)
        for result, name in zip(branch.output, node.output, strict=False):
            if name:
                yield helper.make_node("Identity", [result.name], [name], name=node.name)


def _branch(node: onnx.NodeProto, values: Mapping[str, np.ndarray], inexact: Collection[str]) -> onnx.GraphProto | None:
    if node.op_type != "If" or node.domain or node.input[0] in inexact or node.input[0] not in values:
        return None
    name = "then_branch" if bool(values[node.input[0]].reshape(-1)[0]) else "else_branch"
    return next((attribute.g for attribute in node.attribute if attribute.name == name), None)
