"""Reports of unchanged models are kept, and never shown for a model or settings that are not the same."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import numpy_helper

from strideinspect import Settings, inspect, report_cache
from strideinspect.cli.app import run
from strideinspect.fleet import Task
from strideinspect.report_cache import ENVIRONMENT, ReportCache
from strideinspect.results.report import FailedReport
from tests.cli.process import ROOT, strideinspect

POOL = """<ir_version: 8, opset_import: ["": 18]>
g (float[1,1,{size},{size}] x) => (float[] y) <float[1,1,3,3] w = {{1,1,1,1,1,1,1,1,1}}> {{
  y = Conv <strides = [2, 2]> (x, w) }}
"""


def saved(path: Path, size: int) -> None:
    """A convolution on a map of this size, in a file that was not changed just now."""
    onnx.save(onnx.parser.parse_model(POOL.format(size=size)), path)
    time.sleep(0.02)


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled at once: the tests do not wait for two seconds."""
    monkeypatch.setattr("strideinspect.limits.SETTLED_SECONDS", 0.01)


@pytest.fixture
def cache(tmp_path: Path) -> ReportCache:
    """An empty cache."""
    return ReportCache(tmp_path / "cache")


def kept(cache: ReportCache, path: Path, **settings: object) -> Callable[[], bool]:
    """Keep a report; the function says whether it would be shown now."""
    asked = {"verify": "none", **settings}
    task = Task(str(path), Settings(**asked))  # type: ignore[arg-type]
    key = cache.key(task)
    assert key is not None
    assert cache.get(key) is None
    report = inspect(path, settings=task.settings)
    cache.put(key, task, report)
    assert cache.get(key) == report

    def shown() -> bool:
        fresh = ReportCache(cache._folder)  # noqa: SLF001  # as the next run
        now = fresh.key(task)
        return now is not None and fresh.get(now) is not None

    assert shown()
    return shown


def test_changed_model(cache: ReportCache, tmp_path: Path) -> None:
    """Another content, be it of the same size and with the old time of change, is inspected again."""
    path = tmp_path / "m.onnx"
    saved(path, 10)
    before = path.stat()
    shown = kept(cache, path)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"\x01\x00\x00\x80?", b"\x01\x00\x00\x80?"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert not shown()


def test_other_settings_and_places(cache: ReportCache, tmp_path: Path) -> None:
    """Each setting makes another key, and so does the path, which the report shows."""
    path = tmp_path / "m.onnx"
    saved(path, 10)
    settings = [
        Settings(verify="none"), Settings(), Settings(verify="none", select=("coverage",)), Settings(verify="full"),
        Settings(verify="none", input_shapes={"x": (1, 1, 12, 12)}), Settings(verify="none", tensors=("y",)),
    ]  # fmt: skip
    keys = {cache.key(Task(str(path), one)) for one in settings}
    assert len(keys) == len(settings)
    assert cache.key(Task(os.path.relpath(path), settings[0])) not in keys


def test_other_code(cache: ReportCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another onnxruntime makes another key, and a package with rules of its own makes none."""
    path = tmp_path / "m.onnx"
    saved(path, 10)
    task = Task(str(path), Settings())
    before = cache.key(task)
    with monkeypatch.context() as patch:
        patch.setattr(report_cache, "version", lambda package: f"{package} 99")
        assert ReportCache(tmp_path / "cache").key(task) not in (before, None)
    with monkeypatch.context() as patch:
        patch.setattr(report_cache, "entry_points", lambda group: [group])
        assert ReportCache(tmp_path / "cache").key(task) is None
    assert ReportCache(tmp_path / "cache").key(task) == before


def test_changed_baseline(cache: ReportCache, tmp_path: Path) -> None:
    """A baseline that was edited is applied anew."""
    path, baseline = tmp_path / "m.onnx", tmp_path / "baseline.json"
    saved(path, 10)
    written = strideinspect("baseline", "m.onnx", "--output=baseline.json", "--no-verify", cwd=tmp_path)
    assert written.returncode == 0
    shown = kept(cache, path, baseline=baseline)
    baseline.write_text(baseline.read_text() + "\n")
    assert not shown()


@pytest.mark.slow
def test_changed_weights_beside_the_model(cache: ReportCache, tmp_path: Path) -> None:
    """Weights in a file of their own count where they are run, that is with verify="full"."""
    path = tmp_path / "m.onnx"
    model = onnx.parser.parse_model(POOL.format(size=10))
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((1, 1, 3, 3), np.float32), "w"))
    onnx.save(model, path, save_as_external_data=True, location="w.bin", size_threshold=0)
    time.sleep(0.02)
    for verify, again in (("full", True), ("run", False)):
        shown = kept(cache, path, verify=verify)
        (tmp_path / "w.bin").write_bytes(np.full((1, 1, 3, 3), 2, np.float32).tobytes())
        assert shown() is not again
    shown = kept(ReportCache(tmp_path / "another"), path, verify="full")
    (tmp_path / "w.bin").unlink()
    assert not shown()


def test_changed_a_moment_ago(cache: ReportCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was written just now may be written again within one tick of the clock: nothing is kept of it."""
    monkeypatch.setattr("strideinspect.limits.SETTLED_SECONDS", 60)
    saved(tmp_path / "m.onnx", 10)
    assert cache.key(Task(str(tmp_path / "m.onnx"), Settings())) is None


@pytest.mark.parametrize("data", [b"", b"nonsense", pickle.dumps(([], "no report")), pickle.dumps(3)])
def test_damaged_entry(data: bytes, cache: ReportCache, tmp_path: Path) -> None:
    """A damaged entry is as good as none."""
    saved(tmp_path / "m.onnx", 10)
    kept(cache, tmp_path / "m.onnx")
    (entry,) = (tmp_path / "cache").glob("*/*.report")
    entry.write_bytes(data)
    assert cache.get(entry.stem) is None


def test_folder_that_others_can_write_to(tmp_path: Path) -> None:
    """What is read from the cache is trusted, so that a folder others can write to is none; nor is a file."""
    saved(tmp_path / "m.onnx", 10)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    for folder in (tmp_path / "open", tmp_path / "m.onnx", Path(os.devnull)):
        assert ReportCache(folder).key(Task(str(tmp_path / "m.onnx"), Settings())) is None


def test_time_that_ran_out_is_not_kept(cache: ReportCache, tmp_path: Path) -> None:
    """A verification that was given up may succeed the next time."""
    path = tmp_path / "m.onnx"
    saved(path, 10)
    task = Task(str(path), Settings(verify_timeout=1e-3))
    key = cache.key(task)
    assert key is not None
    cache.put(key, task, inspect(path, settings=task.settings))
    assert cache.get(key) is None


@pytest.mark.slow
def test_old_entries_are_removed(cache: ReportCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were not used for a month, and the ones used longest ago where there are too many."""
    for number in range(4):
        saved(tmp_path / f"{number}.onnx", 10 + number)
        kept(cache, tmp_path / f"{number}.onnx")
        (entry,) = {*(tmp_path / "cache").glob("*/*.report")} - {*tmp_path.glob("cache/*/*.moved")}
        entry.rename(entry.with_suffix(".moved"))
    for number, entry in enumerate(sorted(tmp_path.glob("cache/*/*.moved"))):
        os.utime(entry.rename(entry.with_suffix(".report")), (time.time() - 86400 * (1 + 20 * number),) * 2)
    cache.tidy()
    assert len(list(tmp_path.glob("cache/*/*.report"))) == 2
    monkeypatch.setattr("strideinspect.limits.CACHED_REPORTS", 1)
    cache.tidy()
    assert len(list(tmp_path.glob("cache/*/*.report"))) == 1


@pytest.mark.slow
def test_second_run_inspects_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says the same without an inspection; with --no-cache the models are inspected again."""
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path))
    samples = [str(ROOT / "sample_models" / name) for name in ("alexnet-stem-dynamo.onnx", "resnet18-keras.onnx")]
    assert run(samples) == 0
    first = capsys.readouterr().out

    def refuse(task: Task, _: object = None) -> FailedReport:
        return FailedReport(task.path, "inspected again", "")

    monkeypatch.setattr("strideinspect.fleet.outcome", refuse)
    assert run(samples) == 0
    assert capsys.readouterr().out == first
    assert run([*samples, "--no-cache"]) == 2


@pytest.mark.slow
def test_runs_side_by_side(tmp_path: Path) -> None:
    """Runs that share a cache and write it at the same time say the same."""
    command = [sys.executable, "-m", "strideinspect", "sample_models/cnn-stride2-keras.onnx", "--no-verify"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), ENVIRONMENT: str(tmp_path), "PYTHONIOENCODING": "utf-8"}
    for _ in range(2):
        runs = [subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE) for _ in range(3)]
        assert len({run.communicate()[0] for run in runs}) == 1
    assert len(list(tmp_path.glob("*/*.report"))) == 1
    assert not [file for file in tmp_path.glob("*/*") if file.suffix != ".report"]
