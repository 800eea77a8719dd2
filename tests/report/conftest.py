"""Paths in reports on the samples are relative to the repository, and so is every test of a format."""

from __future__ import annotations

import pytest

from tests.cli.process import ROOT


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each test where the samples' paths begin."""
    monkeypatch.chdir(ROOT)
