"""The commands of README, typed at a prompt of 80 columns, say what a pipe gets."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import forking
from tests.cli.test_terminal import ESCAPES, ROOT, in_terminal

COMMANDS = [
    line.split("  #")[0].strip()
    for block in re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line.startswith("strideinspect ")
]
TYPED = [shlex.split(command)[1:] for command in COMMANDS if "<" not in command and "vad.onnx" not in command]
"""Without standard input, which has a test of its own, and the value of an input, which no sample has."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that README speaks of."""
    samples = {
        "model.onnx": "resnet18-dynamo",
        "exports/a.onnx": "alexnet-stem-dynamo",
        "exports/b.onnx": "cnn-stride1-keras",
    }
    for name, sample in samples.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "sample_models" / f"{sample}.onnx", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_commands_were_read() -> None:
    """README's list has not moved away from this test."""
    assert len(TYPED) >= 10
    assert ["rules"] in TYPED


@pytest.mark.slow
@pytest.mark.parametrize("arguments", TYPED, ids=" ".join)
def test_command_of_the_readme(arguments: list[str], project: Path) -> None:
    """Each line that a pipe gets stands on the terminal, in order.

    What is between them is on standard error: the progress display, which is cleared, and messages.
    """
    command = [forking.executable(), "-m", "strideinspect", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, check=False)
    assert done.returncode in (0, 1, 2)
    assert b"Traceback" not in done.stderr
    (project / "strideinspect-baseline.json").unlink(missing_ok=True)  # a second baseline says that it is unchanged
    shown = ESCAPES.sub("", in_terminal(*arguments, cwd=project)).replace("\r\n", "\n").split("\n")
    lines = iter(line.rstrip().rpartition("\r")[2] for line in shown)
    for wanted in done.stdout.decode().splitlines():
        assert any(line == wanted or line.endswith(wanted) for line in lines), wanted
