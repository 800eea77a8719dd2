"""`strideinspect diff` as a user starts it: formats, exit statuses, and a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strideinspect.cli.app import run
from tests.cli.process import ROOT, SAMPLES, strideinspect
from tests.cli.test_terminal import ESCAPES, in_terminal

TORCH, KERAS, DYNAMO = (str(SAMPLES / f"resnet50-{name}.onnx") for name in ("torchscript", "keras", "dynamo"))


def test_the_exit_status_says_whether_they_differ() -> None:
    """0 for two exports of one network, 1 for two networks, 2 for a file that is not there."""
    assert [strideinspect("diff", TORCH, other).returncode for other in (DYNAMO, KERAS, "missing.onnx")] == [0, 1, 2]


def test_json_has_the_contract() -> None:
    """The keys of the contract, numbers of windows as lists, exact numbers as texts."""
    found = json.loads(strideinspect("diff", TORCH, KERAS, "--format", "json").stdout)
    assert found["schema"] == "strideinspect/diff/1"
    assert found["same"] is False
    assert found["first"]["a"] == "/layer2/layer2.0/conv1/Conv"
    assert found["first"]["what"] == ["stride", "size"]
    pair = next(pair for pair in found["windows"] if pair["a"] == found["first"]["a"])
    assert pair["differences"][0] == {"what": "stride", "a": [1, 1], "b": [2, 2]}
    assert found["outputs"][0]["differences"] == [{"what": "field", "a": [427, 427], "b": [483, 483]}]
    assert found["outputs"][0]["shift"] == ["0", "0"]
    assert (found["only_a"], found["only_b"]) == ([], [])


def test_either_model_may_come_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is called <stdin>; both cannot."""
    plain, quantised = str(SAMPLES / "resnet18-torchscript.onnx"), str(SAMPLES / "resnet18-qdq.onnx")
    for given, piped, named in (
        ((plain, "-"), quantised, (plain, "<stdin>")),
        (("-", quantised), plain, ("<stdin>", quantised)),
    ):
        with Path(piped).open() as stream:
            monkeypatch.setattr("sys.stdin", stream)
            assert run(["diff", *given]) == 0
        assert capsys.readouterr().out.startswith(" and ".join(named))
    assert run(["diff", "-", "-"]) == 2
    assert "only one of two models can come from standard input; name a file" in capsys.readouterr().err


def test_markdown_has_a_table() -> None:
    """A heading with both files, and a row per number that differs."""
    done = strideinspect("diff", TORCH, KERAS, "--format", "markdown")
    assert done.stdout.startswith("## ")
    assert "| layer2.0.conv1 |" in done.stdout


def test_a_terminal_shows_what_a_pipe_gets() -> None:
    """Line by line, at 80 columns."""
    piped = strideinspect("diff", TORCH, KERAS, env={"COLUMNS": "80"}).stdout
    shown = ESCAPES.sub("", in_terminal("diff", TORCH, KERAS, cwd=ROOT)).replace("\r\n", "\n")
    lines = [line.rstrip().rpartition("\r")[2] for line in shown.split("\n")]
    assert [line for line in piped.splitlines() if line not in lines] == []


@pytest.mark.parametrize("arguments", [[], [TORCH]])
def test_two_models_are_asked_for(arguments: list[str]) -> None:
    """One line that says what to write."""
    done = strideinspect("diff", *arguments)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "write strideinspect diff a.onnx b.onnx" in done.stderr
