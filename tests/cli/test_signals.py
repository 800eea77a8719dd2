"""Readers that leave and users that interrupt: both end without a traceback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.process import ROOT, SAMPLES

SLOW = """
import time
from strideinspect import fleet
def inspect(path, **options):
    print("started", flush=True)
    time.sleep(60)
fleet.inspect = inspect
from strideinspect.__main__ import main
main()
"""


def start(*args: str, stdout: int, start_new_session: bool = False) -> subprocess.Popen[str]:
    """Start a Python process that finds the package."""
    return subprocess.Popen(
        [sys.executable, *args],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=start_new_session,
    )


def test_interrupt_ends_with_130_and_no_word() -> None:
    """Ctrl-C in the middle of an inspection ends the program at once and quietly."""
    with start("-c", SLOW, "model.onnx", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")


def test_reader_that_leaves_is_no_error() -> None:
    """When the reader of a pipe has gone (`| head`), the status is what it would have been, and nothing is said."""
    read, write = os.pipe()
    with start("-m", "strideinspect", "schema", stdout=write) as process:
        os.close(write)
        os.close(read)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_full_disk_is_told() -> None:
    """A standard output that cannot take the result is one line and status 2."""
    with Path("/dev/full").open("w") as full, start("-m", "strideinspect", "schema", stdout=full.fileno()) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err.startswith("strideinspect: cannot write to standard output: No space left on device; ")
    assert err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="this system has no process groups")
@pytest.mark.parametrize(("ending", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)], ids=["Ctrl-C", "killed"])
def test_processes_end_with_the_run(ending: signal.Signals, status: int, tmp_path: Path) -> None:
    """When many models are inspected at a time, Ctrl-C ends all processes quietly; they also end if the run is killed.

    Standard error ends only when every process that inherited it has.
    """
    models = [tmp_path / f"{name:02}.onnx" for name in range(40)]
    for model in models:
        shutil.copy(SAMPLES / "squeezenet11-dynamo.onnx", model)
    args = ["-m", "strideinspect", str(tmp_path), "--jobs", "2"]
    with start(*args, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(str(models[0]))
        if ending is signal.SIGINT:
            os.killpg(process.pid, ending)
        else:
            process.send_signal(ending)
        _, err = process.communicate(timeout=30)
    # Of a run that was killed Python itself tells that it left semaphores behind.
    said = [line for line in err.splitlines() if "resource_tracker" not in line]
    assert (process.returncode, said) == (status, [])
