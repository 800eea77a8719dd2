"""Installing this package from its checkout as a host does, without asking the network for what is there already."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

from tests.cli.process import ROOT

NEEDED = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "strideinspect")
"""What a checkout has to have for pip and pre-commit."""

FEW_PLUGINS = {"PYTEST_ADDOPTS": "-p no:inline_snapshot -p no:xdist -p no:xdist.looponfail -p no:hypothesispytest"}
"""Variables under which pytest starts without what is installed for our tests alone: a second of imports."""


def environment(home: Path) -> dict[str, str]:
    """Variables under which pip finds dependencies and build tools among the packages that run the tests.

    Anything that looks like a CI service or a git repository around the tests is left out.
    """
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("GIT_", "GITHUB_", "RUNNER_", "PRE_COMMIT"))}
    return clean | {
        "HOME": str(home),
        # The Python that runs the tests before any other, for those packages are made for it.
        "PATH": os.pathsep.join([sysconfig.get_path("scripts"), clean.get("PATH", "")]),
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip takes it for the flag's own value: no isolation
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_COMPILE": "0",  # what is imported is compiled then
    }


def repository(folder: Path, env: dict[str, str]) -> str:
    """Make a git repository of a folder with all that is in it; the commit."""
    git(folder, env, "init", "--quiet")
    git(folder, env, "add", "--all")
    author = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    git(folder, env, *author, "commit", "--quiet", "--message", "Everything")
    return git(folder, env, "rev-parse", "HEAD").strip()


def git(folder: Path, env: dict[str, str], *args: str) -> str:
    """Run git in a folder; what it says."""
    command = [shutil.which("git") or "git", *args]
    return subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, encoding="utf-8").stdout


def checkout(folder: Path) -> None:
    """Copy of this project what is needed to install it."""
    folder.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
