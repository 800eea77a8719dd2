"""The hook, run by pre-commit itself on a scratch repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.hosts import installing
from tests.hosts.models import CLEAN, TRUNCATES, save


@pytest.mark.slow
def test_hook(tmp_path: Path) -> None:
    """pre-commit installs the hook from a clone, hands it the models and nothing else, and shows what is wrong."""
    env = installing.environment(tmp_path) | {"PRE_COMMIT_HOME": str(tmp_path / "cache")}
    hooks = tmp_path / "hooks"
    installing.checkout(hooks)
    revision = installing.repository(hooks, env)
    project = tmp_path / "project"
    project.mkdir()
    (project / "notes.txt").write_text("no model\n")
    (project / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {hooks}\n    rev: {revision}\n    hooks:\n"
        "      - id: strideinspect\n        args: [--quiet, --no-verify, --fail-on, warning]\n"
    )
    save(CLEAN, project / "clean.onnx")
    installing.repository(project, env)

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--all-files", "--verbose", "--color", "never"],
            cwd=project,
            env=env,
            check=False,
            capture_output=True,
            encoding="utf-8",
            timeout=600,
        )

    done = run()
    assert (done.returncode, "Passed" in done.stdout) == (0, True), done.stdout + done.stderr
    save(TRUNCATES, project / "truncates.onnx")
    installing.git(project, env, "add", "truncates.onnx")
    done = run()
    assert (done.returncode, "Failed" in done.stdout) == (1, True), done.stdout + done.stderr
    assert "truncates.onnx\n" in done.stdout
    assert "includes floor-truncation at pool" in done.stdout
    assert "clean.onnx" not in done.stdout
    assert "notes.txt" not in done.stdout
