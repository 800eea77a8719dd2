"""Long axes: what is guessed from a short one is what asking about every index gives, and a wrong guess is caught."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pytest

from strideinspect.verify import axis_questions, long_axes
from strideinspect.verify.axis_questions import AxisQuestion, ObservedTaps
from strideinspect.verify.messages import ObservedField
from tests.verify.helpers import executed, model_of, observed

OPSET: Final = 20
LENGTH: Final = 6001


def window(op: str, kernel: int, length: int = LENGTH, **more: object) -> AxisQuestion:
    """A question about one window; `more` are its attributes."""
    dilation = next(iter(more.get("dilations", (1,))))  # type: ignore[call-overload]
    weight = kernel if op.startswith("Conv") else None
    return AxisQuestion(op, (("kernel_shape", (kernel,)), *more.items()), length, dilation * (kernel - 1) + 1, weight)


def asked(monkeypatch: pytest.MonkeyPatch) -> list[AxisQuestion]:
    """The questions that are put index by index from now on."""
    put: list[AxisQuestion] = []
    ask = axis_questions.ask

    def noted(questions: list[AxisQuestion], opset: int) -> dict[AxisQuestion, axis_questions.AxisAnswer]:
        found = ask(questions, opset)
        put.extend(found)
        return found

    monkeypatch.setattr(axis_questions, "ask", noted)
    return put


@pytest.mark.parametrize(
    "question",
    [
        window("Conv", 3, pads=(1, 1)),
        window("Conv", 5, pads=(8, 0), dilations=(2,), strides=(3,)),
        window("Conv", 3, pads=(40, 0)),  # the first outputs read nothing but padding
        window("Conv", 4, auto_pad="SAME_LOWER", strides=(3,)),
        window("Conv", 1, auto_pad="SAME_UPPER", strides=(4,)),  # onnxruntime crops the front
        window("Conv", 2, strides=(7,)),  # indices that nobody reads
        window("ConvTranspose", 16, pads=(4, 4), strides=(8,)),
        window("ConvTranspose", 2, strides=(5,), output_padding=(1,)),  # outputs that read nothing
        window("ConvTranspose", 3, strides=(2,), dilations=(2,), auto_pad="SAME_UPPER"),
        window("MaxPool", 3, strides=(2,), dilations=(2,), ceil_mode=1),
        window("MaxPool", 4, strides=(3,), auto_pad="SAME_UPPER"),
        window("AveragePool", 4, strides=(2,), pads=(1, 2)),
        window("AveragePool", 5, strides=(3,), pads=(2, 2), count_include_pad=1, ceil_mode=1),
    ],
    ids=lambda question: "-".join(map(str, (question.op, *dict(question.attributes).values()))),
)
def test_as_if_every_index_were_asked(question: AxisQuestion, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same table, entry by entry, while no question about more than a few hundred indices is put."""
    expected = axis_questions.ask([question], OPSET)[question]
    put = asked(monkeypatch)
    table = long_axes.ask([question], OPSET)[question]
    assert isinstance(expected, ObservedTaps)
    assert isinstance(table, ObservedTaps)
    assert np.array_equal(table.reads, expected.reads)
    assert max(one.length for one in put) < LENGTH / 10


@pytest.mark.parametrize(
    "question",
    [
        window("Conv", 3, pads=(3000, 0)),  # the middle of the short axis' outputs lies in the padding
        window("ConvTranspose", 3, strides=(2,), output_shape=(12000,)),  # says nothing about a shorter axis
        window("LpPool", 3, strides=(2,)),  # neither a sum nor a maximum
    ],
    ids=["far-padded", "output-shape", "norm"],
)
def test_where_the_guess_fails(question: AxisQuestion, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a short axis does not tell what happens on the long one, every index is asked after all."""
    expected = axis_questions.ask([question], OPSET)[question]
    put = asked(monkeypatch)
    table = long_axes.ask([question], OPSET)[question]
    assert isinstance(expected, ObservedTaps)
    assert isinstance(table, ObservedTaps)
    assert np.array_equal(table.reads, expected.reads)
    assert question in put


@pytest.mark.parametrize("op", ["Conv", "AveragePool", "MaxPool"])
@pytest.mark.parametrize(
    ("output", "reads"),
    [
        (0, (0, 1, 2)),
        (0, (-1, -1, -1)),
        (1000, (1999, 2000, 2000)),
        (1000, (2000, 2001, 2001)),
        (1000, (1998, 1999, 2000)),
        (1000, (2000, 2001, 2002)),
        (1000, (-1, -1, -1)),
        (3000, (5999, 5999, 6000)),
    ],
)
def test_one_wrong_output_is_caught(op: str, output: int, reads: tuple[int, ...]) -> None:
    """Windows of 3 every 2, padded by 1: each output reads 2·o − 1 to 2·o + 1; one that says otherwise is refused."""
    question = window(op, 3, length=6002, strides=(2,), pads=(1, 1))
    right = np.clip(2 * np.arange(3001)[:, None] + np.arange(-1, 2), 0, 6001)
    rows = long_axes.trial(question)
    (made,) = axis_questions.run([question], lambda _: rows, OPSET)
    assert long_axes.explains(ObservedTaps(6002, right), op, rows, made)
    wrong = right.copy()
    wrong[output] = reads
    assert not long_axes.explains(ObservedTaps(6002, wrong), op, rows, made)


def test_sessions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would not fit into one session is asked in several, with the same answers."""
    questions = [window("Conv", kernel, length=600) for kernel in (2, 3, 4)]
    expected = axis_questions.ask(questions, OPSET)
    sessions: list[int] = []
    run = axis_questions.run

    def noted(some: list[AxisQuestion], *rest: object) -> list[np.ndarray]:
        sessions.append(len(some))
        return run(some, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(axis_questions, "run", noted)
    monkeypatch.setattr(axis_questions, "MOST_SESSION_ENTRIES", 2 * questions[0].entries)
    found = axis_questions.ask(questions, OPSET)
    assert sessions == [2, 1]
    for question, table in expected.items():
        assert isinstance(table, ObservedTaps)
        assert np.array_equal(found[question].reads, table.reads)  # type: ignore[union-attr]


def test_a_question_too_large_for_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window whose taps are far apart needs as many rows as half the axis: asked in parts, with the same answer.

    Output o of a kernel of 3 with dilation 100 reads o, o + 100 and o + 200.
    """
    question = window("Conv", 3, length=700, dilations=(100,))
    monkeypatch.setattr(axis_questions, "MOST_SESSION_ENTRIES", question.entries // 5)
    (table,) = axis_questions.ask([question], OPSET).values()
    assert isinstance(table, ObservedTaps)
    assert np.array_equal(table.reads, np.arange(500)[:, None] + [0, 100, 200])


def test_a_dilated_window_on_a_long_circular_map(tmp_path: Path) -> None:
    """7,500 samples with 512 of the far end on each side, then a kernel of 3 with dilation 512.

    Index i sees samples i − 512 to i + 512, and where one of these is missing the same sample counted round the end.
    """
    text = (
        "(float[1,1,7500] x, float[1,1,3] w, int64[1] zero, int64[1] near, int64[1] end, int64[1] far, int64[1] a)"
        "=> (float[N,C,L] y) { l = Slice(x, end, far, a) f = Slice(x, zero, near, a) c = Concat<axis=2>(l, x, f)"
        " y = Conv<dilations=[512]>(c, w) }"
    )
    model = model_of(text, zero=[0], near=[512], end=[-512], far=[1 << 20], a=[2])
    field = observed(executed(model, tmp_path), "x", 2, "y", 2)
    assert isinstance(field, ObservedField)
    taps = (np.arange(7500)[:, None] + [-512, 0, 512]) % 7500
    assert np.array_equal(np.frombuffer(field.positions.firsts, np.intc), taps.min(axis=1))
    assert np.array_equal(np.frombuffer(field.positions.lasts, np.intc), taps.max(axis=1))


@pytest.mark.slow
def test_a_million_samples(tmp_path: Path) -> None:
    """8,192 frames made 128 times as long, then a window of 3: sample i reads samples i − 1 to i + 1 inside the map."""
    text = (
        "(float[1,1,8192] x, float[1,1,128] u, float[1,1,3] w) => (float[B,C,L] y)"
        "{ a = ConvTranspose<strides=[128]>(x, u) y = Conv<pads=[1,1]>(a, w) }"
    )
    field = observed(executed(model_of(text), tmp_path), "x", 2, "y", 2)
    assert isinstance(field, ObservedField)
    sample = np.arange(1 << 20)
    assert np.array_equal(np.frombuffer(field.positions.firsts, np.intc), np.maximum(sample - 1, 0) // 128)
    assert np.array_equal(np.frombuffer(field.positions.lasts, np.intc), np.minimum(sample + 1, (1 << 20) - 1) // 128)
