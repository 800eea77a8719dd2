"""The GitHub action: its script, run as GitHub runs it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.cli.process import ROOT
from tests.hosts import installing
from tests.hosts.models import CLEAN, TRUNCATES, save

ACTION: Mapping[str, Any] = YAML(typ="safe").load(ROOT / "action.yml")
SCRIPT, UPLOAD = ACTION["runs"]["steps"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runner's folder: a workspace with two models in it, a checkout of the action, and the temporary files."""
    home = tmp_path_factory.mktemp("runner")
    installing.checkout(home / "action")
    (home / "temporary").mkdir()
    workspace = home / "workspace"
    (workspace / "exports" / "new ones").mkdir(parents=True)
    save(CLEAN, workspace / "exports" / "clean.onnx")
    save(TRUNCATES, workspace / "exports" / "new ones" / "truncates.onnx")
    installing.repository(workspace, installing.environment(home))
    return home


def run(runner: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], str, dict[str, str]]:
    """Run the step; what it did, the job's summary and the step's outputs."""
    values = {f"inputs.{name}": declared["default"] for name, declared in ACTION["inputs"].items()}
    values |= {f"inputs.{name}": value for name, value in inputs.items()}
    values["github.action_path"] = str(runner / "action")
    env = {
        name: re.sub(r"\$\{\{ (.+?) \}\}", lambda found: values[found[1]], text) for name, text in SCRIPT["env"].items()
    }
    summary, outputs, script = (runner / "temporary" / name for name in ("summary.md", "outputs", "step.sh"))
    summary.write_text("")
    outputs.write_text("")
    script.write_text(SCRIPT["run"])
    done = subprocess.run(
        [shutil.which("bash") or "bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=runner / "workspace",
        env=installing.environment(runner)
        | {
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(runner / "workspace"),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_OUTPUT": str(outputs),
            "RUNNER_TEMP": str(runner / "temporary"),
        }
        | env,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    return done, summary.read_text(), dict(line.split("=", 1) for line in outputs.read_text().splitlines())


def test_red_job(runner: Path) -> None:
    """A finding fails the step, is annotated, stands in the summary, and is in the SARIF file that is uploaded."""
    models = "exports/clean.onnx\n\n  exports/new ones/*.onnx\n"
    done, summary, outputs = run(
        runner, models=models, args="--no-verify --fail-on warning\n--jobs 1", python=sys.executable
    )
    assert done.returncode == 1, done.stderr
    assert "::warning file=exports/new ones/truncates.onnx" in done.stdout
    assert "floor-truncation" in summary
    (sarif,) = json.loads(Path(outputs["sarif"]).read_text(encoding="utf-8"))["runs"]
    assert {result["ruleId"] for result in sarif["results"]} == {"unseen-input"}
    assert UPLOAD["with"]["sarif_file"] == "${{ steps.inspect.outputs.sarif }}"
    assert UPLOAD["if"].startswith("${{ !cancelled() && ")


def test_green_job(runner: Path) -> None:
    """Models without findings are a step that passes; by default all of the workspace is inspected."""
    done, _, outputs = run(runner, args="--no-verify --ignore coverage", python=sys.executable)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(Path(outputs["sarif"]).read_text(encoding="utf-8"))["runs"][0]["results"] == []


def test_job_that_cannot_work(runner: Path) -> None:
    """A mistake in the options ends with status 2 and has no file that would be uploaded, not even an old one."""
    done, _, outputs = run(runner, models="exports", args="--select no-such-rule", python=sys.executable)
    assert (done.returncode, outputs) == (2, {})
    assert "there is no rule or group 'no-such-rule'" in done.stderr
