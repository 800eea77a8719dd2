"""Observe which indices a window reads along a long axis: extrapolate from a shorter axis, then confirm it.

Observing every index of a signal of a million samples takes gigabytes, but away from the ends a window is periodic.
So the table of a shorter axis is extrapolated to the whole length, and onnxruntime's operator is run on a few rows of
that length: its outputs must match the table. Where they do not, every index is observed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np
from msgspec import structs

from strideinspect.limits import LONG_QUESTION_ENTRIES, MOST_TAPS
from strideinspect.verify import axis_questions
from strideinspect.verify.axis_questions import AxisAnswer, AxisQuestion, ObservedTaps, reached

_RANDOM_ROWS: Final = 2
_EXACT: Final = 1 << 14  # sums of up to 1024 integers below this are exact in single precision


def ask(questions: Iterable[AxisQuestion], opset: int) -> dict[AxisQuestion, AxisAnswer]:
    """The answers to all questions, as from `axis_questions.ask`; those about long axes are extrapolated."""
    distinct = list(dict.fromkeys(questions))
    found: dict[AxisQuestion, AxisAnswer] = {}
    for room in (_tight, _roomy):
        open_questions = [question for question in distinct if question not in found]
        shorter = {question: short for question in open_questions if (short := _shortened(question, room)) is not None}
        answers = axis_questions.ask(shorter.values(), opset)
        for question, short in shorter.items():
            table = _confirmed(question, answers[short], opset)
            if table is not None:
                found[question] = table
    return found | axis_questions.ask([question for question in distinct if question not in found], opset)


def _tight(question: AxisQuestion) -> int:
    """The length of an axis on which the window has a few places away from the ends: mostly enough."""
    return question.reach + 4 * _turn(question)


def _roomy(question: AxisQuestion) -> int:
    """The length of an axis whose middle no end can affect."""
    return 3 * max(question.spacing, _turn(question))


def _shortened(question: AxisQuestion, room: Callable[[AxisQuestion], int]) -> AxisQuestion | None:
    """The same question about a shorter axis with this much room, and with the same remainder at the end.

    None where it would not be much shorter, where even one row of the long axis is too large, or where it is not known
    how the operator combines what it reads.
    """
    turn = _turn(question)
    length = room(question) + (question.length - room(question)) % turn
    too_many = question.entries // (2 * question.spacing) >= MOST_TAPS
    if (
        question.entries < LONG_QUESTION_ENTRIES
        or question.op not in _JOINED
        or 2 * length > question.length
        or too_many
    ):
        return None
    return structs.replace(question, length=length)


def _turn(question: AxisQuestion) -> int:
    """The period of the window in input indices."""
    return 1 if question.op == "ConvTranspose" else question.stride


def _confirmed(question: AxisQuestion, answer: AxisAnswer, opset: int) -> ObservedTaps | None:
    """The answer extrapolated to the length of `question`, if the operator confirms it there; else None."""
    if isinstance(answer, str):
        return None
    rows = trial(question)
    try:
        (made,) = axis_questions.run([question], lambda _: rows, opset)
    except Exception:  # noqa: BLE001 - every index is observed instead, and that reports onnxruntime's error
        return None
    table = drawn_out(answer, question, made.shape[-1])
    return table if table is not None and explains(table, question.op, rows, made) else None


def drawn_out(short: ObservedTaps, question: AxisQuestion, size: int) -> ObservedTaps | None:
    """The table for the whole axis, with `size` outputs: both halves of the short one, its middle repeated between.

    None where `size` does not fit the period, or the table would be too large.
    """
    longer = question.length - short.length
    turn = _turn(question)
    outputs, rest = divmod((size - short.size) * turn, longer)  # outputs per period
    half = short.size // 2
    if rest or not 0 < outputs <= short.size - half or size * short.reads.shape[1] > MOST_TAPS:
        return None
    middle = np.arange(size - short.size, dtype=np.int32)
    take = np.concatenate([np.arange(half), half + middle % outputs, np.arange(half, short.size)])
    shift = np.concatenate([np.zeros(half), middle // outputs * turn, np.full(short.size - half, longer)])
    reads = short.reads[take]
    holes = reads[:, 0] < 0
    reads += shift.astype(np.int32)[:, None]
    reads[holes] = -1
    return ObservedTaps(question.length, reads)


def trial(question: AxisQuestion) -> np.ndarray:
    """[rows, 1, length]: ones and random integers; for MaxPool a rising and a falling row, too."""
    random = np.random.default_rng(question.length)
    rows = [np.ones(question.length), *random.integers(1, _EXACT, (_RANDOM_ROWS, question.length))]
    if question.op == "MaxPool":
        rising = np.arange(1, question.length + 1)
        rows += [rising, rising[::-1]]
    return np.array(rows, np.float32)[:, None, :]


def explains(table: ObservedTaps, op: str, rows: np.ndarray, made: np.ndarray) -> bool:
    """Whether the operator reads what the table says; `made` is its output for the rows of a trial.

    The maxima of a falling and a rising row show the first and the last index read, an average of random numbers shows
    all of them.
    """
    results = made.reshape(len(rows), -1)
    some = table.reads[:, 0] >= 0
    if (reached(results[0]) != some).any():
        return False
    reads = np.ascontiguousarray(table.reads[some].T, np.intp)  # numpy is slow along a short last axis
    reads[1:][reads[1:] == reads[:-1]] = table.length  # shorter rows of a table repeat an entry, which must count once
    count = (reads < table.length).sum(axis=0)
    joined, tolerance = _JOINED[op]
    return all(
        _close(result[some] / results[0, some], joined(np.append(row[0], np.float32(0))[reads], count), tolerance)
        for row, result in zip(rows[1:], results[1:], strict=True)
    )


def _close(ran: np.ndarray, expected: np.ndarray, tolerance: float) -> bool:
    return bool((np.abs(ran - expected) <= tolerance * expected).all())


def _largest(read: np.ndarray, _: np.ndarray) -> np.ndarray:
    return np.asarray(read.max(axis=0, initial=0))


def _average(read: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.asarray(read.sum(axis=0) / count)


_JOINED: Final[Mapping[str, tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], float]]] = {
    "MaxPool": (_largest, 0),
    "AveragePool": (_average, 1e-5),
    "Conv": (_average, 1e-5),
    "ConvTranspose": (_average, 1e-5),
}
"""By operator: its output relative to that on ones, as a function of the numbers read, and the relative tolerance."""
