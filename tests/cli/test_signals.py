"""Readers that leave and users that interrupt: both end without a traceback."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.process import ROOT, SAMPLES
from tests.thorough import THOROUGH

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
@pytest.mark.parametrize(("argument", "where"), [("schema", " to standard output"), ("--help", "")])
def test_full_disk_is_told(argument: str, where: str) -> None:
    """A standard output that cannot take the result is one line and status 2."""
    with Path("/dev/full").open("w") as full, start("-m", "strideinspect", argument, stdout=full.fileno()) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err.startswith(f"strideinspect: cannot write{where}: No space left on device; ")
    assert err.count("\n") == 1


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with forty models, which take a while."""
    folder = tmp_path / "models"
    folder.mkdir()
    for number in range(40):
        shutil.copy(SAMPLES / "squeezenet11-dynamo.onnx", folder / f"{number:02}.onnx")
    return folder


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="this system has no process groups")
@pytest.mark.parametrize(("ending", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)], ids=["Ctrl-C", "killed"])
def test_processes_end_with_the_run(ending: signal.Signals, status: int, models: Path) -> None:
    """When many models are inspected at a time, Ctrl-C ends all processes quietly; they also end if the run is killed.

    Standard error ends only when every process that inherited it has.
    """
    args = ["-m", "strideinspect", str(models), "--jobs", "2"]
    with start(*args, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(str(models / "00.onnx"))
        if ending is signal.SIGINT:
            os.killpg(process.pid, ending)
        else:
            process.send_signal(ending)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (status, "")


def _with(folder: Path) -> list[str]:
    """The processes that have the folder as their temporary one, with their command lines."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"TMPDIR={folder}".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().decode())
        except OSError:
            continue  # it has ended, or is another user's
    return found


def _ended_by(
    number: signal.Signals, after: float | None, models: Path, temporary: Path, *options: str
) -> tuple[int, str]:
    """Status and standard error of a run that gets a signal; it must leave nothing.

    The signal comes after so many seconds, or, where there are none, with the first report.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    with subprocess.Popen(
        [sys.executable, "-m", "strideinspect", "--no-cache", str(models), *options],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if after is None else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdout is None:
            time.sleep(after or 0)
        else:
            assert process.stdout.readline().startswith(str(models / "00.onnx"))
        process.send_signal(number)
        sent = time.monotonic()
        _, err = process.communicate(timeout=60)
    assert time.monotonic() - sent < 1 + SLOW_MACHINE
    while (left := (_with(temporary), os.listdir(temporary))) != ([], []) and time.monotonic() - sent < SLOW_MACHINE:  # noqa: PTH208  # a name is enough
        time.sleep(0.02)
    assert left == ([], [])
    return process.returncode, err


SLOW_MACHINE = 4
"""Seconds that a machine busy with other tests may add; an idle one needs a tenth of a second for all."""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes cannot be told apart without /proc")
@pytest.mark.parametrize("options", [(), ("--jobs", "2")], ids=["alone", "jobs"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_nothing(
    number: signal.Signals, options: tuple[str, ...], models: Path, tmp_path: Path
) -> None:
    """In the middle of the work each signal ends the run quietly: no process and no temporary file is left."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    assert _ended_by(number, None, models, temporary, *options) == (128 + number, "")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes cannot be told apart without /proc")
def test_terminated_at_any_moment(models: Path, tmp_path: Path) -> None:
    """`kill` at many moments from the start on, most of them in its first second, leaves nothing and says nothing.

    Before the program has begun, Python itself ends by the signal.
    """
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    moments = random.Random(7)  # noqa: S311  # no secret
    for turn in range(24 * THOROUGH):
        options = ("--jobs", "2") if turn % 2 else ()
        after = moments.random() * (1 if turn % 3 else 3)
        status, err = _ended_by(signal.SIGTERM, after, models, temporary, *options)
        assert (status in (128 + signal.SIGTERM, -signal.SIGTERM), err) == (True, ""), after


def test_nohup_is_kept(tmp_path: Path) -> None:
    """A run that was started to ignore the end of its terminal goes on after it."""
    command = f"trap '' HUP; exec {sys.executable} -c \"$0\" model.onnx"
    hanging_up = SLOW.replace("time.sleep(60)", "import os, signal; os.kill(os.getpid(), signal.SIGHUP); sys.exit(7)")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        ["/bin/sh", "-c", command, f"import sys\n{hanging_up}"],
        env=environment,
        cwd=tmp_path,
        check=False,
        capture_output=True,
    )
    assert (ended.returncode, ended.stdout) == (7, b"started\n")


SIGNALLED_WHILE_LOADING = """
import importlib.machinery, os, signal, sys
class Loading(importlib.machinery.ExtensionFileLoader):
    def exec_module(self, module):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(10_000):  # Python calls the handler between two of its instructions
                pass
        except KeyboardInterrupt:
            os.abort()  # as the compiled module does
        super().exec_module(module)
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name != "onnx.onnx_cpp2py_export":
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path)
        found.loader = Loading(name, found.origin)
        return found
sys.meta_path.insert(0, Finder())
from strideinspect.__main__ import main
main()
"""
"""The command, which gets a signal in the middle of loading ONNX's compiled module."""


@pytest.mark.skipif(os.name == "nt", reason="there is no signal to send")
@pytest.mark.parametrize(
    "args",
    [
        ("-",),
        ("sizes", "-"),
        *(
            pytest.param(args, marks=pytest.mark.slow)
            for args in (
                ("whatif", "-", "--set", "*:stride=1"),
                ("tiles", "-"),
                ("fix", "-", "--diff"),
                ("annotate", "-", "--netron", "netron.json"),
                ("where", "-", "--at", "0"),
                ("tiles", "-", "--prove"),
                ("diff", "-", "other.onnx"),
                ("erf", "-"),
                ("plot", "-", "--kind", "ladder", "-o", "ladder.svg"),
            )
        ),
    ],
    ids=" ".join,
)
def test_a_signal_waits_until_onnx_is_loaded(args: tuple[str, ...], tmp_path: Path) -> None:
    """A signal in the middle of loading ONNX ends every command as any signal does, and its temporary folder is gone.

    Its compiled module aborts the process (status −6) where an exception reaches it.
    """
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with (SAMPLES / "resnet18-torchscript.onnx").open("rb") as model:
        ended = subprocess.run(
            [sys.executable, "-c", SIGNALLED_WHILE_LOADING, *args],
            env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
            cwd=tmp_path,
            stdin=model,
            check=False,
            capture_output=True,
            text=True,
        )
    assert (ended.returncode, ended.stdout, ended.stderr) == (128 + signal.SIGTERM, "", "")
    assert list(tmp_path.iterdir()) == [temporary]
    assert list(temporary.iterdir()) == []
