"""What share of the middle index of each tensor every input index contributes, for axes that are long or networks deep.

The same numbers as `shares` has for all indices, from the other end: each middle index is followed back, and only what
it depends on is looked at. So the work grows with the fields and not with the square of the axis.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from strideinspect.fields.axis_field import Fields
from strideinspect.fields.holes import locally
from strideinspect.fields.lines import Indices, Line, Several, columns, line, taps
from strideinspect.fields.node_reads import NodeReads
from strideinspect.fields.shares import TINY, leading_to, position_axis
from strideinspect.limits import MOST_TAP_STEPS
from strideinspect.model.shapes import Shapes
from strideinspect.results.field import InputAxis, Span

_LEAST = 1e-290
"""Products are kept from underflow before they get below it."""

_AT_ONCE = 2**16
"""Shares that are followed back together: they fit into a processor's cache."""


class MiddleShares(Struct, frozen=True):
    """The middle index of a tensor, the first input index that it depends on, and the shares from there on."""

    tensor: str
    middle: int
    first: int
    shares: NDArray[np.float64]


class _Part(Struct, frozen=True):
    """One read of a stretch of a tensor: of which tensor, and which indices; None for those of the same number."""

    tensor: str
    taps: Indices | None


class _Stretch(Struct, frozen=True):
    """The indices of a tensor from `low` on that matter, and what they read."""

    low: int
    size: int
    parts: Sequence[_Part]


class _Flow(Struct, frozen=True):
    """How a share of an index divides among what one read of it reads: each tap that is there gets the weight.

    Without weights, all of it goes to the index of the same place in an equal stretch.
    """

    tensor: str
    columns: Sequence[tuple[Several, Several]]
    weights: NDArray[np.float64] | None


class Followed(Struct, frozen=True):
    """What leads from a graph input to the middle indices of tensors, along an axis: equal where two axes are alike.

    `lines` are, in graph order, what a tensor reads of others.
    """

    source: str
    lines: Mapping[str, Sequence[tuple[str, Line]]]
    middles: Mapping[str, int]


def followed(
    shapes: Shapes, nodes: Sequence[NodeReads], fields: Fields, source: InputAxis, wanted: Collection[str]
) -> Followed:
    """How the wanted tensors that have one position axis on the source can be followed back to it.

    Those are left out that depend on a map whose axes are reshaped into one another.
    """
    lines = _lines(nodes, fields, source, wanted)
    middles = {
        tensor: shapes.shapes[tensor][axis] // 2
        for tensor in lines
        if tensor in wanted and (axis := position_axis(fields, tensor, source)) is not None
    }
    return Followed(source[0], lines, middles)


def middle_shares(way: Followed) -> Iterator[MiddleShares]:
    """The shares of the middle indices, in graph order; branches that meet count alike.

    Nothing where that would be too much work (`MOST_TAP_STEPS`).
    """
    stretches = _stretches(way.lines, way.middles, way.source)
    if stretches is None:
        return
    flows = _flows(stretches, way.source)
    widest = max((stretch.size for stretch in stretches.values()), default=1)
    chosen = [*way.middles]
    at_once = max(1, _AT_ONCE // widest)
    for start in range(0, len(chosen), at_once):
        part = chosen[start : start + at_once]
        for tensor, found in zip(part, _followed_back(part, way.middles, stretches, flows, way.source), strict=True):
            seen = np.flatnonzero(found)
            if seen.size:
                first, last = int(seen[0]), int(seen[-1])
                low = stretches[way.source].low
                yield MiddleShares(tensor, way.middles[tensor], low + first, found[first : last + 1])


def _lines(
    nodes: Sequence[NodeReads], fields: Fields, source: InputAxis, wanted: Collection[str]
) -> dict[str, list[tuple[str, Line]]]:
    """What tensors read along the axis, in graph order; those of which not all of that is known are left out."""
    known: dict[str, list[tuple[str, Line]]] = {}
    for item in leading_to(nodes, wanted):
        local = locally(item, fields, source)
        for number, output in enumerate(item.node.outputs):
            at = position_axis(fields, output, source)
            if at is None or not local.known:
                continue
            made: list[tuple[str, Line] | None] = []
            for read in local.reads:
                tensor = item.node.inputs[read.input]
                axis = position_axis(fields, tensor, source)
                if read.output == number and axis is not None:
                    found = line(read, at, axis) if tensor in known or tensor == source[0] else None
                    made.append(None if found is None else (tensor, found))
            whole = [part for part in made if part is not None]
            if whole and len(whole) == len(made):
                known[output] = whole
    return known


def _stretches(
    lines: Mapping[str, Sequence[tuple[str, Line]]], middles: Mapping[str, int], source: str
) -> dict[str, _Stretch] | None:
    """What of each tensor the middle indices depend on, from the last tensor to the source; None if it is too much."""
    needed: dict[str, Span] = {tensor: (middle, middle) for tensor, middle in middles.items()}
    stretches: dict[str, _Stretch] = {}
    work = 0
    for output in reversed([*lines]):
        if output not in needed:
            continue
        low, high = needed[output]
        rows = np.arange(low, high + 1)
        parts = []
        for tensor, along in lines[output]:
            found = None if along.same else taps(along, rows)
            work += len(rows) if found is None else found.size
            if work > MOST_TAP_STEPS:
                return None
            there = rows if found is None else found[found >= 0]
            if there.size:
                one, other = needed.get(tensor, (int(there.min()), int(there.max())))
                needed[tensor] = min(one, int(there.min())), max(other, int(there.max()))
            parts.append(_Part(tensor, found))
        stretches[output] = _Stretch(low, len(rows), parts)
    if source in needed:
        low, high = needed[source]
        stretches[source] = _Stretch(low, high - low + 1, ())
    return stretches


def _flows(stretches: Mapping[str, _Stretch], source: str) -> dict[str, list[_Flow]]:
    """How shares divide, from the last tensor to the source: among the parts of an index that lead to the source."""
    alive: dict[str, NDArray[np.bool_]] = {}
    flows: dict[str, list[_Flow]] = {}
    for output, stretch in reversed([*stretches.items()]):
        low, size, parts = stretch.low, stretch.size, stretch.parts
        if output == source:
            alive[output] = np.ones(size, dtype=bool)
            continue
        counts, reached = [], []
        for part in parts:
            tensor = part.tensor
            there = np.arange(low, low + size)[:, None] if part.taps is None else part.taps
            if tensor in alive:
                there = np.where(there < 0, -1, there - stretches[tensor].low)
                there = np.where((there >= 0) & alive[tensor][there], there, -1)
            else:
                there = np.full_like(there, -1)
            reached.append(there)
            counts.append((there >= 0).sum(axis=1))
        branches = sum((count > 0).astype(np.int64) for count in counts)
        alive[output] = np.asarray(branches > 0)
        flows[output] = [
            _flow(part.tensor, there, 1 / np.maximum(1, count * branches), stretches[part.tensor].size)
            for part, there, count in zip(parts, reached, counts, strict=True)
            if part.tensor in stretches
        ]
    return dict(reversed([*flows.items()]))


def _flow(tensor: str, found: Indices, weights: NDArray[np.float64], size: int) -> _Flow:
    same = found.shape == (size, 1) and bool((weights == 1).all() and (found[:, 0] == np.arange(size)).all())
    return _Flow(tensor, columns(found), None if same else weights)


def _followed_back(
    chosen: Sequence[str],
    middles: Mapping[str, int],
    stretches: Mapping[str, _Stretch],
    flows: Mapping[str, Sequence[_Flow]],
    source: str,
) -> NDArray[np.float64]:
    """The shares of the indices of the source in each chosen tensor's middle index, a row each; in graph order."""
    left = len(chosen)
    carried: dict[str, NDArray[np.float64]] = {source: np.zeros((left, stretches[source].size))}
    least = 1.0
    for output, parts in flows.items():
        if left and output == chosen[left - 1]:
            left -= 1
            own = carried.setdefault(output, np.zeros((len(chosen), stretches[output].size)))
            own[left, middles[output] - stretches[output].low] += 1
        if output not in carried:
            continue
        shares = carried.pop(output)
        for flow in parts:
            if flow.weights is None and flow.tensor not in carried:
                carried[flow.tensor] = shares
                continue
            target = carried.setdefault(flow.tensor, np.zeros((len(chosen), stretches[flow.tensor].size)))[left:]
            weighted = shares[left:] if flow.weights is None else shares[left:] * flow.weights
            for rows, indices in flow.columns:
                _add(target, indices, weighted[:, rows])
            least *= 1.0 if flow.weights is None else float(flow.weights.min())
        if least < _LEAST:
            for array in carried.values():
                array[(array > 0) & (array < TINY)] = TINY
            least = TINY
    return carried[source]


def _add(target: NDArray[np.float64], indices: Several, values: NDArray[np.float64]) -> None:
    """Add columns to columns; where several go to one index, all of them count."""
    if isinstance(indices, slice) or (np.diff(indices) > 0).all():
        target[:, indices] += values
    else:
        np.add.at(target.T, indices, values.T)
