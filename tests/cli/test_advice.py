"""Errors on the command line advise what fits the command that was typed, and never to write over other files."""

from __future__ import annotations

import shutil
from errno import ENOSPC
from pathlib import Path

import pytest

from strideinspect.cli.app import run
from strideinspect.errors import unexpected
from tests.cli.process import SAMPLES, strideinspect

CONFIGURATIONS = {
    "prefixed": '[tool.strideinspect]\nfail-on = "note"\n',
    "prefixed-files": '[[tool.strideinspect.files]]\npath = "*.onnx"\n',
    "nested": '[[files]]\npath = "*.onnx"\n[[files.files]]\npath = "x"\n',
    "excluding": '[[files]]\npath = "*.onnx"\nexclude = ["old"]\n',
}

PREFIX = (
    "strideinspect.toml: this file has no table [tool.strideinspect]; that is for a pyproject.toml; leave out the "
    "prefix: write [[files]] for [[tool.strideinspect.files]], and other keys at the top"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model and what people take for one, or for something else, and projects with wrong files."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(SAMPLES / "conv-7x7-stride2-dynamo.onnx", "m.onnx")
    for name, content in CONFIGURATIONS.items():
        Path(name).mkdir()
        shutil.copy("m.onnx", Path(name) / "m.onnx")
        (Path(name) / "strideinspect.toml").write_text(content, encoding="utf-8")
    Path("empty").mkdir()
    Path("other.json").write_text('{"version": 1, "results": []}', encoding="utf-8")
    Path("report.json").write_text('{\n  "schema": "strideinspect/report/1"}', encoding="utf-8")
    Path("accepted.json").write_text('{\n  "schema": "strideinspect/baseline/1"}', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("line", "said"), [
    ("empty", "empty: no .onnx file in this folder or below; export a model into it, or name another folder"),
    ("m.onnx --baseline other.json", ("other.json is not a baseline: its schema is not strideinspect/baseline/1; "
     "check which file was meant")),
    ("m.onnx --baseline none.json", ("there is no baseline none.json; to create it: strideinspect baseline MODEL... "
     "--output none.json")),
    ("baseline m.onnx --baseline b.json", ("--baseline is an option of strideinspect, not of strideinspect baseline; "
     "write --output FILE to choose the file to update")),
    ("baseline m.onnx --quiet", ("--quiet is an option of strideinspect, not of strideinspect baseline; "
     "see strideinspect baseline --help")),
    ("m.onnx --prune", ("--prune is an option of strideinspect baseline, not of strideinspect; "
     "see strideinspect --help")),
    ("m.onnx --outptu r.json", "strideinspect has no option --outptu; did you mean --output?"),
    ("schema --nothing", "strideinspect schema has no option --nothing; see strideinspect schema --help"),
    ("schema report extra", "Got unexpected extra argument(s) (extra); see strideinspect schema --help"),
    ("schema whatid", "'whatid' has no schema; name one of report, sizes, where, tiles, diff, whatif, fix, erf"),
    ("explain", "Missing argument 'RULE'; write strideinspect explain unseen-input"),
    ("", "Missing argument 'MODEL'; write strideinspect model.onnx"),
    ("prefixed/m.onnx", f"prefixed/{PREFIX}"),
    ("prefixed-files/m.onnx", f"prefixed-files/{PREFIX}"),
    ("nested/m.onnx", ("nested/strideinspect.toml: files, table 1: files cannot be in a files table; "
     "write another files table after it")),
    ("excluding/m.onnx", ("excluding/strideinspect.toml: files, table 1: exclude cannot be in a files table; "
     "write it before the first table: it says which files of folders are inspected")),
    ("ruls", "there is no command or file 'ruls'; did you mean strideinspect rules?"),
    ("explian unseen-input", "there is no command or file 'explian'; did you mean strideinspect explain?"),
    ("help", "there is no command or file 'help'; did you mean strideinspect --help?"),
    ("other.json", ("other.json is not an ONNX model but a JSON file; check which file was meant; ONNX models end in "
     ".onnx")),
    ("report.json", ("report.json is not an ONNX model but a report of strideinspect; "
     "give the model that was inspected")),
    ("accepted.json", ("accepted.json is not an ONNX model but a baseline of strideinspect; "
     "write --baseline FILE, and the model")),
    ("m.onnx --output empty", "--output empty: it is a folder; write --output empty/report.json"),
    ("sizes", "Missing argument 'MODEL'; write strideinspect sizes model.onnx"),
    ("where", "Missing argument 'MODEL'; write strideinspect where model.onnx --at 7,7"),
    ("m.onnx --forma json", "strideinspect has no option --forma; did you mean --format?"),
    ("sizes m.onnx --range 0:9", "the range of sizes 0:9 does not begin at 1 or above; write 192:320"),
    ("sizes m.onnx --range 9:8", "the range of sizes 9:8 ends before it begins; write 192:320"),
    ("sizes m.onnx --range 1:5000", "the range of sizes 1:5000 has more than 4,096 sizes; write 192:320"),
    ("m.onnx --config m.onnx", ("m.onnx is not valid TOML: it is not UTF-8 text; "
     "a configuration is a strideinspect.toml or pyproject.toml")),
])  # fmt: skip
@pytest.mark.usefixtures("folder")
def test_advice(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error and status 2."""
    assert run(line.split()) == 2
    assert capsys.readouterr() == ("", f"strideinspect: {said}\n")


@pytest.mark.parametrize("models", [[""], ["m.onnx", " "], ["sizes", ""]], ids=repr)
@pytest.mark.usefixtures("folder")
def test_an_empty_name_is_no_folder(models: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A variable of a script that is not set must not stand for all models here."""
    assert run(models) == 2
    assert 'has an empty name; write "exports/model.onnx"' in capsys.readouterr().err


def test_a_folder_that_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell can stand in a folder that was removed meanwhile."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run(["rules"]) == 2
    said = "strideinspect: the current folder no longer exists, or cannot be read; change to another one: cd\n"
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize(("error", "said"), [
    (OSError(ENOSPC, "Disk full"), "cannot write: Disk full; free some space"),
    (OSError(ENOSPC, "Disk full", "x.json"), "cannot write x.json: Disk full; free some space"),
    (MemoryError("9 TiB"), "not enough memory (9 TiB); free some, or use a smaller input"),
    (MemoryError(), "not enough memory; free some, or use a smaller input"),
])  # fmt: skip
def test_a_full_machine_is_no_bug(error: Exception, said: str) -> None:
    """It is not to be reported: what is missing can be freed."""
    assert str(unexpected(error)) == said


def test_a_file_like_a_misspelt_command_is_a_file(folder: Path) -> None:
    """What exists is inspected, whatever it is called."""
    shutil.copy(folder / "m.onnx", folder / "ruls")
    assert strideinspect("ruls", "--no-verify", "--quiet", cwd=folder).returncode == 0
