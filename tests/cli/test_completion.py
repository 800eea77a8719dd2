"""Completion scripts, run by the shells that are installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.process import strideinspect

BASH = shutil.which("bash")


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    """The script of every shell."""
    ended = {shell: strideinspect("completion", shell) for shell in ("bash", "zsh", "fish")}
    assert {shell: (one.returncode, one.stderr) for shell, one in ended.items()} == dict.fromkeys(ended, (0, ""))
    return {shell: one.stdout for shell, one in ended.items()}


def offered(script: str, *typed: str) -> list[str]:
    """What bash offers for the last word."""
    words = " ".join(f"'{word}'" for word in ("strideinspect", *typed))
    asked = (
        f"{script}\nCOMP_WORDS=({words}); COMP_CWORD={len(typed)}; _strideinspect; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    ended = subprocess.run([str(BASH), "-c", asked], capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    return ended.stdout.split()


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
@pytest.mark.parametrize(("typed", "found"), [
    (("ba",), ["baseline"]),
    (("model.onnx", "--verify-"), ["--verify-timeout"]),
    (("--fail-on", ""), ["note", "warning", "error", "never"]),
    (("model.onnx", "--format", "g"), ["github", "gitlab"]),
    (("model.onnx", "--select", "stride-"), ["stride-gap", "stride-mismatch", "stride-over-budget"]),
    (("baseline", "model.onnx", "--pr"), ["--prune"]),
    (("model.onnx", "--pr"), []),
    (("explain", "unseen-i"), ["unseen-input"]),
    (("rules", "--format", ""), ["text", "json"]),
    (("completion", "f"), ["fish"]),
    (("model.onnx", "--output", ""), []),
    (("model.onnx", "mo"), []),
])  # fmt: skip
def test_bash_completes(typed: tuple[str, ...], found: list[str], scripts: dict[str, str]) -> None:
    """Commands, options of the command at hand, their values, and rules; elsewhere bash completes files by itself."""
    assert offered(scripts["bash"], *typed) == found


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_accept_their_script(shell: str, scripts: dict[str, str], tmp_path: Path) -> None:
    """The shell itself finds no mistake in its script, where it is installed; every option is in it."""
    assert "baseline" in scripts[shell]
    for option in ("fail-on", "strict-config", "prune", "accept"):
        assert option in scripts[shell]
    program = shutil.which(shell)
    if program is not None:
        (tmp_path / "script").write_text(scripts[shell], encoding="utf-8")
        subprocess.run([program, "-n", str(tmp_path / "script")], check=True)
