"""Readers that leave and users that interrupt: both end without a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.process import ROOT

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


def start(*args: str, stdout: int) -> subprocess.Popen[str]:
    """Start a Python process that finds the package."""
    return subprocess.Popen(
        [sys.executable, *args],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
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
