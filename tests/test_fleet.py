"""Many models at a time, whoever does the work."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import onnx
import onnx.parser
import pytest

from strideinspect import (
    FailedReport,
    Settings,
    UsageError,
    fleet,
    inspect,
    inspect_many,
    settings_for,
)
from strideinspect.fleet import Result, Task

ROOT = Path(__file__).parents[1]
T = TypeVar("T")
POOL = """
<ir_version: 8, opset_import: ["": 18]>
agraph (float[1,1,{size},{size}] x) => (float[] y) {{ y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x) }}
"""
STATIC = Settings(verify="none")


@pytest.fixture
def models(tmp_path: Path) -> list[str]:
    """Pools on maps of 9, 10 and 11 rows, of which the second drops one, and a file that is no model between them."""
    paths = [str(tmp_path / f"{size}.onnx") for size in ("09", "10", "11")]
    for path in paths:
        onnx.save(onnx.parser.parse_model(POOL.format(size=int(Path(path).stem))), path)
    bad = tmp_path / "10b.onnx"
    bad.write_bytes(b"# Notes\n")
    return sorted([*paths, str(bad)])


def told(results: list[Result]) -> list[tuple[str, object]]:
    """Of every result the file's name, and its rules or that it failed."""
    return [
        (
            Path(result.path).name,
            "failed" if isinstance(result, FailedReport) else [f.rule for f in result.findings],
        )
        for result in results
    ]


WANTED = [
    ("09.onnx", []),
    # floor((10 - 3) / 2) + 1 = 4 windows reach rows 0 to 8.
    ("10.onnx", ["unseen-input"]),
    ("10b.onnx", "failed"),
    ("11.onnx", []),
]


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_in_order(jobs: int, models: list[str]) -> None:
    """One result per file, in the order given; the file that is no model stops nothing."""
    assert told([*inspect_many(models, settings=STATIC, jobs=jobs)]) == WANTED


def test_processes_say_what_one_says(models: list[str]) -> None:
    """A report that has travelled between processes is the one that would have been made here."""
    *_, last = inspect_many(models, settings=STATIC, jobs=2)
    assert last == inspect(models[-1], settings=STATIC)


def test_engine_that_is_there(models: list[str]) -> None:
    """Any executor of concurrent.futures does; it is told of, and not shut down."""
    said: list[str] = []
    with ThreadPoolExecutor(2) as threads:
        assert told([*inspect_many(models, settings=STATIC, executor=threads, progress=said.append)]) == WANTED
        assert threads.submit(int).result() == 0
    assert said == [f"inspecting {path} ({number} of 4)" for number, path in enumerate(models, 1)]


def test_settings_for_each_model(models: list[str]) -> None:
    """A function gives every model its own settings: here those of a configuration beside them."""
    toml = 'verify = "none"\n[[files]]\npath = "10*"\nignore = ["unseen-input"]\n'
    Path(models[0]).with_name("strideinspect.toml").write_text(toml, encoding="utf-8")
    assert dict(told([*inspect_many(models, settings=settings_for)]))["10.onnx"] == ["floor-truncation"]


def test_no_workers(models: list[str]) -> None:
    """Less than one job is a mistake, told before anything is inspected."""
    with pytest.raises(UsageError, match="jobs cannot be 0"):
        inspect_many(models, jobs=0)


def dying(task: Task) -> Result:
    """Work whose process ends in the middle of it, as the system ends one that takes too much memory."""
    if task.path == "greedy":
        os._exit(9)
    return FailedReport(task.path, "worked", "")


@pytest.mark.slow
def test_process_that_dies_costs_only_its_own_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool that died with one model is replaced: the others get their results, and that one its error."""
    monkeypatch.setattr(fleet, "outcome", dying)
    results = [*fleet.run([Task(path, STATIC) for path in ("a", "greedy", "b", "c")], jobs=2)]
    messages = [result.message for result in results if isinstance(result, FailedReport)]
    assert [messages[0], *messages[2:]] == ["worked"] * 3
    assert messages[1].startswith("the worker process failed: ")


class Losing(ThreadPoolExecutor):
    """An engine that loses what it is given."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """A future that tells of the loss."""
        del fn, args, kwargs
        lost: Future[T] = Future()
        lost.set_exception(ConnectionError("worker 7 is gone"))
        return lost


def test_engine_that_loses_a_model(models: list[str]) -> None:
    """What an engine says of a model that it lost is that model's error."""
    (result,) = inspect_many(models[:1], settings=STATIC, executor=Losing(1))
    assert isinstance(result, FailedReport)
    assert result.message == "the worker process failed: worker 7 is gone"


def test_paths_that_denote_no_model(models: list[str], tmp_path: Path) -> None:
    """A folder without models is one failed result, and stops nothing."""
    (tmp_path / "empty").mkdir()
    assert told([*inspect_many([tmp_path / "empty", models[0]], settings=STATIC)]) == [
        ("empty", "failed"),
        ("09.onnx", []),
    ]


def test_time_limit(models: list[str]) -> None:
    """A model that takes longer than it may is a failed result, and the next one has the whole time again."""
    results = [*inspect_many(models[:2], settings=Settings(verify="none", timeout=1e-6))]
    messages = [result.message for result in results if isinstance(result, FailedReport)]
    assert messages == ["not finished after 1e-06 seconds"] * 2
    assert told([*inspect_many(models[:1], settings=Settings(verify="none", timeout=600))]) == WANTED[:1]


@pytest.mark.slow
def test_example_on_a_cluster(models: list[str]) -> None:
    """The example inspects a folder on a Dask cluster of two processes, and says what a run alone says."""
    done = subprocess.run(
        [sys.executable, "examples/fleet_on_dask.py", str(Path(models[0]).parent)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    lines = [line.rpartition("/")[2] for line in done.stdout.splitlines()]
    assert [lines[0], lines[1], lines[3]] == [
        "09.onnx: clean (agreed)",
        "10.onnx: unseen-input (agreed)",
        "11.onnx: clean (agreed)",
    ]
    assert lines[2] == "10b.onnx is not an ONNX model but a text file"
    assert done.returncode == 1
