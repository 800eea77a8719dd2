"""The receptive-field table as rows of plain values, one per window node and input axis: for pandas, for CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from operator import attrgetter

from strideinspect.results.field import Field
from strideinspect.results.graph_nodes import WindowNode

Value = str | int | float | Fraction | None
Row = dict[str, Value]


def rows(nodes: Iterable[WindowNode]) -> Iterator[Row]:
    """The rows of these nodes, in their order and by input and axis; docs/formats.md explains the columns."""
    for node in nodes:
        for fields in by_input(node.fields).values():
            for index, field in enumerate(fields):
                aligned = field.alignment
                yield {
                    "node": node.label,
                    "operator": node.op,
                    "input": field.input,
                    "axis": field.axis,
                    **_own(node, fields, index),
                    "receptive_field": field.size,
                    "effective_stride": field.stride,
                    "first_cell_center": field.center,
                    "share_seen": round(field.share, 4),
                    "macs": node.macs,
                    "parameters": node.parameters,
                    "offset": None if aligned is None else aligned.offset,
                    "lookahead": None if aligned is None else aligned.lookahead,
                    "lookback": None if aligned is None else aligned.lookback,
                }


def by_input(fields: Iterable[Field]) -> dict[str, tuple[Field, ...]]:
    """The fields of each graph input, in the order in which inputs first come, each by axis."""
    groups: dict[str, list[Field]] = {}
    for field in fields:
        groups.setdefault(field.input, []).append(field)
    return {name: tuple(sorted(group, key=attrgetter("axis"))) for name, group in groups.items()}


def output_map(node: WindowNode) -> tuple[int, ...] | None:
    """The spatial part of a window's output; None where it is unknown, or gone: a reduction may remove its axes."""
    if node.output_shape is None or node.input_shape is None or len(node.output_shape) != len(node.input_shape):
        return None
    return tuple(node.output_shape[axis] for axis in node.spatial_axes)


def _own(node: WindowNode, fields: Sequence[Field], index: int) -> Row:
    """The node's own numbers along a field's axis; None where they belong to no axis of this input."""
    names = ("kernel", "stride", "dilation", "padding_begin", "padding_end", "output_size")
    axis = fields[index].node_axis
    if axis is None and len(fields) == len(node.spatial_axes):
        # A global pooling leaves no position; its kernel still lies along the input's axes, in their order.
        axis = node.spatial_axes[index]
    if axis not in node.spatial_axes:
        return dict.fromkeys(names)
    k = node.spatial_axes.index(axis)
    sizes = output_map(node)
    padding = (node.padding_begin[k], node.padding_end[k])
    values = (node.kernel[k], node.stride[k], node.dilation[k], *padding, None if sizes is None else sizes[k])
    return dict(zip(names, values, strict=True))
