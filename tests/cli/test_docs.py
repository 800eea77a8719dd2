"""What the documentation says of the command line is what the command line says of itself."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.cli.process import ROOT


def test_page_of_the_command_line_is_current() -> None:
    """docs/cli.md is what docs/generate_cli.py writes."""
    done = subprocess.run(
        [sys.executable, "docs/generate_cli.py", "--check"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
