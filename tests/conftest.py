"""What holds for every test."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

import pytest

from tests import forking, unverified

# A report that another run has kept would hide what a test is about; the tests of the cache name a folder of their own.
os.environ["STRIDEINSPECT_CACHE_DIR"] = os.devnull


def pytest_configure() -> None:
    """Let Python keep the bytecode of the package and of its tests, even where it is told to keep none.

    Without it every process that collects the tests spends most of its time on compiling them, in every run, and so
    does every process that a test starts. The folders are ignored by git.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_finish() -> None:
    """Leave the tests themselves out of garbage collection, and collect less often: that took a fifteenth of a run."""
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


@pytest.fixture(scope="session", autouse=True)
def forks() -> Iterator[None]:
    """Start the processes of onnxruntime as forks of one that has imported it."""
    with forking.forked():
        yield


@pytest.fixture
def own_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the processes of onnxruntime as users do: the test is about what a start does."""
    monkeypatch.setattr("strideinspect.verify.worker_process.sys", sys)


@pytest.fixture(scope="session", autouse=True)
def shared_reports(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the processes of one run of the tests share reports, in the folder above those of each."""
    own = tmp_path_factory.getbasetemp()
    unverified.keep_in((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "reports")
