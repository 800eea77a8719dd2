"""The commands in docs/effective-field.md print what the page shows."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.cli.process import ROOT, strideinspect

PAGE = (ROOT / "docs" / "effective-field.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```console\n\$ strideinspect (.*?)\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_shows_output() -> None:
    """The pattern has not moved away from the page."""
    assert len(SHOWN) == 2


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_a_command_of_the_page(command: str, output: str) -> None:
    """Word for word; a message on standard error is part of it."""
    done = strideinspect(*shlex.split(command), cwd=ROOT)
    assert f"{done.stdout}{done.stderr}" == output
