"""Replace each If by the branch that its constant condition selects, else by both branches and a joining node."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import onnx
from onnx import helper

from strideinspect.verify.exactness import chooses


def followed(
    nodes: Sequence[onnx.NodeProto],
    values: Mapping[str, np.ndarray],
    inexact: Collection[str],
    ran: Collection[str],
) -> Iterator[onnx.NodeProto]:
    """The nodes without Ifs that have branches.

    `values` are those of known tensors, `inexact` the tensors that depend on the data, `ran` those that were computed.
    The joining node is an If without bodies, whose inputs are the condition and a result of each branch.
    """
    for node in nodes:
        branches = {attribute.name: attribute.g for attribute in node.attribute if attribute.HasField("g")}
        if node.op_type != "If" or node.domain or branches.keys() != {"then_branch", "else_branch"}:
            yield node
            continue
        taken = _taken(node.input[0], branches, values, inexact, ran)
        if not chooses(node):
            for branch in taken:
                yield from followed(branch.node, values, inexact, ran)
        for name, *results in zip(node.output, *map(_results, taken), strict=False):
            if name:
                inputs, op = ([node.input[0], *results], "If") if len(taken) > 1 else (results, "Identity")
                yield helper.make_node(op, inputs, [name], name=node.name)


def _taken(
    condition: str,
    branches: Mapping[str, onnx.GraphProto],
    values: Mapping[str, np.ndarray],
    inexact: Collection[str],
    ran: Collection[str],
) -> list[onnx.GraphProto]:
    """The branch that the condition selects; both where it depends on the data, or where nothing tells.

    A condition that is computed within a branch has no known value, but the branch that it selected has run.
    """
    then, otherwise = branches["then_branch"], branches["else_branch"]
    if condition in inexact:
        return [then, otherwise]
    if condition in values:
        return [then if bool(values[condition].reshape(-1)[0]) else otherwise]
    seen = [branch for branch in (then, otherwise) if any(map(ran.__contains__, _computed(branch)))]
    return seen if len(seen) == 1 else [then, otherwise]


def _computed(branch: onnx.GraphProto) -> Iterator[str]:
    """The tensors that only a run of the branch can have computed."""
    return (name for node in branch.node if node.op_type != "Constant" for name in node.output)


def _results(branch: onnx.GraphProto) -> list[str]:
    """The results of a branch; for an Identity in it, the tensor that it copies."""
    copied = {node.output[0]: node.input[0] for node in branch.node if node.op_type == "Identity"}
    return [copied.get(value.name, value.name) for value in branch.output]
