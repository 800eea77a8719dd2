"""Pages that are written from the program say what the program says of itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("of", ["api", "cli", "operators", "real_models", "rules", "schema", "terminal"])
def test_generated_pages_are_current(of: str) -> None:
    """The pages in docs/ are what their script writes, with nothing missing and nothing left over."""
    done = subprocess.run(
        [sys.executable, f"docs/generate_{of}.py", "--check"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
