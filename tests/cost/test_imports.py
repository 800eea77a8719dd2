"""What is loaded and started: the libraries and processes that a run does without."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import onnx
import pytest

from tests.cli.process import ROOT
from tests.oracle_models import model_of

NEVER = {"onnxruntime", "jinja2", "matplotlib", "networkx", "rich", "multiprocessing", "concurrent", "pydantic"}

LOADED = """
import sys
from strideinspect.cli.app import run
status = run(sys.argv[1:])
print(status, *sorted(sys.modules))
"""

RUN = """
import os, subprocess, sys
class Spy(subprocess.Popen):
    def __init__(self, *args, **more):
        started.append(sorted({"onnx", "numpy"} & sys.modules.keys()))
        super().__init__(*args, **more)
started, subprocess.Popen = [], Spy
from strideinspect.__main__ import main
try:
    main()
except SystemExit as end:
    tasks = "/proc/self/task"  # where a system lists the threads of a process
    threads = len(os.listdir(tasks)) if os.path.isdir(tasks) else 1
    print(repr((end.code or 0, started, threads, sorted(sys.modules))))
"""


class Ran(NamedTuple):
    """A run of the command in a Python of its own."""

    status: int
    started: list[list[str]]
    """Per process that it started: which of onnx and numpy were loaded by then."""

    threads: int
    modules: list[str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A model of one window."""
    file = tmp_path / "model.onnx"
    onnx.save(model_of("y = Conv (image, w)", {"image": (1, 1, 8, 8)}, constants={"w": (1, 1, 3, 3)}), file)
    return file


def said(code: str, *args: str) -> list[str]:
    """The lines that a fresh Python writes."""
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "options",
    [
        ["--no-verify"],
        *(pytest.param(given, marks=pytest.mark.slow) for given in ([], ["--no-verify", "--format", "json"])),
    ],
)
def test_a_run_loads_and_starts_no_more_than_it_needs(options: list[str], path: Path) -> None:
    """Without a terminal neither rich nor networkx is loaded, and onnxruntime only in the verifier's own process.

    That is started before onnx and numpy are loaded, so that onnxruntime loads beside them. The command needs one
    thread; those that numpy's linear algebra would start spin until they find no work.
    """
    ran = Ran(*ast.literal_eval(said(RUN, str(path), *options)[-1]))
    assert ran.status == 0
    libraries = {name.partition(".")[0] for name in ran.modules}
    assert {"onnx", "numpy", "strideinspect"} <= libraries
    assert libraries & NEVER == set()
    assert "strideinspect.baseline_file" not in ran.modules
    assert ("strideinspect.report.text" in ran.modules) == ("json" not in options)
    assert ran.started == ([] if "--no-verify" in options else [[]])
    assert ran.threads == 1 or "--no-verify" not in options


@pytest.mark.slow
def test_a_run_without_a_cache_loads_no_digests(path: Path) -> None:
    """OpenSSL, which hashlib loads, takes 11 MiB."""
    status, *loaded = said(LOADED, str(path), "--no-verify", "--no-cache")[-1].split()
    assert status == "0"
    assert {"hashlib", "_hashlib", "strideinspect.report_cache"}.isdisjoint(loaded)


@pytest.mark.parametrize("command", ["inspect", "baseline", "rules", "explain", "schema"])
def test_help_loads_the_one_command(command: str) -> None:
    """A command is read without the other commands, the rules, the reports and the libraries for models."""
    status, *loaded = said(LOADED, command, "--help")[-1].split()
    assert status == "0"
    ours = {name for name in loaded if name.startswith("strideinspect.")}
    needed = {
        "cli",
        "cli.app",
        "cli.colour_choice",
        "cli.console",
        "cli.options",
        f"cli.{command}",
        "errors",
        "limits",
        "processes",
        "processes.interrupts",
        "processes.temporary_folders",
        "results",
        "results.drawing",
        "version",
    }
    assert ours <= {f"strideinspect.{name}" for name in needed}
    assert set(loaded) & (NEVER | {"onnx", "numpy", "fractions"}) == set()
