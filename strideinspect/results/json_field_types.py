"""The types of a receptive field in the JSON report: how one tensor depends on one axis of a graph input."""

from __future__ import annotations

from typing import Annotated, TypedDict

from strideinspect.results.json_numbers import Count, Exact, RangeJson, Stride


class FullJson(TypedDict):
    """Full dependence where it exceeds the local field: the hull over all positions."""

    since: Annotated[str, "The tensor in which an axis was first reduced to a single value, or normalised over."]
    first: Count
    last: Count


class PositionsJson(TypedDict):
    """Actual local field per index along node_axis; null where an index depends on nothing."""

    first: list[Count | None]
    last: list[Count | None]


class AlignmentJson(TypedDict):
    """Where indices lie, in input pixels: the center of index i minus (i + ½)·stride − ½, averaged over the phases."""

    offset: Annotated[Exact | None, "The same along all paths; null where they disagree."]
    least: Annotated[Exact, "The smallest of any path."]
    most: Annotated[Exact, "The largest of any path."]
    lookahead: Annotated[
        Count, "Pixels seen behind those that index i stands for, i·stride to (i+1)·stride-1; 0 is causal."
    ]
    lookback: Annotated[Count, "Pixels seen before them."]


class LastLocalJson(TypedDict):
    """The last closed form on the way to a tensor without one."""

    tensor: Annotated[str, "The last tensor with a closed form."]
    size: Annotated[Count, "Its size in pixels."]
    stride: Stride


class FieldJson(TypedDict):
    """The receptive field of a tensor along one axis of one graph input."""

    input: Annotated[str, "Name of the graph input."]
    axis: Annotated[Count, "Axis of the graph input: 2 for the height of NCHW, 1 for that of NHWC."]
    node_axis: Annotated[
        Count | None, "Axis of this tensor along which the position runs; null where it has no position."
    ]
    size: Annotated[Count | None, "Theoretical size in pixels; null where there is no closed form."]
    smallest: Annotated[
        Count | None, "Theoretical size along the path with the smallest field, where branches met on the way."
    ]
    stride: Annotated[Stride | None, "Effective stride: input pixels between neighbouring indices."]
    first: Annotated[int | None, "First pixel of the theoretical field of output index 0; negative in the padding."]
    last: Annotated[int | None, "Last pixel of the theoretical field of output index 0."]
    phases: Annotated[
        list[RangeJson | None], "Theoretical spans of output indices 0 to p-1, p the period; null: a hole."
    ]
    reason: Annotated[str | None, "Why there is no closed form."]
    full: FullJson | None
    positions: Annotated[PositionsJson | None, "With --positions."]
    last_local: LastLocalJson | None
    alignment: Annotated[
        AlignmentJson | None, "Null without a closed form or a position, and where the axis is reversed."
    ]
