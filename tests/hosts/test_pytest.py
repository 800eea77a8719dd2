"""Models as tests: pytest in a process of its own, as a project with models runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.process import ROOT
from tests.hosts import installing
from tests.hosts.models import CLEAN, TRUNCATES, save

# Warnings are errors, as many projects have it, ours too.
PROJECT = """
[tool.pytest.ini_options]
addopts = ["-p", "no:cacheprovider"]
filterwarnings = ["error"]

[tool.strideinspect]
verify = "none"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a configuration and no models yet."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    return folder


def run(project: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run pytest where the package is installed: its entry points are those that pyproject.toml declares."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    installed = project.parent / "installed" / "strideinspect-0.dist-info"
    installed.mkdir(parents=True, exist_ok=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: strideinspect\nVersion: 0\n")
    lines = [f"{name} = {module}" for name, module in declared.items()]
    (installed / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines]))
    return subprocess.run(
        [sys.executable, "-m", "pytest", *args],
        cwd=project,
        env=os.environ
        | installing.FEW_PLUGINS
        | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(installed.parent)]), "COLUMNS": "100"},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=300,
    )


@pytest.mark.slow
def test_models_are_tests(project: Path) -> None:
    """A model without findings passes; one with findings, and one that is none, fail in words, without a traceback."""
    with (project / "pyproject.toml").open("a") as file:
        file.write('fail-on = "warning"\n')
    save(CLEAN, project / "clean.onnx")
    save(TRUNCATES, project / "truncates.onnx")
    (project / "broken.onnx").write_bytes(b"not a model")
    done = run(project, "--strideinspect", "-v")
    assert done.returncode == 1
    assert "clean.onnx::strideinspect PASSED" in done.stdout
    assert "truncates.onnx::strideinspect FAILED" in done.stdout
    assert "broken.onnx::strideinspect FAILED" in done.stdout
    assert "1 passed" in done.stdout
    assert "2 failed" in done.stdout
    assert "includes floor-truncation at pool" in done.stdout
    assert "help          8×8 and 10×10 lose no pixel" in done.stdout
    assert "broken.onnx is not an ONNX model but a text file" in done.stdout
    assert "Traceback" not in done.stdout
    assert "pytest_plugin.py" not in done.stdout


@pytest.mark.slow
def test_the_configuration_is_honoured(project: Path) -> None:
    """What fails is what the command line fails on: errors, if the project says no more; a baseline counts too."""
    save(TRUNCATES, project / "truncates.onnx")
    assert run(project, "--strideinspect").returncode == 0
    with (project / "pyproject.toml").open("a") as file:
        file.write('fail-on = "warning"\nbaseline = "accepted.json"\n')
    accept = [sys.executable, "-m", "strideinspect", "baseline", "truncates.onnx"]
    assert run(project, "--strideinspect").returncode == 1
    subprocess.run(accept, cwd=project, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    assert run(project, "--strideinspect").returncode == 0


@pytest.mark.slow
def test_nothing_happens_unasked(project: Path) -> None:
    """Without the option no model is collected, and neither this package nor a heavy one is imported for it."""
    save(TRUNCATES, project / "truncates.onnx")
    (project / "conftest.py").write_text(
        "import sys\n\n\ndef pytest_sessionfinish() -> None:\n"
        "    known = ('strideinspect', 'onnx', 'numpy', 'networkx')\n"
        "    print('loaded:', *sorted(name for name in sys.modules if name.partition('.')[0] in known))\n"
    )
    done = run(project, "-s")
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    (loaded,) = [line for line in done.stdout.splitlines() if line.startswith("loaded:")]
    named = "strideinspect strideinspect.pytest_plugin strideinspect.results strideinspect.results.drawing"
    assert loaded == f"loaded: {named}"
