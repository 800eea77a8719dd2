"""Which indices along one axis an index reads, as numbers: of reads in which the other axes have no say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from strideinspect.fields.hulls import grouped
from strideinspect.reads.steps import (
    AxisPart,
    AxisStep,
    Broadcast,
    Channels,
    Cumulative,
    Permute,
    Read,
    Reshape,
    Sliding,
    Step,
    Table,
    Transposed,
    Whole,
)

Indices = NDArray[np.int64]
"""-1 for none."""


class Line(Struct, frozen=True):
    """What happens along one axis: the steps, as if there were no other axis, and the part of the output concerned."""

    steps: tuple[AxisStep, ...]
    place: AxisPart | None

    @property
    def same(self) -> bool:
        """Whether every index reads the one of its own number."""
        return not self.steps and self.place is None


def line(read: Read, at: int, before: int) -> Line | None:
    """The read from axis `before` of the input to axis `at` of the output.

    None where other axes have a say, or an index reads the whole axis.
    """
    place = read.place if read.place is not None and read.place.axis == at else None
    steps: list[AxisStep] = []
    axis = at
    for step in reversed(read.steps):
        if isinstance(step, Sliding | Transposed | Table) and step.axis == axis:
            steps.append(structs.replace(step, axis=0))
            continue
        carried = _axis_before(step, axis)
        if carried is None:
            return None
        axis = carried
    return None if axis != before else Line(tuple(steps[::-1]), place and structs.replace(place, axis=0))


def _axis_before(step: Step, axis: int) -> int | None:
    """Which axis of its input the step carries to this axis unchanged; None if it does not."""
    match step:
        case Sliding() | Transposed() | Table():
            return axis
        case Channels() | Whole() | Cumulative():
            return None if step.axis == axis else axis
        case Permute():
            return step.perm[axis]
        case Broadcast():
            before = axis - (len(step.after) - len(step.before))
            return before if before >= 0 and step.before[before] == step.after[axis] else None
        case Reshape():
            return _axis_before_reshape(step, axis)
        case _:
            return None


def _axis_before_reshape(step: Reshape, axis: int) -> int | None:
    """The axis of the same length, if it is the only one of more than one index in its group on either side."""
    for old, new in grouped(step.before, step.after):
        if axis in new:
            there = [k for k in old if step.before[k] > 1]
            beside = [k for k in new if step.after[k] > 1 and k != axis]
            return there[0] if len(there) == 1 and not beside and step.before[there[0]] == step.after[axis] else None
    return None


def taps(along: Line, rows: Indices) -> Indices:
    """The indices that these output indices read, a row each, none of them twice."""
    place = along.place
    found = rows if place is None else np.where((rows >= place.offset) & (rows < place.offset + place.length), rows, -1)
    if place is not None:
        found = np.where(found < 0, -1, found - place.offset)
    found = found[:, None]
    for step in reversed(along.steps):
        found = _read(step, found).reshape(len(rows), -1)
    if len(along.steps) > 1 or any(isinstance(step, Table) for step in along.steps):
        found = np.sort(found, axis=1)
        found[:, 1:][found[:, 1:] == found[:, :-1]] = -1
    return found


def _read(step: AxisStep, indices: Indices) -> Indices:
    """The indices before a step, on a further axis."""
    if isinstance(step, Table):
        read = step.taps.astype(np.int64)[indices]
    else:
        offsets = step.dilation * np.arange(step.kernel, dtype=np.int64)
        if isinstance(step, Sliding):
            read = indices[..., None] * step.stride - step.begin + offsets
        else:
            reach = indices[..., None] + step.begin - offsets
            read = np.where(reach % step.stride == 0, reach // step.stride, -1)
    read[(read < 0) | (read >= step.length) | (indices < 0)[..., None]] = -1
    return read


Several = Indices | slice
"""Indices, or a slice where they have equal distances."""


def columns(found: Indices) -> Sequence[tuple[Several, Several]]:
    """Per tap the rows that have it, and the indices that they read."""
    rows = [np.flatnonzero(found[:, tap] >= 0) for tap in range(found.shape[1])]
    return [(_evenly(there), _evenly(found[there, tap])) for tap, there in enumerate(rows) if there.size]


def _evenly(indices: Indices) -> Several:
    step = int(indices[1] - indices[0]) if indices.size > 1 else 1
    if step < 1 or (np.diff(indices) != step).any():
        return indices
    return slice(int(indices[0]), int(indices[-1]) + 1, step)
