"""Files that other programs read, held against their own schemas: the action, the hook, and what docs/ci.md shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.process import ROOT

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
SNIPPETS = dict(re.findall(r"^## (\w[\w-]*)\n\n```yaml\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE))


def check(*command: str) -> None:
    """Run a program that checks a file."""
    done = subprocess.run(
        [sys.executable, "-m", *command], check=False, capture_output=True, encoding="utf-8", timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_action() -> None:
    """GitHub's schema of an action."""
    check("check_jsonschema", "--builtin-schema", "vendor.github-actions", str(ROOT / "action.yml"))


def test_hooks() -> None:
    """pre-commit's own check of a manifest."""
    check("pre_commit", "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml"))


@pytest.mark.parametrize(("heading", "command"), [
    ("GitHub", ("check_jsonschema", "--builtin-schema", "vendor.github-workflows")),
    pytest.param(
        "GitLab", ("check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
        marks=pytest.mark.slow,
    ),
    ("pre-commit", ("pre_commit", "validate-config")),
])  # fmt: skip
def test_what_the_page_shows(heading: str, command: tuple[str, ...], tmp_path: Path) -> None:
    """Whoever copies a snippet has a valid file."""
    file = tmp_path / "snippet.yml"
    file.write_text(SNIPPETS[heading], encoding="utf-8")
    check(*command, str(file))
