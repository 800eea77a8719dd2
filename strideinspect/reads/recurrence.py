"""Recurrence: an index reads itself and all indices before it, after it or both.

Source: ONNX RNN, GRU, LSTM, CumSum; com.microsoft DynamicQuantizeLSTM, whose input is quantised by its own range.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode, UnresolvedError, normal_axis
from strideinspect.reads.families import everything, reads
from strideinspect.reads.steps import (
    AxisPart,
    Channels,
    Cumulative,
    Permute,
    Read,
    Reshape,
    Sliding,
    Statistics,
    Step,
    Whole,
)
from strideinspect.results.field import Shape


@reads("RNN", "GRU", "LSTM")
@reads("DynamicQuantizeLSTM", domain="com.microsoft")
def recurrent(placed: PlacedNode) -> tuple[Read, ...]:
    """Each direction accumulates along the sequence; weights and states computed from the data are read whole."""
    node, batch_first = placed.node, placed.node.integer("layout", 0) == 1
    shape = placed.shape(0)
    sequence, batch = (shape[1], shape[0]) if batch_first else (shape[0], shape[1])
    direction = node.text("direction", "forward")
    ways = [direction == "forward"] if direction != "bidirectional" else [True, False]
    time = 1 if batch_first else 0
    sequence_reads: list[Read] = []
    for output, name in enumerate(node.outputs):
        if not name:
            continue
        hidden = placed.output_shape(output)[-1]
        length = sequence if output == 0 else 1
        for turn, forward in enumerate(ways):
            steps: list[Step] = [Statistics((0, 1, 2))] if node.op == "DynamicQuantizeLSTM" else []
            steps.append(
                Cumulative(time, forward, not forward, both_ways=len(ways) > 1)
                if output == 0
                else Whole(time, sequence, collapses=False)
            )
            steps.append(Channels(2, 1, shape[2], hidden))
            if batch_first:
                steps.append(Permute((1, 0, 2)))
            one: Shape = (length, 1, batch, hidden)
            steps.append(Reshape((length, batch, hidden), one))
            axis = 1
            if batch_first:  # Y is [batch, sequence, directions, hidden], the states [batch, directions, hidden]
                steps.append(Permute((2, 0, 1, 3)))
                one, axis = (batch, length, 1, hidden), 2
            if output > 0:
                before = one
                one, axis = ((batch, 1, hidden), 1) if batch_first else ((1, batch, hidden), 0)
                steps.append(Reshape(before, one))
            place = AxisPart(axis, turn, 1, 2) if len(ways) > 1 else None
            sequence_reads.append(Read(0, output, tuple(steps), place))
    return (*sequence_reads, *everything(placed, None, range(1, len(node.inputs))))


@reads("CumSum", "CumProd")
def cumulative(placed: PlacedNode) -> tuple[Read, ...]:
    """All indices up to this one; `exclusive` omits the index itself, `reverse` starts at the end."""
    shape, given = placed.shape(0), placed.constant(1)
    if given is None:
        raise UnresolvedError("its axis is computed from the data")
    axis = normal_axis(int(given.reshape(-1)[0]), len(shape))
    backward = placed.node.integer("reverse", 0) == 1
    steps: list[Step] = [Cumulative(axis, not backward, backward)]
    if placed.node.integer("exclusive", 0):
        steps.append(Sliding(axis, 1, 1, 1, -1 if backward else 1, shape[axis], shape[axis]))
    return (Read(0, 0, tuple(steps)),)
