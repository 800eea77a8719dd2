"""Window nodes with their numbers, their cost and what they leave untouched; the downsampling ladder."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from strideinspect.assembly.fields import fields_of
from strideinspect.fields.coverage import dropped, hollow
from strideinspect.fields.forward import Fields, NodeReads
from strideinspect.fields.index_masks import Masks, all_marked, back
from strideinspect.model.convolution_inputs import CONVOLUTION_INPUTS
from strideinspect.model.geometry import Geometry, Kind
from strideinspect.model.node import Node, UnresolvedError
from strideinspect.model.shapes import Shapes
from strideinspect.model.source import source_of
from strideinspect.model.window import is_window
from strideinspect.reads.reduction import REDUCTIONS, reduced_axes
from strideinspect.results.report import Branch, Dropped, LadderStep, WindowNode


def touched(shapes: Shapes, nodes: Sequence[NodeReads]) -> dict[str, Masks]:
    """Per window node, by its first output, the indices of its input that its windows reach."""
    found = {}
    for item in nodes:
        slid = shapes.geometries.get(item.node.key)
        if not item.known or slid is None:
            continue
        tensor = item.node.inputs[slid.data]
        shape = shapes.shapes[tensor]
        read = next((r for r in item.reads if r.input == slid.data), None)
        if read is not None:
            marks = back(read, all_marked(shapes.shapes[item.node.key]))
            found[item.node.key] = marks or tuple(np.zeros(n, dtype=bool) for n in shape)
    return found


def windows(
    shapes: Shapes,
    fields: Fields,
    touched: Mapping[str, Masks],
    spatial: Mapping[str, tuple[int, ...]],
    live: frozenset[str],
) -> tuple[WindowNode, ...]:
    """All window nodes in graph order, and reductions that collapse every image axis of an input.

    `live` are the tensors that depend on an input of the model.
    """
    found = []
    for node in shapes.nodes:
        slid = shapes.geometries.get(node.key)
        if not node.key:
            continue  # what it makes has no name, so that nobody can use it
        if slid is not None:
            found.append(_window(shapes, node, slid, fields, touched.get(node.key), live))
        elif is_window(node):
            found.append(_unplaced(shapes, node))
        elif node.op in REDUCTIONS and not node.domain and node.key in shapes.shapes:
            reduced = _reduction(shapes, node, fields, spatial)
            if reduced is not None:
                found.append(reduced)
    if not shapes.branches:
        return tuple(found)
    return tuple(replace(window, branch=_branch(shapes, window.output)) for window in found)


def _branch(shapes: Shapes, output: str) -> Branch | None:
    """The branch of an undecided If in which a node stands."""
    side = shapes.branches.get(output)
    return None if side is None else Branch(side.label, side.name, shapes.unfit.get(side))


def _window(
    shapes: Shapes, node: Node, slid: Geometry, fields: Fields, marks: Masks | None, live: frozenset[str]
) -> WindowNode:
    tensor = node.inputs[slid.data]
    shape = shapes.shapes[tensor]
    counted: Dropped | None = None
    if slid.kind in (Kind.CONVOLUTION, Kind.POOL) and marks is not None:
        counted = dropped(slid, marks, [hollow(fields, tensor, axis, shape[axis]) for axis in slid.axes])
    macs, parameters = _cost(shapes, node, slid, live)
    return WindowNode(
        name=node.name,
        op=node.op,
        output=node.key,
        kernel=tuple(w.kernel for w in slid.windows),
        stride=tuple(w.stride for w in slid.windows),
        dilation=tuple(w.dilation for w in slid.windows),
        padding_begin=tuple(w.begin for w in slid.windows),
        padding_end=tuple(w.end for w in slid.windows),
        output_padding=tuple(w.output_padding for w in slid.windows) if slid.kind is Kind.TRANSPOSED else None,
        input_shape=shape,
        output_shape=shapes.shapes[node.key],
        spatial_axes=slid.axes,
        macs=macs,
        parameters=parameters,
        dropped=counted,
        source=source_of(node),
        bytes=shapes.network.model.node_offset(node.proto),
        fields=fields_of(shapes, fields, node.key),
    )


def _unplaced(shapes: Shapes, node: Node) -> WindowNode:
    """A window node that cannot run at this size, or behind one that cannot, with the file's own numbers."""
    kernel = node.integers("kernel_shape") or next(
        (shapes.shapes[name][2:] for name in node.inputs[1:2] if name in shapes.shapes), ()
    )
    count = len(kernel)
    pads = _numbers(node, "pads", 2 * count, 0)
    return WindowNode(
        name=node.name,
        op=node.op,
        output=node.key,
        kernel=kernel,
        stride=_numbers(node, "strides", count, 1),
        dilation=_numbers(node, "dilations", count, 1),
        padding_begin=pads[:count],
        padding_end=pads[count:],
        output_padding=None,
        input_shape=shapes.shapes.get(node.inputs[0]) if node.inputs else None,
        output_shape=None,
        spatial_axes=tuple(range(2, 2 + count)),
        macs=None,
        parameters=None,
        dropped=None,
        source=source_of(node),
        bytes=shapes.network.model.node_offset(node.proto),
        fields=(),
    )


def _numbers(node: Node, attribute: str, count: int, default: int) -> tuple[int, ...]:
    """So many numbers of an attribute, or its default where the file gives another number of them."""
    found = node.integers(attribute)
    return found if found is not None and len(found) == count else (default,) * count


def _cost(shapes: Shapes, node: Node, slid: Geometry, live: frozenset[str]) -> tuple[int | None, int | None]:
    """Multiply-adds for one batch element, and weights with bias, as far as no input of the model makes them.

    Every weight is used once at each place of the window: an output index, or for a transposed window an input index.
    A pooling has neither.
    """
    if slid.weight is None:
        return 0, 0
    weight = shapes.shapes[node.inputs[slid.weight]]
    places = (w.length if slid.kind is Kind.TRANSPOSED else w.size for w in slid.windows)
    at = CONVOLUTION_INPUTS[node.domain, node.op].bias
    has_bias = at is not None and len(node.inputs) > at and node.inputs[at]
    given = [node.inputs[i] for i in (slid.weight, at if has_bias else None) if i is not None]
    parameters = sum(math.prod(shapes.shapes.get(name, (0,))) for name in given if name not in live)
    return math.prod(places) * math.prod(weight), parameters


def _reduction(shapes: Shapes, node: Node, fields: Fields, spatial: Mapping[str, tuple[int, ...]]) -> WindowNode | None:
    """A ReduceX that collapses all image axes of an input: a global pooling by another name."""
    tensor = node.inputs[0]
    seen = fields.get(tensor, {})
    try:
        axes = reduced_axes(shapes.placed(node))
    except UnresolvedError:
        return None
    shape = shapes.shapes[tensor]
    for name, own in spatial.items():
        running = [seen[name, axis].actual.axes for axis in own if (name, axis) in seen]
        if not own or len(running) < len(own) or not all(len(r) == 1 and r <= set(axes) for r in running):
            continue
        over = tuple(next(iter(r)) for r in running)
        if len(set(over)) < len(over):
            continue
        return WindowNode(
            name=node.name,
            op=node.op,
            output=node.key,
            kernel=tuple(shape[axis] for axis in over),
            stride=(1,) * len(over),
            dilation=(1,) * len(over),
            padding_begin=(0,) * len(over),
            padding_end=(0,) * len(over),
            output_padding=None,
            input_shape=shape,
            output_shape=shapes.shapes[node.key],
            spatial_axes=over,
            macs=0,
            parameters=0,
            dropped=None,
            source=source_of(node),
            bytes=shapes.network.model.node_offset(node.proto),
            fields=fields_of(shapes, fields, node.key),
        )
    return None


def ladder(windows: Sequence[WindowNode]) -> tuple[LadderStep, ...]:
    """The windows that coarsen the map, grouped by the effective stride that they bring it to."""
    rungs: dict[tuple[tuple[Fraction, ...], tuple[int, ...]], list[str]] = {}
    for window in windows:
        if window.dropped is None or window.output_shape is None or max(window.stride) == 1:
            continue
        strides = _strides(window)
        if strides is None:
            continue
        size = tuple(window.output_shape[axis] for axis in window.spatial_axes)
        rungs.setdefault((strides, size), []).append(window.output)
    return tuple(LadderStep(stride, size, tuple(nodes)) for (stride, size), nodes in rungs.items())


def _strides(window: WindowNode) -> tuple[Fraction, ...] | None:
    """Effective stride per spatial axis of the node, of the first input that runs along all of them."""
    for name in dict.fromkeys(f.input for f in window.fields):
        own = {f.node_axis: abs(f.stride) for f in window.fields if f.input == name and f.stride is not None}
        found = [own.get(axis) for axis in window.spatial_axes]
        known = [stride for stride in found if stride is not None]
        if known and len(known) == len(found):
            return tuple(known)
    return None
