"""Comparing a report with the oracle, tensor by tensor and axis by axis."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx

from strideinspect import inspect
from strideinspect.results.field import Field, Span
from strideinspect.results.report import Report
from tests.oracle import Oracle, Sees, hull, hulls
from tests.oracle_windows import repeated, untouched

_MOST_PADDING = 24
"""How far the padding of a generated graph may reach, in pixels."""

Claim = tuple[str, Field]
Everything = dict[tuple[str, int], Mapping[str, Sees]]
"""By input and axis: what every element of every tensor sees."""


def report_on(model: onnx.ModelProto, folder: Path) -> Report:
    """Inspect a model without running it, asking for every tensor."""
    path = folder / "model.onnx"
    onnx.save(model, path)
    return inspect(path, verify="none", tensors=[name for node in model.graph.node for name in node.output if name])


def claims(report: Report) -> Iterator[Claim]:
    """Every field that the report states, with the tensor that it is about."""
    places = itertools.chain(
        ((node.output, node.fields) for node in report.nodes),
        ((tensor.name, tensor.fields) for tensor in report.tensors),
        ((output.name, output.fields) for output in report.outputs),
    )
    for name, fields in places:
        for field in fields:
            yield name, field


def everything(oracle: Oracle) -> Everything:
    """What every element sees along every axis of every input but the batch: channels may become positions, too."""
    feeds = oracle.ran.feeds
    return {(name, axis): oracle.sees(name, axis) for name in feeds for axis in range(1, feeds[name].ndim)}


def check_shapes(report: Report, oracle: Oracle) -> None:
    """Every shape that the report states is the one that onnxruntime ran."""
    for node in report.nodes:
        assert node.output_shape == oracle.values[node.output].shape, node
    for tensor in (*report.tensors, *report.outputs):
        assert tensor.shape == oracle.values[tensor.name].shape, tensor


def check_actual(claim: Claim, sees: Sees, *, exactly: bool = True) -> None:
    """Positions along the tensor's own axis are the oracle's hulls at every index; the full hull is the oracle's.

    If not `exactly`, they must contain the oracle's: fields are looked at axis by axis, so that a branch that sees
    nothing in some columns may widen the rows of the others.
    """
    name, field = claim
    if 0 in sees.shape:
        return
    pairs = list(zip(field.positions.first, field.positions.last, strict=True))
    if field.node_axis is not None:
        for index, exact in enumerate(zip(*hulls(sees.local, field.node_axis), strict=True)):
            assert agree(span(pairs[index]), span(exact), exactly=exactly), f"{name} at index {index}"
        assert len(pairs) == sees.shape[field.node_axis]
    lit = [found for found in map(span, pairs) if found is not None]
    local = (min(first for first, _ in lit), max(last for _, last in lit)) if lit else None
    assert agree(local, hull(sees.local), exactly=exactly), f"{name} as a whole"
    assert field.widest == max((last - first + 1 for first, last in lit), default=0), name
    full = local if field.full is None else (field.full.first, field.full.last)
    assert agree(full, hull(sees.full), exactly=exactly), f"{name} in full"


def span(pair: tuple[int | None, int | None]) -> Span | None:
    """Both ends, or None where there are none."""
    first, last = pair
    return None if first is None or last is None else (first, last)


def agree(said: Span | None, exact: Span | None, *, exactly: bool) -> bool:
    """Whether a stated span is the exact one, or at least contains it."""
    if exactly or exact is None:
        return said == exact or not exactly
    return said is not None and said[0] <= exact[0] and exact[1] <= said[1]


def lossless(oracle: Oracle, sees: Everything) -> bool:
    """Whether looking at axes one by one loses nothing: there is one, or no element anywhere sees nothing at all.

    Of two image axes, columns that are cropped away may have widened the rows of those that are left.
    """
    if oracle.ran.feeds["x"].ndim == 3:
        return True
    return all(
        np.logical_or.reduce([along[name].full.any(axis=-1) for along in sees.values()]).all() for name in oracle.reads
    )


def check_dropped(report: Report, oracle: Oracle, sees: Everything) -> None:
    """Dropped pixels, padding and gaps are the indices that no tap touches, counted one by one.

    An index that holds what a touched one holds may count as padding: the map was padded with its own pixels.
    """
    nodes = {node.output[0]: node for node in oracle.model.graph.node}
    for node in report.nodes:
        if node.op not in {"Conv", "MaxPool", "AveragePool", "LpPool"}:
            assert node.dropped is None, node
            continue
        assert node.dropped is not None, node
        step = oracle.step(nodes[node.output])
        source = nodes[node.output].input[0]
        for axis, found in enumerate(zip(node.dropped.pixels, node.dropped.padding, node.dropped.gap, strict=True)):
            seen = [hulls(whole[source].full, 2 + axis)[0] for whole in sees.values()]
            empty = {index for index, firsts in enumerate(zip(*seen, strict=True)) if set(firsts) == {None}}
            counted = untouched(step, axis, empty)
            if found != counted:
                least = untouched(step, axis, empty | repeated(step, axis, oracle.values[source]))
                assert all(min(ends) <= one <= max(ends) for one, *ends in zip(found, counted, least, strict=True)), (
                    node
                )


def check_unseen(report: Report, oracle: Oracle, sees: Everything, *, exactly: bool) -> None:
    """Rows said to be unseen reach no output; where nothing is lost by looking at axes one by one, those are all."""
    said: dict[tuple[str, int], set[int]] = {place: set() for place in sees}
    for part in report.unseen:
        said[part.input, part.axis].update(row for first, last in part.ranges for row in range(first, last + 1))
    for source in report.inputs:
        for axis in source.spatial_axes:
            rows = said[source.name, axis]
            exact = set(oracle.unseen(sees[source.name, axis], source.shape[axis]))
            assert rows <= exact, f"claimed falsely along axis {axis} of {source.name}: {sorted(rows - exact)}"
            unused = len(exact) == source.shape[axis]  # an input that nothing reads is no matter of rows
            assert not exactly or unused or rows == exact, f"missed along axis {axis}: {sorted(exact - rows)}"


def theoretical_span(field: Field, index: int) -> Span | None:
    """The closed form's span of an output index."""
    assert field.stride is not None
    period = len(field.phases)
    step = field.stride * period
    assert step.denominator == 1, field
    turns, phase = divmod(index, period)
    span = field.phases[phase]
    return None if span is None else (span[0] + turns * int(step), span[1] + turns * int(step))


def check_closed_form(field: Field) -> None:
    """The parts of a closed form agree with each other."""
    spans = [span for span in field.phases if span is not None]
    assert field.size == max((last - first + 1 for first, last in spans), default=0)
    assert (field.first, field.last) == (field.phases[0] or (None, None))
    assert isinstance(field.stride, Fraction)


def check_theoretical(claim: Claim, sees: Sees, turns: int = 2) -> int:
    """On a large input the indices around the middle see just what the closed form says; how many were compared."""
    name, field = claim
    if field.stride is None or field.node_axis is None:
        assert field.reason or field.node_axis is None, name
        return 0
    if not field.phases:
        return 0  # more than the report lists
    check_closed_form(field)
    count = sees.shape[field.node_axis]
    along = np.moveaxis(sees.local, field.node_axis, 0)
    middle, period = count // 2, len(field.phases)
    compared = 0
    reach = min(turns * period, count // 4)  # a map may have been cropped, so that its ends lie inside the input
    for index in range(middle - reach, min(count, middle + reach + 1)):
        span, actual, margin = theoretical_span(field, index), hull(along[index]), field.size or 0
        nearest = actual or span  # a hole has no place of its own
        if nearest is not None and not (margin <= nearest[0] and nearest[1] < sees.pixels - margin):
            continue  # too near to the border to be sure that no padding is involved
        if span is not None and (-_MOST_PADDING <= span[0] < 0 or 0 <= span[1] - sees.pixels < _MOST_PADDING):
            continue  # said to be padding, which reflects pixels
        assert actual == span, f"{name} at index {index}: {actual}, said {span}"
        compared += 1
    return compared
