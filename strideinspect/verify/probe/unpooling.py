"""Max unpooling, found by running: the nodes between a MaxPool and what takes its indices run on random numbers.

Where the numbers that arrive are those that the MaxPool gave, each value goes back into the window that it came from.
Which indices a window reads was observed before, so that turning this round gives the windows that an index lies in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import prod
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from strideinspect.limits import MOST_TAPS
from strideinspect.results.field import Shape
from strideinspect.verify.axis_questions import ObservedTaps
from strideinspect.verify.probe.call import Call, operators
from strideinspect.verify.probe.shaping import reshaped
from strideinspect.verify.probe.value import InexpressibleError, Value
from strideinspect.verify.run_model import session

_IN_PLANES: Final = {"Scatter", "ScatterElements"}
"""Operators whose indices count along one axis, and so in a plane that is flat."""

_TAKES_INDICES: Final = {"MaxUnpool", "ScatterND"} | _IN_PLANES
_SEEDS: Final = (1, 2)
_MOST_NODES: Final = 64
"""Nodes between a pool and where its indices are used: exporters write about six."""


def pools_behind(
    nodes: Sequence[onnx.NodeProto], values: Mapping[str, np.ndarray], shapes: Mapping[str, Shape], opset: int
) -> dict[str, onnx.NodeProto]:
    """By name of a node that takes indices: the MaxPool that gave them. Nodes whose indices are constant have none."""
    makers = {name: node for node in nodes for name in node.output if name}
    found = {}
    for node in nodes:
        if node.op_type in _TAKES_INDICES and not _adds(node) and node.input[1] not in values:
            between = _between(node.input[1], makers, values)
            pool = None if between is None else _giver(node, between, values, shapes, opset)
            if pool is not None:
                found[node.name] = pool
    return found


def _between(
    name: str, makers: Mapping[str, onnx.NodeProto], values: Mapping[str, np.ndarray]
) -> list[onnx.NodeProto] | None:
    """The nodes that make a tensor from what MaxPools take, each before those that use it; None if there are others."""
    needed: dict[str, onnx.NodeProto] = {}
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name in values or not name:
            continue
        node = makers.get(name)
        if node is None or len(needed) > _MOST_NODES:
            return None
        needed.pop(node.name, None)  # it comes before this user, too
        needed[node.name] = node
        waiting += [] if _is_pool(node) else node.input
    return list(reversed(needed.values()))


def _adds(node: onnx.NodeProto) -> bool:
    """Whether the node is another operator of that name, or combines what it writes with what is there."""
    reduction = (attribute.s for attribute in node.attribute if attribute.name == "reduction")
    return bool(node.domain) or next(reduction, b"none") != b"none"


def _is_pool(node: onnx.NodeProto) -> bool:
    return node.op_type == "MaxPool" and not node.domain


def _giver(
    user: onnx.NodeProto,
    nodes: Sequence[onnx.NodeProto],
    values: Mapping[str, np.ndarray],
    shapes: Mapping[str, Shape],
    opset: int,
) -> onnx.NodeProto | None:
    """The pool whose indices arrive as they are, or counted within each plane where that is what the user takes."""
    indices = user.input[1]
    pools = [node for node in nodes if _is_pool(node) and len(node.output) > 1 and node.output[1]]
    fed = {node.input[0]: shapes.get(node.input[0]) for node in nodes if _is_pool(node)}
    sizes = {name: shape for name, shape in fed.items() if shape is not None and prod(shape) <= MOST_TAPS}
    if not pools or len(sizes) < len(fed):
        return None
    used = dict.fromkeys(name for node in nodes for name in node.input if name in values and name not in fed)
    wanted = [indices, *(pool.output[1] for pool in pools if pool.output[1] != indices)]
    graph = helper.make_graph(
        list(nodes),
        "indices",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in sizes.items()],
        [helper.make_empty_tensor_value_info(name) for name in wanted],
        [numpy_helper.from_array(values[name], name) for name in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    started = session(model, threads=1)
    alike = Counter[str]()
    for seed in _SEEDS:
        random = np.random.default_rng(seed)
        feeds = {name: random.standard_normal(shape, dtype=np.float32) for name, shape in sizes.items()}
        results = dict(zip(wanted, started.run(wanted, feeds), strict=True))
        arrived = results[indices].reshape(-1)
        for pool in pools:
            given = results[pool.output[1]].reshape(-1)
            plane = prod(sizes[pool.input[0]][2:])
            alike[pool.name] += np.array_equal(arrived, given % plane if user.op_type in _IN_PLANES else given)
    return next((pool for pool in pools if alike[pool.name] == len(_SEEDS)), None)


@operators("MaxUnpool")
def max_unpool(call: Call) -> Sequence[Value | None]:
    """Each value goes back into its window."""
    call.only(0, 1)
    return [unpooled(call, 0)]


def unpooled(call: Call, updates: int) -> Value:
    """What the result of unpooling the values at input `updates` depends on: them, and the indices at input 1."""
    pool = call.known.pools.get(call.node.name)
    if pool is None:
        raise InexpressibleError("its input 1 depends on the data, and not on the choice of a pool")
    before, after = call.known.shapes[pool.input[0]], call.known.shapes[pool.output[0]]
    shape = call.shape_out()
    whole = prod(shape) == prod(before) and prod(call.shape_in(updates)) == prod(after)
    if call.node.op_type in _IN_PLANES:
        whole = whole and _is_flat(call, shape, prod(before[2:]))
    elif len(shape) > 1:
        whole = whole and shape == before
    if not whole:
        raise InexpressibleError(f"it unpools to {shape} what was pooled from {before}")
    given = [reshaped(call.build, value, after) for k in (updates, 1) if (value := call.value(k)) is not None]
    value = call.build.union(given, after)
    tables = call.known.tables[pool.name]
    if isinstance(tables, str):
        raise InexpressibleError(tables)
    for axis, table in tables.items():
        if isinstance(table, str):
            raise InexpressibleError(table)
        value = call.build.read(value, axis, _turned(table))
    return reshaped(call.build, value, shape)


def _is_flat(call: Call, shape: Shape, plane: int) -> bool:
    """Whether the node scatters along a last axis that is a whole plane, with the other axes as they are."""
    axis = int(call.attributes.get("axis", 0)) % len(shape)
    return axis == len(shape) - 1 and shape[axis] == plane and call.shape_in(1)[:axis] == shape[:axis]


def _turned(table: ObservedTaps) -> ObservedTaps:
    """Which outputs read each index, in place of which indices each output reads."""
    readers: list[list[int]] = [[] for _ in range(table.length)]
    for output, reads in enumerate(table.reads.tolist()):
        for index in dict.fromkeys(reads):
            if index >= 0:
                readers[index].append(output)
    width = max(1, *map(len, readers))
    rows = [[*some, *[some[-1] if some else -1] * (width - len(some))] for some in readers]
    return ObservedTaps(table.size, np.array(rows))
