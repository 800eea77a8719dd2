"""The command as a user starts it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests import forking

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_models"


def strideinspect(
    *args: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, python: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; what it wrote is decoded as UTF-8.

    With options of Python, or variables for it, it is started as users start it, else as a fork.
    """
    clean = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}
    variables = clean | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | dict(env or {})
    command = (*python, "-m", "strideinspect", *args)
    if not python and not any(name.startswith("PYTHON") for name in env or ()):
        return forking.run(command, cwd, variables)
    return subprocess.run(
        [sys.executable, *command],
        env=variables,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=forking.LONGEST,
    )
