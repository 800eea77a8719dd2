"""Window nodes with their attributes and the input pixels that they drop or skip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import structs

from strideinspect.fields.axis_field import Fields
from strideinspect.fields.coverage import dropped, empty_indices
from strideinspect.fields.index_masks import Masks, all_marked, back
from strideinspect.fields.node_reads import NodeReads
from strideinspect.fields.tensor_fields import TensorFields
from strideinspect.model.geometry import Geometry, Kind
from strideinspect.model.node import Node, UnresolvedError
from strideinspect.model.shapes import Shapes
from strideinspect.model.source import source_of
from strideinspect.model.window import is_window
from strideinspect.reads.reduction import REDUCTIONS, reduced_axes
from strideinspect.results.report import Branch, Dropped, WindowNode
from strideinspect.windows.cost import cost_of
from strideinspect.windows.pad_nodes import pads_before


def reached(shapes: Shapes, nodes: Sequence[NodeReads]) -> dict[str, Masks]:
    """Per window node, by its first output, the indices of its input that its windows cover."""
    masks_by_node = {}
    for item in nodes:
        geometry = shapes.geometries.get(item.node.key)
        if not item.known or geometry is None:
            continue
        tensor = item.node.inputs[geometry.data]
        shape = shapes.shapes[tensor]
        read = next((r for r in item.reads if r.input == geometry.data), None)
        if read is not None:
            masks = back(read, all_marked(shapes.shapes[item.node.key]))
            masks_by_node[item.node.key] = masks or tuple(np.zeros(n, dtype=bool) for n in shape)
    return masks_by_node


def window_nodes(
    shapes: Shapes,
    nodes: Sequence[NodeReads],
    fields: Fields,
    reported: TensorFields,
    reached: Mapping[str, Masks],
    spatial: Mapping[str, tuple[int, ...]],
    data_dependent: frozenset[str],
) -> tuple[WindowNode, ...]:
    """All window nodes in graph order, and reductions that collapse every image axis of an input.

    `nodes` are the nodes with their reads, `reported` the fields as the report has them. `data_dependent` are the
    tensors that depend on an input of the model.
    """
    windows = []
    makers = {name: item for item in nodes for name in item.node.outputs}
    padded = any(item.node.op == "Pad" for item in nodes)
    for node in shapes.nodes:
        geometry = shapes.geometries.get(node.key)
        if not node.key:
            continue  # its outputs have no name, so no node can use them
        if geometry is not None:
            window = _window(shapes, node, geometry, fields, reported, reached.get(node.key), data_dependent, makers)
            pads = pads_before(shapes, makers, node) if padded else None
            windows.append(window if pads is None else structs.replace(window, pad_nodes=pads))
        elif is_window(node):
            windows.append(_unplaced(shapes, node))
        elif node.op in REDUCTIONS and not node.domain and node.key in shapes.shapes:
            reduced = _reduction(shapes, node, fields, reported, spatial)
            if reduced is not None:
                windows.append(reduced)
    if not shapes.branches:
        return tuple(windows)
    return tuple(structs.replace(window, branch=_branch(shapes, window.output)) for window in windows)


def _branch(shapes: Shapes, output: str) -> Branch | None:
    """The branch of an If that contains the node, if the condition is not constant."""
    side = shapes.branches.get(output)
    return None if side is None else Branch(side.label, side.name, shapes.unfit.get(side))


def _window(
    shapes: Shapes,
    node: Node,
    geometry: Geometry,
    fields: Fields,
    reported: TensorFields,
    masks: Masks | None,
    data_dependent: frozenset[str],
    makers: Mapping[str, NodeReads],
) -> WindowNode:
    tensor = node.inputs[geometry.data]
    shape = shapes.shapes[tensor]
    counted: Dropped | None = None
    if geometry.kind in (Kind.CONVOLUTION, Kind.POOL) and masks is not None:
        empty = [empty_indices(shapes, makers, fields, (tensor, axis), masks[axis]) for axis in geometry.axes]
        counted = dropped(geometry, masks, empty)
    macs, parameters = cost_of(shapes, node, geometry, data_dependent)
    windows = geometry.windows
    return WindowNode(
        name=node.name,
        op=node.op,
        output=node.key,
        kernel=tuple([window.kernel for window in windows]),
        stride=tuple([window.stride for window in windows]),
        dilation=tuple([window.dilation for window in windows]),
        padding_begin=tuple([window.begin for window in windows]),
        padding_end=tuple([window.end for window in windows]),
        output_padding=tuple([window.output_padding for window in windows])
        if geometry.kind is Kind.TRANSPOSED
        else None,
        input_shape=shape,
        output_shape=shapes.shapes[node.key],
        spatial_axes=geometry.axes,
        macs=macs,
        parameters=parameters,
        dropped=counted,
        source=source_of(node),
        bytes=shapes.network.model.node_offset(node.proto),
        fields=reported.of(node.key),
    )


def _unplaced(shapes: Shapes, node: Node) -> WindowNode:
    """A window node that cannot run at this size, or depends on one that cannot, with the attributes from the file."""
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
    """`count` numbers of an attribute, or the default if the file has a different number of them."""
    numbers = node.integers(attribute)
    return numbers if numbers is not None and len(numbers) == count else (default,) * count


def _reduction(
    shapes: Shapes, node: Node, fields: Fields, reported: TensorFields, spatial: Mapping[str, tuple[int, ...]]
) -> WindowNode | None:
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
            fields=reported.of(node.key),
        )
    return None
