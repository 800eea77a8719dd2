"""Messages between the processes: what is sent arrives, and what cannot be decoded is a reason."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from strideinspect.results.field import Positions
from strideinspect.results.verdict import Verdict
from strideinspect.verify.claims import Claims
from strideinspect.verify.client import Verifier
from strideinspect.verify.message_lines import decode_request, decode_response, encode
from strideinspect.verify.messages import (
    AxisProbe,
    BorderResult,
    CompareTiles,
    Failure,
    FieldResult,
    Impulse,
    ImpulseResult,
    ImpulsesReady,
    KeptCells,
    MessageError,
    ObservedBorders,
    ObservedField,
    ObservedFields,
    ObservedShapes,
    ProbeBorders,
    ProbeFields,
    Reach,
    Request,
    Response,
    RunModel,
    SendImpulses,
    Stop,
    TilePart,
    TileRun,
    TilesCompared,
    UnseenClaim,
    UnseenResult,
    WrongReach,
)
from tests.verify.helpers import checked, model_of, saved

AXES = [AxisProbe("x", 2, {"a": 2, "b": None})]


@pytest.mark.parametrize(
    "request_sent",
    [
        RunModel("model.onnx", {"x": (1, 3, 8, 8)}),
        RunModel("model.onnx", {"x": (1, 3, 8, 8)}, {"sr": 16000}, {"t": (1, 8)}),
        RunModel("caf\udce9.onnx", {"x": (1, 3, 8, 8)}),  # a file name that is no UTF-8, as Python spells it
        ProbeFields(AXES, [UnseenClaim("x", 2, ((0, 1), (7, 7)))]),
        ProbeBorders(AXES),
        SendImpulses([Reach("x", 2, "a", None, (1, 2), (1, 2), (0, 9), (3, 0), ((7, 7),))], [Impulse("x", 2, 7)]),
        CompareTiles(
            {"x": (1, 1, 8, 8)}, [TileRun({"x": [TilePart(2, 0, 4)]}, {"y": [KeptCells(2, 0, 2, 0, (False, True))]})]
        ),
    ],
    ids=lambda message: type(message).__name__,
)
def test_requests_arrive(request_sent: Request) -> None:
    """A request is decoded as the message that was encoded, on one line."""
    assert_arrives(request_sent, decode_request)


@pytest.mark.parametrize(
    "response",
    [
        ObservedShapes("onnxruntime 1", {"a": (1, 2), "b": ()}, {"c": "why"}),
        ObservedShapes("onnxruntime 1", {}, {}, Stop("why", "n", "t", refused=True), {"c": "why"}),
        ObservedFields(
            [
                FieldResult("x", 2, "a", ObservedField(Positions.of((0, None), (3, None)), (0, 3))),
                FieldResult("x", 2, "b", ObservedField(Positions.of((None,), (None,)), None)),
                FieldResult("x", 2, "c", "why"),
            ],
            [UnseenResult("x", 2, "y"), UnseenResult("x", 3, None, "why")],
        ),
        ObservedBorders(
            [
                BorderResult("x", 2, "a", [True, False], from_elsewhere=True),
                BorderResult("x", 2, "b", "why", from_elsewhere=False),
            ]
        ),
        ImpulsesReady(3, {"a": "why"}),
        ImpulseResult(None),
        ImpulseResult(WrongReach("a", (0, 1), 2, 3)),
        Failure("why"),
        TilesCompared(0.0, 3.5, 0.0, None, random_weights=True),
        TilesCompared(float("inf"), 3.5, 0.25, 1.0, random_weights=False),  # a tile overflows
    ],
    ids=lambda message: type(message).__name__,
)
def test_responses_arrive(response: Response) -> None:
    """A response is decoded as the message that was encoded, on one line."""
    assert_arrives(response, decode_response)


def assert_arrives(message: Request | Response, decode: Callable[[str], object]) -> None:
    """Encode a message and decode it again."""
    line = encode(message)
    received = decode(line)
    assert (type(received), received, line.count("\n")) == (type(message), message, 1)


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", "{}", '{"kind": "Nothing"}', '{"kind": "RunModel"}', '{"kind": "ProbeBorders", "axes": [[1]]}'],
)
def test_what_cannot_be_decoded(line: str) -> None:
    """A damaged, an unknown and an incomplete message raise one exception, for either process."""
    for decode in (decode_request, decode_response):
        with pytest.raises(MessageError, match="cannot be decoded"):
            decode(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [("{", "a message cannot be decoded"), (encode(ImpulsesReady(0, {})).strip(), "ImpulsesReady in place of")],
    ids=["damaged", "out-of-turn"],
)
def test_a_wrong_response_is_a_reason(line: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the worker sends instead of shapes, nothing raises: no claim is checked, and the reason says why."""
    fake = tmp_path / "python"
    fake.write_text(f"#!{sys.executable}\nprint({line!r}, flush=True)\n")
    fake.chmod(0o755)
    monkeypatch.setattr("strideinspect.verify.worker_process.sys", SimpleNamespace(executable=str(fake)))
    with Verifier("model.onnx", timeout=60) as verifier:
        verifier.begin({})
        found = checked(verifier, Claims({"y": (1,)}, [], [], {}))
    assert (found.status, found.shapes.not_checked) == (Verdict.NOT_CHECKED, 1)
    assert words in str(found.reason)


def test_a_wrong_request_is_a_reason(tmp_path: Path) -> None:
    """The worker answers a line that it cannot decode with a failure, and then ends."""
    path = saved(model_of("(float[1] x) => (float[1] y) { y = Relu(x) }"), tmp_path)
    with Verifier(path, timeout=60) as verifier:
        assert verifier.worker.process is not None
        assert verifier.worker.process.stdin is not None
        verifier.worker.process.stdin.write(json.dumps({"kind": "Nothing"}) + "\n")
        verifier.worker.process.stdin.flush()
        found = checked(verifier, Claims({"y": (1,)}, [], [], {}))
    assert "a message cannot be decoded" in str(found.reason)
