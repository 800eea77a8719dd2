"""A package that adds a rule by an entry point, installed beside the library as a user would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from tests.oracle_models import model_of

ROOT = Path(__file__).parents[2]


def run(*arguments: str | Path, packages: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own that finds these packages."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(packages), str(ROOT)))}
    command = [sys.executable, "-m", "strideinspect", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A 2×3 convolution: even along the rows."""
    path = tmp_path / "even.onnx"
    onnx.save(model_of("y = Conv (x, w)", {"x": (1, 1, 8, 8)}, constants={"w": (1, 1, 2, 3)}), path)
    return path


def test_the_rule_is_listed(installed: Path) -> None:
    """`strideinspect rules` lists the rule in its group, with the first line of its docstring and its own page."""
    rules = json.loads(run("rules", "--format", "json", packages=installed).stdout)
    entry = next(rule for rule in rules if rule["id"] == "even-kernel")
    assert (entry["group"], entry["severity"], entry["summary"], entry["page"]) == (
        "example",
        "note",
        "A convolution has an even kernel",
        "https://example.com/even-kernel",
    )


def test_the_rule_is_applied(installed: Path, model: Path) -> None:
    """One finding, along axis 2 of the convolution's input, with the id, severity, node and page of the rule."""
    done = run(model, "--format", "json", "--no-verify", packages=installed)
    (finding,) = (f for f in json.loads(done.stdout)["models"][0]["findings"] if f["rule"] == "even-kernel")
    assert (finding["severity"], finding["output"], finding["axes"]) == ("note", "y", [2])
    assert finding["page"] == "https://example.com/even-kernel"
    assert finding["message"] == "Conv y has an even kernel"


@pytest.mark.slow
def test_the_rule_can_be_selected_and_explained(installed: Path, model: Path) -> None:
    """It is named like any other rule; `explain` prints its docstring."""
    done = run(model, "--no-verify", "--select", "even-kernel", "--fail-on", "note", packages=installed)
    assert done.returncode == 1
    assert "An even kernel has no middle tap" in run("explain", "even-kernel", packages=installed).stdout


def test_a_broken_package_is_named(installed: Path, model: Path, tmp_path: Path) -> None:
    """A rule that cannot be imported ends the run with status 2 and the name of its package."""
    broken = tmp_path / "broken"
    shutil.copytree(installed, broken)
    (broken / "strideinspect_example" / "even_kernel.py").write_text("import a_module_that_is_missing")
    done = run(model, "--no-verify", packages=broken)
    assert done.returncode == 2
    assert "the package 'strideinspect-example' adds rules, but loading" in " ".join(done.stderr.split())
