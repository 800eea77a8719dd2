"""The command in a pseudo-terminal of 80 columns, as people use it."""

from __future__ import annotations

import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

import pytest

from tests import forking

ROOT = Path(__file__).parents[2]
MODEL = "sample_models/alexnet-stem-torchscript.onnx"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x1b]*\x1b\\")


def in_terminal(*arguments: str, stdout: int | None = None, cwd: Path = ROOT, executable: str | None = None) -> str:
    """What appears on a terminal of 80 columns; standard output goes elsewhere where `stdout` is given.

    Without an executable the command is a fork.
    """
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    clean = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "CI"}}
    variables = clean | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    command = [executable or forking.executable(), "-m", "strideinspect", *arguments]
    with subprocess.Popen(
        command, cwd=cwd, env=variables, stdin=theirs, stdout=theirs if stdout is None else stdout, stderr=theirs
    ):
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 1 << 16)
            except OSError:  # Linux says so when the other end is closed
                part = b""
            if not part:
                break
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode()


def piped(*arguments: str) -> str:
    """What a pipe gets."""
    command = [forking.executable(), "-m", "strideinspect", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True).stdout.decode()


@pytest.mark.parametrize("options", [("--no-verify",), ("--no-verify", "--format", "json")], ids=["text", "json"])
def test_redirected_at_a_prompt(options: tuple[str, ...], tmp_path: Path) -> None:
    """`strideinspect model.onnx > report.txt` at a prompt: the file gets what a pipe gets."""
    with (tmp_path / "report.txt").open("wb") as file:
        shown = in_terminal(MODEL, *options, stdout=file.fileno())
    written = (tmp_path / "report.txt").read_text(encoding="utf-8")
    assert "alexnet-stem-torchscript.onnx" in written
    assert written == piped(MODEL, *options)
    assert "Conv" not in shown


def test_seen_at_a_prompt() -> None:
    """On the terminal the report is what a pipe gets but for colour and links, in its own symbols, each line once."""
    shown = in_terminal(MODEL, "--no-verify", executable=sys.executable)
    assert "\x1b[" in shown
    lines = [line.rstrip() for line in ESCAPES.sub("", shown).replace("\r\n", "\n").split("\n")]
    report = piped(MODEL, "--no-verify").splitlines()
    start = next(i for i, line in enumerate(lines) if line.endswith(report[0]))
    assert [report[0], *lines[start + 1 : start + len(report)]] == report


def test_several_models_at_a_prompt() -> None:
    """Progress between two reports is cleared: each report's lines are whole."""
    models = (MODEL, "sample_models/cnn-stride2-torchscript.onnx")
    shown = ESCAPES.sub("", in_terminal(*models, "--no-verify"))
    lines = [line.rstrip().rpartition("\r")[2] for line in shown.replace("\r\n", "\n").split("\n")]
    assert set(piped(*models, "--no-verify").splitlines()) <= set(lines)


def test_brackets_in_a_name_are_no_markup(tmp_path: Path) -> None:
    """A file called a[red]b.onnx is shown as it is called, and breaks nothing."""
    link = tmp_path / "a[red]b.onnx"
    link.write_bytes((ROOT / MODEL).read_bytes())
    assert "a[red]b.onnx" in "".join(ESCAPES.sub("", in_terminal(str(link), "--no-verify")).split())


def run_raw(*arguments: str, executable: str | None = None, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A run into a pipe, with variables of the environment changed; a fork, where no executable is given."""
    return subprocess.run(
        [executable or forking.executable(), "-m", "strideinspect", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )


def test_verified_report_is_the_same_in_a_pipe() -> None:
    """Nothing of a report depends on who reads it: not even how long the verification took."""
    shown = ESCAPES.sub("", in_terminal(MODEL, "--no-cache")).replace("\r\n", "\n").splitlines()
    assert [line.rstrip() for line in shown[-4:]] == piped(MODEL, "--no-cache").splitlines()[-4:]


NO_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({"PYTHONIOENCODING": "ascii"}, id="ascii"),
        pytest.param(NO_LOCALE, id="C", marks=pytest.mark.slow),
    ],
)
def test_columns_are_aligned_without_our_symbols(environment: dict[str, str]) -> None:
    """In ASCII an ellipsis takes three cells and a footnote's number too: the table is laid out for that."""
    model = "sample_models/squeezenet11-torchscript.onnx"
    executable = sys.executable if environment is NO_LOCALE else None  # an encoding alone is what forks are told
    ended = run_raw(model, "--no-verify", executable=executable, **environment)
    lines = ended.stdout.decode("ascii").splitlines()
    assert max(map(len, lines)) <= 80
    start = next(i for i, line in enumerate(lines) if line.split()[:1] == ["layer"])
    rows = lines[start + 1 : next(i for i, line in enumerate(lines) if line.strip().startswith("RF:"))]
    head = lines[start]
    operator, stride = head.index("op"), head.index("stride") + len("stride")
    assert len(rows) == 15
    for row in rows:
        assert (row[operator - 1], row[operator].isalpha(), row[stride - 1].strip() != "") == (" ", True, True), row
        assert row[stride : stride + 1] in {"", " "}


@pytest.mark.parametrize("format", ["json", "csv", "junit", "sarif"])
def test_formats_for_programs_are_utf8_everywhere(format: str, tmp_path: Path) -> None:
    """A name that the terminal's encoding lacks is not lost in a format that a program reads."""
    model = tmp_path / "畳み込み.onnx"
    model.write_bytes((ROOT / MODEL).read_bytes())
    plain = run_raw(str(model), "--no-verify", "--format", format, PYTHONIOENCODING="utf-8").stdout
    assert run_raw(str(model), "--no-verify", "--format", format, PYTHONIOENCODING="ascii").stdout == plain
    assert b"?.onnx" not in plain


CLOSED = "cannot write to standard output: it is closed; write >/dev/null to discard the result"


@pytest.mark.parametrize(("redirection", "status", "err"), [
    (">&-", 2, f"strideinspect: {CLOSED}\n"),
    ("2>&-", 0, ""),
    pytest.param("2>&- >/dev/null", 0, "", marks=pytest.mark.slow),
    pytest.param("<&-", 0, "", marks=pytest.mark.slow),
])  # fmt: skip
def test_closed_streams(redirection: str, status: int, err: str) -> None:
    """A stream that the program was started without is one line, or no matter: never a traceback."""
    ended = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m strideinspect {MODEL} --no-verify {redirection}', sys.executable],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (status, err)


@pytest.mark.slow
def test_head() -> None:
    """`| head -1` gets its line, and nobody hears of the pipe that it closed."""
    ended = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m strideinspect {MODEL} {MODEL} --no-verify | head -1', sys.executable],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (ended.stdout, ended.stderr) == (piped(MODEL, "--no-verify").splitlines(keepends=True)[0], "")
