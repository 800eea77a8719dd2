"""--show-files, --show-settings, a model from standard input, colours, concise lists, groups of rules by pattern."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import onnx
import onnx.parser
import pytest

from strideinspect.configuration import keys
from strideinspect.settings import Settings
from tests import forking
from tests.cli.process import ROOT, strideinspect

STEM = "sample_models/alexnet-stem-torchscript.onnx"


def test_show_files_lists_what_would_be_inspected(tmp_path: Path) -> None:
    """One path per line, nothing inspected: an empty file would be an error; an excluded folder is not there."""
    for name in ("a.onnx", "old/b.onnx", ".venv/c.onnx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "strideinspect.toml").write_text('exclude = ["old/"]\n')
    shown = strideinspect(".", "--show-files", cwd=tmp_path)
    assert (shown.returncode, shown.stdout) == (0, "a.onnx\n")
    assert strideinspect(".", "--show-files", "--no-config", cwd=tmp_path).stdout == "a.onnx\nold/b.onnx\n"
    assert strideinspect(".", "--show-files", "--no-config", "--exclude=b.*", cwd=tmp_path).stdout == "a.onnx\n"


def test_show_files_of_nothing(tmp_path: Path) -> None:
    """A folder without models is an error here as well."""
    shown = strideinspect(str(tmp_path), "--show-files")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "no .onnx file in this folder or below" in shown.stderr


CONFIGURATION = """
select = ["coverage", "alignment"]
fail-on = "warning"
input-shapes = {image = [1, 3, 320, 320]}
expect = ["logits:size=427,stride=32"]
timeout = 90
[severity]
stride-gap = "error"
[per-node-ignores]
'a "quoted" \\ name' = ["stride-gap"]
[budgets]
max-stride = "1/2"
[budgets.outputs]
"P3*" = {max-unseen = 0}
"""


@pytest.mark.parametrize("text", ["", CONFIGURATION, 'fail-on = "never"\ninput-shapes = [1, 3, 8, 8]\n'])
def test_show_settings_can_be_read_back(text: str, tmp_path: Path) -> None:
    """What is shown is a configuration that gives the very same settings."""
    (tmp_path / "strideinspect.toml").write_text(text)
    (tmp_path / "m.onnx").write_bytes(b"")
    shown = strideinspect("m.onnx", "--show-settings", cwd=tmp_path)
    assert (shown.returncode, shown.stdout.splitlines()[0]) == (0, "# m.onnx")
    wanted = Settings(**keys.read(tomllib.loads(text), "", tmp_path))
    assert Settings(**keys.read(tomllib.loads(shown.stdout), "", tmp_path)) == wanted


def from_standard_input(data: bytes, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The command with a model on standard input."""
    done = subprocess.run(
        [forking.executable(), "-m", "strideinspect", "-", *arguments],
        input=data, capture_output=True, check=False, cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_model_from_standard_input(tmp_path: Path) -> None:
    """The findings are those of the file, under the name <stdin>; the current folder's configuration holds."""
    data = (ROOT / STEM).read_bytes()
    piped = from_standard_input(data, "--no-verify", "--format=concise")
    named = strideinspect(STEM, "--no-verify", "--format=concise", cwd=ROOT)
    assert piped.stdout == named.stdout.replace(STEM, "<stdin>")
    assert "<stdin>: warning unseen-input: " in piped.stdout
    (tmp_path / "strideinspect.toml").write_text('ignore = ["*"]\n')
    assert from_standard_input(data, "--no-verify", "--format=concise", cwd=tmp_path).stdout == ""


def test_no_model_from_standard_input() -> None:
    """What is wrong with it is said under its name, without the temporary file's."""
    failed = from_standard_input(b"# Notes\n", "--no-verify")
    assert failed.returncode == 2
    assert failed.stderr.startswith("strideinspect: <stdin> is not an ONNX model but a text file; ")


@pytest.mark.parametrize(
    ("option", "env", "coloured"),
    [
        ("auto", {}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_as_asked(*, option: str, env: dict[str, str], coloured: bool) -> None:
    """The option goes before the environment, NO_COLOR before FORCE_COLOR; a pipe alone has no colours."""
    shown = strideinspect(STEM, "--no-verify", "--color", option, env=env, cwd=ROOT)
    assert ("\x1b[" in shown.stdout) is coloured


def test_rules_by_pattern() -> None:
    """Wildcards select rules and groups; a selection can be extended; a pattern that matches nothing is an error."""

    def rules(*arguments: str) -> set[str]:
        shown = strideinspect(STEM, "--no-verify", "--no-config", "--format=concise", *arguments, cwd=ROOT)
        return {line.split(": ")[1].split()[1] for line in shown.stdout.splitlines()}

    assert rules("--select=*-truncation") == {"floor-truncation"}
    assert rules("--select=floor-truncation", "--extend-select=unseen-*") == {"floor-truncation", "unseen-input"}
    assert "floor-truncation" not in rules("--ignore=*-truncation")
    wrong = strideinspect(STEM, "--select=zz*", cwd=ROOT)
    assert (wrong.returncode, "there is no rule or group 'zz*'" in wrong.stderr) == (2, True)


@pytest.mark.parametrize("option", ["-h", "-V"])
def test_short_options(option: str) -> None:
    """-h is --help and -V is --version, as everywhere."""
    long = {"-h": "--help", "-V": "--version"}[option]
    assert strideinspect(option).stdout == strideinspect(long).stdout != ""


HOSTILE = "a[red]b\n::error::x ##[error]y ##vso[task]z \x1b[31m\x07.onnx"


@pytest.mark.parametrize("format", ["text", "json", "csv", "concise", "sarif", "github", "gitlab", "junit", "markdown"])
def test_names_are_data(format: str, tmp_path: Path) -> None:
    """A file's name and a layer's give no command to a CI service, no escape to a terminal, no formula to a table."""
    text = """<ir_version: 8, opset_import: ["": 18]>
    g (float[1,1,10,10] x) => (float[1,1,4,4] y) {
      ["=1+1 ::warning::n ##[set]"] y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x) }"""
    for name in (HOSTILE, "::error::b.onnx", "=1+1.onnx"):
        onnx.save(onnx.parser.parse_model(text), tmp_path / name)
    shown = strideinspect(
        *(p.name for p in sorted(tmp_path.iterdir())), "--no-verify", "--format", format, cwd=tmp_path
    )
    assert shown.returncode == 0
    assert shown.stdout.count("b.onnx") >= 1
    assert not {c for c in shown.stdout if not c.isprintable() and c not in "\n\r"}
    commands = [line for line in shown.stdout.splitlines() if line.lstrip().startswith(("::", "##"))]
    if format == "github":
        assert all(line.startswith(("::warning file=", "::notice file=")) for line in commands)
    if format in ("text", "concise"):
        assert "##[" not in shown.stdout
        assert "##vso[" not in shown.stdout
    if format not in ("github", "markdown"):
        assert commands == []
    if format == "csv":
        assert not [
            cell for line in shown.stdout.splitlines() for cell in line.split(",") if cell.startswith(("=", "+"))
        ]
