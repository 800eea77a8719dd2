"""The pages on diff, whatif and fix show what the commands print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.printed_rows import rows
from tests.cli.process import ROOT, strideinspect
from tests.some_slow import some_slow

PAGES = ("diff", "fix", "whatif")
EXAMPLES = [
    (*example, page)
    for page in PAGES
    for example in re.findall(
        r"```console\n\$ strideinspect (.*?)\n(.*?)```", (ROOT / "docs" / f"{page}.md").read_text("utf-8"), re.DOTALL
    )
]


SLOW = {
    "whatif sample_models/resnet18-torchscript.onnx --set 'layer4.0.conv1:stride=1'",
    "fix sample_models/squeezenet11-torchscript.onnx -o fixed.onnx",
    "fix sample_models/squeezenet11-torchscript.onnx -o fixed.onnx --unsafe-fixes",
}


@pytest.mark.parametrize(
    ("command", "shown", "page"), some_slow(EXAMPLES, SLOW), ids=[f"{page}: {command}" for command, _, page in EXAMPLES]
)
def test_examples_are_true(command: str, shown: str, page: str, tmp_path: Path) -> None:
    """What the page shows is what is printed at 80 columns, but for the version of onnxruntime."""
    (tmp_path / "sample_models").symlink_to(ROOT / "sample_models")
    done = strideinspect(*shlex.split(command), cwd=tmp_path, env={"COLUMNS": "80"})
    assert _settled(done.stdout) == _settled(shown), page
    assert rows(done.stdout) == rows(shown), page


def _settled(text: str) -> str:
    return re.sub(r"onnxruntime\s+[\d.]+|by up to \S+", "…", " ".join(text.split()))


def test_every_page_has_examples() -> None:
    """None has moved away from this test."""
    assert {page for *_, page in EXAMPLES} == set(PAGES)
