"""The command on real files: AlexNet as the onnx package ships it, and files that are no models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
import pytest

from strideinspect.cli.app import run
from tests.schemas import schema_of

ALEXNET = str(Path(onnx.__file__).parent / "backend/test/data/light/light_bvlc_alexnet.onnx")


def model(text: str) -> dict[str, Any]:
    """The only model of a JSON report, once that is valid."""
    document = json.loads(text)
    schema_of("report").validate(document)
    (found,) = document["models"]
    assert isinstance(found, dict)
    return found


def test_same_report_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """Two inspections give the same bytes."""
    outputs = []
    for _ in range(2):
        run([ALEXNET, "--format", "json", "--positions", "--no-verify"])
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]


def test_positions_and_tensors(capsys: pytest.CaptureFixture[str]) -> None:
    """The actual field of every index is listed on request, for tensors that were asked for too."""
    assert run([ALEXNET, "--format", "json", "--positions", "--tensor", "n3", "--no-verify"]) == 0
    (tensor,) = model(capsys.readouterr().out)["tensors"]
    rows = tensor["fields"][0]["positions"]
    # pool1: 26 windows of field 19, every 8 pixels, none of them cut off by a border.
    assert rows["first"] == [8 * i for i in range(26)]
    assert rows["last"] == [8 * i + 18 for i in range(26)]


def test_text_without_verification(capsys: pytest.CaptureFixture[str]) -> None:
    """A text report names the last field, the loss and why nothing was checked."""
    assert run([ALEXNET, "--no-verify"]) == 0
    out = capsys.readouterr().out
    assert "195" in out
    assert "219–223" in out
    assert out.endswith("not checked: not requested\n")


@pytest.mark.parametrize(("args", "said"), [
    (["--input-shape", "foo=1,3,224,224"], "its inputs are: data_0"),
    (["--input-shape", "1,3,1000000000,224"], "more than 1,000,000"),
    (["--input-shape", "1,3"], "give 4 sizes"),
])  # fmt: skip
def test_wrong_for_this_model(args: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An option that does not fit the model is one line that tells what would."""
    assert run([ALEXNET, *args, "--no-verify"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert said in err
    assert "internal error" not in err


@pytest.mark.parametrize(("name", "content"), [
    ("missing.onnx", None),
    ("empty.onnx", b""),
    ("notes.onnx", b"# Notes\n\nnot a model\n"),
    ("cut.onnx", Path(ALEXNET).read_bytes()[:3000]),
    ("zeros.onnx", bytes(1000)),
    ("nested.onnx", b"\x3a\x7f" * 300),
    ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
    ("archive.zip", b"PK\x03\x04" + bytes(100)),
])  # fmt: skip
def test_no_model(name: str, content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no model ends in one line that names it and says what to do, and status 2."""
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    assert run([str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert name in err
    assert ";" in err
    assert "internal error" not in err
