"""Several models, formats and failures; the inspections were done before, and only their names are made up."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from strideinspect import fleet
from strideinspect.cli.app import run
from strideinspect.errors import InputShapeError, UnreadableModelError
from strideinspect.expectation import Expectation
from strideinspect.results.report import Report, Severity
from strideinspect.settings import Settings
from tests.report import inspections

MODELS: dict[str, Callable[[], Report]] = {
    "clean.onnx": lambda: inspections.sample("conv-7x7-stride2-keras"),
    "notes.onnx": inspections.padded,
    "warns.onnx": inspections.alexnet,
    "fails.onnx": inspections.unet,
}
REPORT_IT = "please report it with the model; python -X dev -m strideinspect shows where it happened"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Inspections by name, and what each was asked."""
    calls: list[dict[str, Any]] = []

    def inspect(path: str, **options: Any) -> Report:
        calls.append({"path": path, **options})
        match path:
            case "broken.onnx":
                raise UnreadableModelError("broken.onnx is not an ONNX model", "export it again")
            case "small.onnx":
                raise InputShapeError("size 3 of input 'x' is too small", "give more")
            case "bug.onnx":
                raise ZeroDivisionError("division\nby zero")
        return MODELS[path]()

    monkeypatch.setattr(fleet, "inspect", inspect)
    monkeypatch.setenv("COLUMNS", "80")
    return calls


@pytest.mark.parametrize(("models", "fail_on", "status"), [
    (["clean.onnx"], "note", 0),
    (["notes.onnx"], "error", 0),
    (["notes.onnx"], "warning", 0),
    (["notes.onnx"], "note", 1),
    (["warns.onnx"], "error", 0),
    (["warns.onnx"], "warning", 1),
    (["fails.onnx"], "error", 1),
    (["fails.onnx"], "never", 0),
    (["broken.onnx"], "never", 2),
    (["clean.onnx", "fails.onnx", "notes.onnx"], "error", 1),
    (["broken.onnx", "clean.onnx"], "error", 2),
    (["fails.onnx", "bug.onnx"], "error", 2),
])  # fmt: skip
@pytest.mark.usefixtures("asked")
def test_exit_status(models: list[str], fail_on: str, status: int) -> None:
    """The status is the worst of all models: 2 for a failure, 1 for a finding at or above --fail-on."""
    assert run([*models, "--fail-on", fail_on]) == status


@pytest.mark.usefixtures("asked")
def test_one_bad_file_does_not_stop_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    """Every good model is reported; every bad one is one line on standard error, with what to do."""
    assert run(["broken.onnx", "clean.onnx", "small.onnx", "bug.onnx", "warns.onnx"]) == 2
    out, err = capsys.readouterr()
    assert [line.split(" · ")[0] for line in out.splitlines() if " · opset" in line] == [
        "sample_models/conv-7x7-stride2-keras.onnx",
        "light_bvlc_alexnet.onnx",
    ]
    assert err.splitlines() == [
        "strideinspect: broken.onnx is not an ONNX model; export it again",
        "strideinspect: small.onnx: size 3 of input 'x' is too small; give more",
        "strideinspect: bug.onnx: internal error (ZeroDivisionError: division); " + REPORT_IT,
    ]


@pytest.mark.usefixtures("asked")
def test_json_holds_failures_in_their_place(capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON document is the only thing on standard output, and lists what failed where it stood."""
    assert run(["clean.onnx", "broken.onnx", "warns.onnx", "--format", "json"]) == 2
    models = json.loads(capsys.readouterr().out)["models"]
    assert [model.get("error", {}).get("help") for model in models] == [None, "export it again", None]


@pytest.mark.usefixtures("asked")
def test_every_output_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files come besides standard output, each in its own format."""
    good, table, text = (tmp_path / name for name in ("report.out", "fields.csv", "report.txt"))
    args = ["--output", f"json:{good}", "--output", str(table), "--output", str(text)]
    assert run(["warns.onnx", *args]) == 0
    assert "all 42 shapes" in capsys.readouterr().out
    assert json.loads(good.read_text())["models"][0]["findings"][0]["rule"] == "unseen-input"
    assert len(list(csv.DictReader(io.StringIO(table.read_text())))) == 8
    assert text.read_text(encoding="utf-8").startswith("light_bvlc_alexnet.onnx · ")


@pytest.mark.usefixtures("asked")
def test_output_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is inspected, and nothing else written, where one of the outputs has no folder or is one."""
    good = tmp_path / "report.json"
    for bad, why in (
        (tmp_path / "no" / "report.json", f"there is no folder {tmp_path / 'no'}"),
        (tmp_path, "it is a folder"),
    ):
        assert run(["warns.onnx", "--output", f"json:{bad}", "--output", str(good)]) == 2
        out, err = capsys.readouterr()
        assert (out, err) == ("", f"strideinspect: cannot write {bad}: {why}; choose another file or folder\n")
    assert not good.exists()


@pytest.mark.usefixtures("asked")
def test_quiet_is_findings_only(capsys: pytest.CaptureFixture[str]) -> None:
    """A quiet run over good models says nothing at all; over others, path and findings."""
    assert run(["clean.onnx", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert run(["clean.onnx", "warns.onnx", "--quiet", "--show", "warning"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "light_bvlc_alexnet.onnx"
    assert {line.split()[0] for line in lines[1:] if not line.startswith(" ")} == {"warning"}


def test_options_reach_the_inspection(asked: list[dict[str, Any]]) -> None:
    """Every option that asks something of the model arrives as the public function wants it."""
    run([
        "warns.onnx", "--input-shape", "data_0=1,3,227,227", "--no-verify", "--verify-timeout", "5", "--tensor", "n*",
        "--tensor", "m", "--select", "coverage,unknown-operator", "--ignore", "stride-gap", "--fail-on", "note",
        "--expect", "logits:size=195",
    ])  # fmt: skip
    assert asked == [
        {
            "path": "warns.onnx",
            "settings": Settings(
                input_shapes={"data_0": (1, 3, 227, 227)},
                verify="none",
                verify_timeout=5.0,
                tensors=("n*", "m"),
                select=("coverage", "unknown-operator"),
                ignore=("stride-gap",),
                fail_on=Severity.NOTE,
                expect=(Expectation("logits:size=195", "logits", (("size", (Fraction(195),)),)),),
            ),
            "progress": None,
        }
    ]


def test_command_line_wins_over_the_file(
    asked: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is given replaces what is configured, but for input shapes, which join; no file is read with --no-config."""
    (tmp_path / "strideinspect.toml").write_text(
        'fail-on = "note"\nignore = ["coverage"]\ninput-shapes = {a = [1], b = [2]}\n', encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    assert run(["notes.onnx"]) == 1
    assert run(["notes.onnx", "--exit-zero", "--ignore", "field", "--input-shape", "b=3"]) == 0
    assert run(["notes.onnx", "--no-config"]) == 0
    settings = [call["settings"] for call in asked]
    assert [found.ignore for found in settings] == [("coverage",), ("field",), ()]
    assert [found.input_shapes for found in settings] == [{"a": (1,), "b": (2,)}, {"a": (1,), "b": (3,)}, {}]


@pytest.mark.usefixtures("asked")
def test_each_model_fails_by_its_own_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A threshold for some files holds for these alone."""
    toml = 'fail-on = "never"\n[[files]]\npath = "warns*"\nfail-on = "warning"\n'
    (tmp_path / "strideinspect.toml").write_text(toml, encoding="utf-8")
    (tmp_path / "warns.onnx").touch()  # a table for a file that is not there would be told
    monkeypatch.chdir(tmp_path)
    assert run(["fails.onnx"]) == 0
    assert run(["fails.onnx", "warns.onnx"]) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("asked")
def test_statistics_and_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Statistics count findings and models by rule in place of the reports; several reports end with a summary."""
    models = ["clean.onnx", "warns.onnx", "broken.onnx", "fails.onnx"]
    assert run([*models, "--statistics"]) == 2
    *rows, last = capsys.readouterr().out.splitlines()
    findings = [finding for name in ("warns.onnx", "fails.onnx") for finding in MODELS[name]().findings]
    assert sum(int(row.split()[0]) for row in rows) == len(findings)
    assert {row.split()[2] for row in rows} == {finding.rule for finding in findings}
    assert last == "4 models: 1 with errors, 1 with warnings, 1 could not be inspected"
    run(models)
    assert capsys.readouterr().out.splitlines()[-1] == last


@pytest.mark.parametrize("name", ["rules", "explain", "schema", "inspect"])
def test_file_called_like_a_command(name: str, asked: list[dict[str, Any]]) -> None:
    """A file that bears a command's name is meant after a double dash, or with its folder."""
    run(["--", name])
    run([f"./{name}"])
    assert [call["path"] for call in asked] == [name, f"./{name}"]


class Terminal(io.StringIO):
    """Standard output as a terminal that knows colours and links."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.mark.usefixtures("asked")
def test_a_terminal_leads_from_a_finding_to_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a rule is a link (OSC 8) to the rule's page where somebody can follow it, and plain elsewhere."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    page = "https://github.com/strideinspect/strideinspect/blob/main/docs/rules/unseen-input.md"
    for stream, linked in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr("sys.stdout", stream)
        run(["warns.onnx"])
        assert bool(re.search(rf"\x1b]8;[^;]*;{re.escape(page)}\x1b", stream.getvalue())) is linked
        assert "unseen-input" in stream.getvalue()


@pytest.mark.usefixtures("asked")
def test_no_colour_for_pipes_or_by_wish(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours are for terminals; FORCE_COLOR asks for them elsewhere, NO_COLOR forbids them everywhere."""
    seen = {}
    for name, env in {"pipe": {}, "force": {"FORCE_COLOR": "1"}, "both": {"FORCE_COLOR": "1", "NO_COLOR": "1"}}.items():
        for variable in ("FORCE_COLOR", "NO_COLOR"):
            monkeypatch.delenv(variable, raising=False)
        for variable, value in env.items():
            monkeypatch.setenv(variable, value)
        run(["warns.onnx"])
        seen[name] = "\x1b[" in capsys.readouterr().out
    assert seen == {"pipe": False, "force": True, "both": False}
