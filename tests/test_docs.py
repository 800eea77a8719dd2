"""Pages that are written from the program say what the program says of itself."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("of", ["api", "cli", "operators", "real_models", "rules", "schema", "terminal"])
def test_generated_pages_are_current(of: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages in docs/ are what their script writes, with nothing missing and nothing left over."""
    script = str(ROOT / "docs" / f"generate_{of}.py")
    monkeypatch.setattr(sys, "argv", [script, "--check"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(script, run_name="__main__")
    assert not ended.value.code
