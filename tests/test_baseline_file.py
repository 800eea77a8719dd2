"""The file of accepted findings: what it holds, and what is said of one that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from strideinspect.baseline_file import Baseline, read
from strideinspect.errors import UsageError
from strideinspect.policy.entry import Entry

ENTRY = Entry(
    model="exports/net.onnx",
    rule="floor-truncation",
    layer="features.5",
    node="node_max_pool2d",
    output="max_pool2d",
    operator="MaxPool 3×3/2",
    namesakes=1,
    input=None,
    axes=(2, 3),
    message="MaxPool: row and column 25 of its 26×26 input are never used",
)
TEXT = """\
{
  "schema": "strideinspect/baseline/1",
  "accepted": [
    {
      "model": "exports/net.onnx",
      "rule": "floor-truncation",
      "layer": "features.5",
      "node": "node_max_pool2d",
      "output": "max_pool2d",
      "operator": "MaxPool 3×3/2",
      "namesakes": 1,
      "input": null,
      "axes": [2, 3],
      "message": "MaxPool: row and column 25 of its 26×26 input are never used"
    }
  ]
}
"""


def test_text_and_back(tmp_path: Path) -> None:
    """A reviewer reads one name a line; what was written is read as it was."""
    file = tmp_path / "accepted.json"
    file.write_text(TEXT, encoding="utf-8")
    assert read(file) == Baseline(file, (ENTRY,))
    assert read(file).text() == TEXT


def test_same_bytes_in_any_order() -> None:
    """Entries are sorted by model, rule and layer, numbers by their size; an empty file is a file too."""
    layers = ["features.2", "features.10", "features." + 5000 * "9", "head"]
    entries = [replace(ENTRY, layer=layer) for layer in layers] + [replace(ENTRY, model="z.onnx", rule="a")]
    one, other = (Baseline(Path("b.json"), tuple(found)).text() for found in (entries, entries[::-1]))
    assert one == other
    assert [entry["layer"] for entry in json.loads(one)["accepted"]] == [*layers, "features.5"]
    assert json.loads(Baseline(Path("b.json")).text())["accepted"] == []


@pytest.mark.parametrize(("content", "message"), [
    ("{", "is not a baseline: not valid JSON"),
    (b"\xff\xfe\x00", "is not a baseline: not valid JSON"),
    ("[]", "its schema is not strideinspect/baseline/1"),
    ('{"schema": "strideinspect/report/1", "models": []}', "its schema is not strideinspect/baseline/1"),
    ('{"schema": "strideinspect/baseline/2"}', "was written by a newer strideinspect (strideinspect/baseline/2)"),
    ('{"schema": "strideinspect/baseline/1", "accepted": {}}', "accepted must be a list of findings"),
    ('{"schema": "strideinspect/baseline/1", "accepted": [3]}', "entry 1 is not a finding"),
    (TEXT.replace('"rule": "floor-truncation"', '"rule": null'), "entry 1: rule must be a string"),
    (TEXT.replace('"layer": "features.5"', '"layer": 5'), "entry 1: layer must be a string"),
    (TEXT.replace("[2, 3]", "[true]"), "entry 1: axes must be a list of numbers"),
    (TEXT.replace('"namesakes": 1', '"namesakes": "1"'), "entry 1: namesakes must be a number"),
    (TEXT.replace("[2, 3]", "[" * 100_000), "is not a baseline: not valid JSON"),
])  # fmt: skip
def test_unusable_file(content: str | bytes, message: str, tmp_path: Path) -> None:
    """A file that is broken, foreign or from a newer version is one UsageError that names it and the place."""
    file = tmp_path / "accepted.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError) as raised:
        read(file)
    assert raised.value.message.startswith(str(file))
    assert message in raised.value.message
    assert raised.value.help


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there says how to write it."""
    with pytest.raises(UsageError, match=r"there is no baseline .*; to create it: strideinspect baseline"):
        read(tmp_path / "accepted.json")


def test_models_are_named_from_the_file_on(tmp_path: Path) -> None:
    """A model is its path relative to the baseline's folder, wherever one stands; a link to it is itself."""
    (tmp_path / "exports").mkdir()
    (tmp_path / "store").write_bytes(b"")
    (tmp_path / "exports" / "net.onnx").symlink_to(tmp_path / "store")
    (tmp_path / "shortcut").symlink_to(tmp_path / "exports")
    baseline = Baseline(tmp_path / "ci" / "accepted.json")
    for path in ("exports/net.onnx", "exports/../exports/net.onnx", "shortcut/net.onnx"):
        assert baseline.name_of(tmp_path / path) == "../exports/net.onnx"


@pytest.mark.parametrize(("models", "there", "asked", "found"), [
    (["a.onnx", "b.onnx"], ["a.onnx", "b.onnx"], "a.onnx", ["a.onnx"]),
    (["a.onnx"], ["a.onnx", "c.onnx"], "c.onnx", []),
    (["a.onnx"], ["c.onnx"], "c.onnx", ["a.onnx"]),
    (["a.onnx", "b.onnx"], ["b.onnx", "c.onnx"], "c.onnx", []),
])  # fmt: skip
def test_entries_of_a_model(models: list[str], there: list[str], asked: str, found: list[str], tmp_path: Path) -> None:
    """A model has the entries under its name; one that took the place of the only model, now gone, has those."""
    for name in there:
        (tmp_path / name).touch()
    baseline = Baseline(tmp_path / "accepted.json", tuple(replace(ENTRY, model=model) for model in models))
    assert [entry.model for entry in baseline.of(tmp_path / asked)] == found
    assert baseline.gone() == set(models) - set(there)
