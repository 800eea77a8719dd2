"""`strideinspect whatif` as a user starts it: formats, a saved model, and a terminal."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.process import ROOT, SAMPLES, strideinspect
from tests.cli.test_terminal import ESCAPES, in_terminal

MODEL = str(SAMPLES / "resnet18-torchscript.onnx")
CHANGE = ("--set", "layer4.0.conv1:stride=1", "--set", "layer4.0.downsample*:stride=1", "--keep-field")


def test_json_has_the_contract(tmp_path: Path) -> None:
    """Changes with numbers per axis, the same keys before and after; the file is written."""
    out = tmp_path / "out.onnx"
    done = strideinspect("whatif", MODEL, *CHANGE, "--format", "json", "--save", str(out))
    found = json.loads(done.stdout)
    assert (done.returncode, found["schema"], found["saved"]) == (0, "strideinspect/whatif/1", str(out))
    assert found["changes"][0] == {
        "node": "/layer4/layer4.0/conv1/Conv",
        "output": found["changes"][0]["output"],
        "layer": "layer4.0.conv1",
        "attribute": "stride",
        "before": [2, 2],
        "after": [1, 1],
    }
    assert set(found["before"]) == set(found["after"]) == {
        "totals", "ladder", "outputs", "unseen", "dropped", "findings"
    }  # fmt: skip
    assert found["before"]["totals"]["parameters"] == found["after"]["totals"]["parameters"]
    assert out.stat().st_size > 10_000


def test_markdown_has_tables() -> None:
    """A heading, the changes and both sides."""
    shown = strideinspect("whatif", MODEL, *CHANGE, "--format", "markdown").stdout
    assert shown.startswith("## ")
    assert "| layer4.0.conv1 | stride | 2 | 1 |" in shown
    assert "| parameters |" in shown


def test_a_terminal_shows_what_a_pipe_gets() -> None:
    """Line by line, at 80 columns."""
    piped = strideinspect("whatif", MODEL, *CHANGE, env={"COLUMNS": "80"}).stdout
    shown = ESCAPES.sub("", in_terminal("whatif", MODEL, *CHANGE, cwd=ROOT)).replace("\r\n", "\n")
    lines = [line.rstrip().rpartition("\r")[2] for line in shown.split("\n")]
    assert [line for line in piped.splitlines() if line not in lines] == []


def test_nothing_to_change_is_said() -> None:
    """The stride is 2 already; and a change has to be given."""
    done = strideinspect("whatif", MODEL, "--set", "conv1:stride=2")
    assert "Nothing changes: the model has these numbers already." in done.stdout
    done = strideinspect("whatif", MODEL)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--set 'layer4*:stride=1'" in done.stderr


def test_the_two_sides_of_a_signal_fit_a_terminal() -> None:
    """Its indices are samples, not pixels; a long name of the layer that drops some moves no column to another line."""
    shown = strideinspect("whatif", str(ROOT / "sample_models" / "wavenet-dynamo.onnx"), "--set", "*:dilation=1").stdout
    assert "Before and after, in samples of the input:" in shown
    assert "samples dropped" in shown
    assert "map sizes" not in shown  # nothing is made smaller on the way
    squeeze = str(ROOT / "sample_models" / "squeezenet11-torchscript.onnx")
    shown = strideinspect("whatif", squeeze, "--set", "features.0:stride=1", env={"COLUMNS": "80"}).stdout
    (row,) = [line for line in shown.splitlines() if "pixels dropped" in line]
    assert row.split()[-1] == "none"
    assert len(row) <= 80
