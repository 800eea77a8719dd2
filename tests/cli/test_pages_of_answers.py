"""The pages on sizes, tiles and where show what the commands print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from strideinspect.cli.app import run
from tests.cli.printed_rows import rows
from tests.some_slow import some_slow

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    example
    for page in ("sizes", "tiles", "where")
    for example in re.findall(
        r"```console\n\$ strideinspect (.*?)\n(.*?)```",
        (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8"),
        re.DOTALL,
    )
]


def test_every_page_begins_with_an_example() -> None:
    """The examples have not moved away from this test."""
    assert {command.split()[0] for command, _ in EXAMPLES} == {"sizes", "tiles", "where"}


@pytest.mark.parametrize(
    ("command", "shown"),
    some_slow(EXAMPLES, {"sizes sample_models/vit-torchscript.onnx"}),
    ids=[command for command, _ in EXAMPLES],
)
def test_examples_are_true(
    command: str, shown: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line, but for the version of onnxruntime and the last bits of a difference."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    assert run(command.split()) == 0
    printed = capsys.readouterr().out
    assert _settled(printed) == _settled(shown)
    assert rows(printed) == rows(shown)


def _settled(text: str) -> str:
    return re.sub(r"onnxruntime [\d.]+|by \d\S*e-\d+", "…", " ".join(text.split()))
