"""`strideinspect fix` as a user starts it: what is said, formats, and a terminal."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from tests.cli.process import ROOT, SAMPLES, strideinspect
from tests.cli.test_terminal import ESCAPES, in_terminal

MODEL = str(SAMPLES / "conv-10x10-valid-stride2-keras.onnx")


@cache
def difference() -> str:
    """What a pipe gets of `fix --diff`."""
    return strideinspect("fix", MODEL, "--diff", env={"COLUMNS": "80"}).stdout


def test_it_says_how_many(tmp_path: Path) -> None:
    """Safe fixes are made, unsafe ones counted, as in ruff."""
    done = strideinspect("fix", MODEL, "-o", str(tmp_path / "out.onnx"), env={"COLUMNS": "80"})
    assert done.returncode == 0
    assert "1 fixed, 1 more with --unsafe-fixes:" in done.stdout
    assert "gives the same bits in every output" in " ".join(done.stdout.split())
    assert (tmp_path / "out.onnx").is_file()


def test_json_has_a_schema_name(tmp_path: Path) -> None:
    """With the fixes, the comparison and both sides."""
    out = str(tmp_path / "out.onnx")
    found = json.loads(strideinspect("fix", MODEL, "-o", out, "--unsafe-fixes", "--format", "json").stdout)
    assert (found["schema"], found["output"]) == ("strideinspect/fix/1", out)
    assert [(fix["name"], fix["safe"]) for fix in found["fixes"]] == [("pad-input", False)]
    assert (found["before"]["unseen"] != [], found["after"]["unseen"]) == (True, [])
    assert found["comparison"]["status"] in ("equal", "changed")


def test_the_difference_as_text_and_markdown() -> None:
    """Lines of the edit are not wrapped; Markdown has them in a block."""
    text = difference()
    assert "1 to fix, 1 more with --unsafe-fixes:" in text
    assert any(line.startswith("- ") and len(line) > 80 for line in text.splitlines())
    markdown = strideinspect("fix", MODEL, "--diff", "--format", "markdown").stdout
    assert "\n```diff\n@@ Transpose " in markdown


@pytest.mark.parametrize("options", [(), ("-o", "out.onnx", "--diff")])
def test_a_file_or_the_difference_is_asked_for(options: tuple[str, ...], tmp_path: Path) -> None:
    """Exactly one of them."""
    done = strideinspect("fix", MODEL, *options, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "give -o OUT.onnx or --diff" in done.stderr
    assert not [*tmp_path.iterdir()]


def test_a_terminal_shows_what_a_pipe_gets() -> None:
    """Line by line, at 80 columns; lines of the edit may be longer than that."""
    shown = ESCAPES.sub("", in_terminal("fix", MODEL, "--diff", cwd=ROOT)).replace("\r\n", "\n")
    lines = [line.rstrip().rpartition("\r")[2] for line in shown.split("\n")]
    assert [line for line in difference().splitlines() if line not in lines and len(line) <= 80] == []
