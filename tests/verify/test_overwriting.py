"""What is never used is overwritten with random numbers, with the real weights: no bit of an output changes."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from strideinspect import inspect
from strideinspect.claims import claims_of
from strideinspect.cli.app import run
from strideinspect.results.verdict import Counts, Verdict
from strideinspect.verify.messages import Failure, Overwritten, RunModel, UnseenClaim
from strideinspect.verify.overwriting import overwritten
from tests.oracle_models import Constant, model_of

POOLS = (
    "a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) b = Relu (a) "
    "y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (b)"
)


def saved(folder: Path, body: str, size: int, constants: dict[str, Constant] | None = None) -> Path:
    """A model over a square image."""
    path = folder / "model.onnx"
    onnx.save(model_of(body, {"x": (1, 1, size, size)}, constants=constants), path)
    return path


def test_unused_ranges_are_proven(tmp_path: Path) -> None:
    """Of 11 rows the first pool leaves row 10, the second row 4 of 5: two axes of the image and two of the map."""
    verification = inspect(saved(tmp_path, POOLS, 11), verify="full").verification
    assert verification.status is Verdict.AGREED
    assert verification.overwritten == Counts(agreed=4)


def test_nothing_to_overwrite(tmp_path: Path) -> None:
    """Where every pixel is used there is no such count, nor without `verify="full"`."""
    assert inspect(saved(tmp_path, POOLS, 12), verify="full").verification.overwritten is None
    assert inspect(saved(tmp_path, POOLS, 11), verify="run").verification.overwritten is None


def test_what_is_used_moves_an_output(tmp_path: Path) -> None:
    """A false claim is found out, of the image as of a map: rows 8–9 are used, and columns 2–3 of the map."""
    constants: dict[str, Constant] = {"w": (1, 1, 2, 2)}
    body = "a = Conv <strides = [2, 2]> (x, w) y = Conv <strides = [2, 2]> (a, w)"
    request = RunModel(str(saved(tmp_path, body, 12, constants)), {"x": (1, 1, 12, 12)})
    claims = [UnseenClaim("x", 2, ((8, 9),)), UnseenClaim("a", 3, ((2, 3),))]
    answer = overwritten(request, claims)
    assert isinstance(answer, Overwritten)
    assert [(result.reached, result.reason) for result in answer.results] == [("y", None)] * 2


def test_what_cannot_be_run_is_not_checked(tmp_path: Path) -> None:
    """A model that onnxruntime refuses is a failure, not a proof."""
    request = RunModel(str(saved(tmp_path, "y = Add (x, w)", 4, {"w": (1, 1, 3, 3)})), {"x": (1, 1, 4, 4)})
    assert isinstance(overwritten(request, [UnseenClaim("x", 2, ((3, 3),))]), Failure)


def test_a_false_claim_ends_as_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows 8–9 of 12 are used: were they said not to be, `--verify full` would contradict it, and the command fail."""
    path = saved(tmp_path, POOLS, 12)
    monkeypatch.setattr(claims_of, "_unread", lambda _: [UnseenClaim("x", 2, ((8, 9),))])
    assert run([str(path), "--verify", "full", "--no-cache"]) == 1
    words = " ".join(capsys.readouterr().out.split())
    assert "unseen-contradicted" in words
    assert "1 of 1 unused range, overwritten with random numbers, changed an output" in words


def test_a_true_claim_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing but the claim makes the difference."""
    assert run([str(saved(tmp_path, POOLS, 12)), "--verify", "full", "--no-cache"]) == 0
    assert "contradicted" not in capsys.readouterr().out
