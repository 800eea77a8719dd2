"""Observe which indices a window or a Resize reads along one axis, by running onnxruntime's operator alone.

The operator runs on a batch of rows that are zero except at single indices, far enough apart: an output that is not
zero has read that index. No window arithmetic is done here; the result is a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import cast

import numpy as np
import onnx
from msgspec import Struct
from onnx import helper, numpy_helper

from strideinspect.limits import MOST_QUESTION_ENTRIES, MOST_SESSION_ENTRIES, SHORT_PROBED_AXIS
from strideinspect.verify.refusal import refusal
from strideinspect.verify.run_model import session


class AxisQuestion(Struct, frozen=True):
    """One operator along one axis of `length` indices.

    `attributes` are those of the operator in one dimension. `reach` is a distance between two active indices at which
    no output reads both. `weight` is the kernel size of an operator that has weights, `constants` are the inputs after
    the data, None where one is left out. `planar` operators get a second axis of extent 1.
    """

    op: str
    attributes: tuple[tuple[str, object], ...]
    length: int
    reach: int
    weight: int | None = None
    constants: tuple[tuple[str, tuple[float, ...]] | None, ...] = ()
    planar: bool = False

    @property
    def spacing(self) -> int:
        """Distance between two active indices of one row."""
        return spacing(self.length, self.reach)

    @property
    def stride(self) -> int:
        """The operator's stride; 1 where it has none."""
        (stride,) = cast("tuple[int]", dict(self.attributes).get("strides", (1,)))
        return stride

    @property
    def entries(self) -> int:
        """Number of input elements, or of output elements where the operator upsamples by its stride."""
        grows = self.stride if self.op == "ConvTranspose" else 1
        return 2 * self.spacing * self.length * grows


class ObservedTaps(Struct, frozen=True, dict=True):
    """Which indices each output index reads along an axis of `length` indices.

    `reads` is [outputs, most reads of one output]; shorter rows repeat an entry, and rows that read nothing are -1
    throughout.
    """

    length: int
    reads: np.ndarray

    @property
    def size(self) -> int:
        """Number of output indices."""
        return int(self.reads.shape[0])

    @cached_property
    def has_holes(self) -> bool:
        """Whether some output index reads nothing."""
        return bool((self.reads[:, 0] < 0).any())

    @property
    def reads_any(self) -> bool:
        """Whether any output index reads anything."""
        return bool((self.reads >= 0).any())

    @property
    def at_border(self) -> np.ndarray:
        """Per output index, whether its window may extend past an end of the axis: it reads an index next to that end.

        Next to an end are the indices within the longest step between two reads of one output. An output that reads
        nothing is at a border unless outputs before and after it read something: then it is a hole of the window.
        """
        some = self.reads[:, 0] >= 0
        near = max(1, int(np.diff(self.reads[some], axis=1).max(initial=1)))
        active = np.flatnonzero(some)
        between = np.zeros(self.size, bool)
        if len(active):
            between[active[0] : active[-1] + 1] = True
        ends = (self.reads[:, 0] < near) | (self.reads[:, -1] >= self.length - near)
        return np.where(some, ends, ~between)

    @cached_property
    def is_identity(self) -> bool:
        """Whether each output index reads the input index of the same number and nothing else."""
        return self.reads.shape == (self.length, 1) and bool((self.reads[:, 0] == np.arange(self.length)).all())

    @cached_property
    def covers(self) -> bool:
        """Whether the only output index reads every input index."""
        return self.size == 1 and len(set(self.reads[0].tolist()) - {-1}) == self.length


AxisAnswer = ObservedTaps | str
"""A table, or why there is none."""


def spacing(length: int, reach: int) -> int:
    """How far apart the active indices of one row are; the batch has twice as many rows."""
    return length if length <= SHORT_PROBED_AXIS else min(length, max(32, 2 * reach))


def ask(questions: Iterable[AxisQuestion], opset: int) -> dict[AxisQuestion, AxisAnswer]:
    """The answers to all questions, from as few sessions as memory allows. `opset` is the model's own."""
    distinct = list(dict.fromkeys(questions))
    answers: dict[AxisQuestion, AxisAnswer] = {
        q: f"an axis of {q.length:,} indices is too long to ask onnxruntime what its {q.op} reads"
        for q in distinct
        if q.entries > MOST_QUESTION_ENTRIES
    }
    for together in _sessions([q for q in distinct if q not in answers]):
        answers |= _put(together, opset)
    return answers


def _sessions(questions: Iterable[AxisQuestion]) -> Iterator[list[AxisQuestion]]:
    """The questions in groups, each of which needs a bounded amount of memory."""
    part: list[AxisQuestion] = []
    entries = 0
    for question in questions:
        if part and entries + question.entries > MOST_SESSION_ENTRIES:
            yield part
            part, entries = [], 0
        part.append(question)
        entries += question.entries
    if part:
        yield part


def _put(questions: list[AxisQuestion], opset: int) -> dict[AxisQuestion, AxisAnswer]:
    """The answers from one session, or from one session per question where that fails."""
    if len(questions) == 1 and questions[0].entries > MOST_SESSION_ENTRIES:
        return {questions[0]: _put_in_parts(questions[0], opset)}
    try:
        answers = run(questions, _active_rows, opset)
    except Exception as problem:  # noqa: BLE001 - onnxruntime's errors share no base class; each question is retried
        if len(questions) == 1:
            return {questions[0]: _why_not(questions[0], problem)}
        return {question: answer for one in questions for question, answer in _put([one], opset).items()}
    return {question: _decode(question, [answer]) for question, answer in zip(questions, answers, strict=True)}


def _put_in_parts(question: AxisQuestion, opset: int) -> AxisAnswer:
    """The answer from several runs with some of the rows each, which bounds the memory."""
    count = max(1, question.spacing * MOST_SESSION_ENTRIES // question.entries)
    parts = [range(first, min(first + count, question.spacing)) for first in range(0, question.spacing, count)]
    try:
        made = (run([question], partial(_active_rows, rows=part), opset)[0] for part in parts)
        return _decode(question, made)
    except Exception as problem:  # noqa: BLE001 - as above
        return _why_not(question, problem)


def _why_not(question: AxisQuestion, problem: Exception) -> str:
    return f"onnxruntime cannot run {question.op} alone: {refusal(problem).reason}"


def run(questions: Sequence[AxisQuestion], rows: Callable[[AxisQuestion], np.ndarray], opset: int) -> list[np.ndarray]:
    """The operators' outputs for `rows`, [batch, 1, length], which are shared by questions of equal length and spacing.

    Raises whatever onnxruntime raises.
    """
    nodes, initializers, feeds = [], {}, {}
    for number, question in enumerate(questions):
        name = f"active_{question.length}_{question.spacing}_{int(question.planar)}"
        if name not in feeds:
            feeds[name] = rows(question)
        inputs = [name]
        if question.weight is not None:
            inputs.append(f"ones_{question.weight}")
            initializers[inputs[-1]] = np.ones((1, 1, question.weight), np.float32)
        for constant in question.constants:
            inputs.append("" if constant is None else f"constant_{len(initializers)}")
            if constant is not None:
                initializers[inputs[-1]] = np.array(constant[1], constant[0])
        node = helper.make_node(question.op, inputs, [f"answer_{number}"])
        node.attribute.extend(helper.make_attribute(key, value) for key, value in question.attributes)
        nodes.append(node)
    graph = helper.make_graph(
        nodes,
        "geometry",
        [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, feed.shape) for name, feed in feeds.items()],
        [onnx.ValueInfoProto(name=f"answer_{number}") for number in range(len(questions))],
        [numpy_helper.from_array(array, name) for name, array in initializers.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    answers: list[np.ndarray] = session(model, threads=1).run(None, feeds)
    return answers


def _active_rows(question: AxisQuestion, rows: range | None = None) -> np.ndarray:
    """[2·rows, 1, length]: rows that are 1 at every spacing-th index, then the same with the index plus 1.

    Row r starts at index r; all of them, unless `rows` are only some.
    """
    spacing, length = question.spacing, question.length
    chosen = np.arange(spacing) if rows is None else np.array(rows)
    index = np.arange(length)
    ones = (index % spacing == chosen[:, None]).astype(np.float32)
    fed = np.concatenate([ones, ones * (index + 1).astype(np.float32)])[:, None, :]
    return fed[..., None] if question.planar else fed


def _decode(question: AxisQuestion, answers: Iterable[np.ndarray]) -> AxisAnswer:
    """The table from the operator's outputs: the row and its number identify the index that each output reads."""
    found = []
    row_count = size = 0
    for answer in answers:
        active, numbered = np.split(answer.reshape(answer.shape[0], -1), 2)
        output, row = np.nonzero(reached(active).T)
        index = np.rint(numbered[row, output].astype(np.float64) / active[row, output]).astype(np.int64) - 1
        own = (index >= 0) & (index < question.length) & (index % question.spacing == row + row_count)
        if not own.all():
            return f"it is ambiguous what onnxruntime's {question.op} reads of {question.length:,} indices"
        found.append((output, index))
        row_count += len(active)
        size = active.shape[1]
    output, index = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(output, kind="stable")
    output, index = output[order], index[order]
    counts = np.bincount(output, minlength=size)
    reads = np.full((size, max(1, int(counts.max(initial=0)))), -1, np.int32)
    starts = np.cumsum(counts) - counts
    reads[output, np.arange(len(output)) - starts[output]] = index
    reads = np.where(reads < 0, reads[:, :1], reads)
    return ObservedTaps(question.length, np.sort(reads, axis=1))


def reached(active: np.ndarray) -> np.ndarray:
    """Which outputs read a nonzero index; an empty MaxPool window gives the lowest float, which does not count."""
    return np.asarray(np.isfinite(active) & (np.abs(active) < 1e30) & (active != 0))
