"""The JSON of the commands that answer a question keeps to the schemas that ship in the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from strideinspect.cli.app import run
from strideinspect.results.schemas import SCHEMAS, schema_text
from tests.schemas import schema_of
from tests.some_slow import some_slow

SAMPLES = Path(__file__).parents[2] / "sample_models"
ASKED = [
    "sizes alexnet-stem-dynamo.onnx --range 215:230",
    "sizes unet-torchscript.onnx --near 100",
    "sizes vit-torchscript.onnx",
    "sizes wavenet-keras.onnx",
    "tiles unet-torchscript.onnx",
    "tiles wavenet-dynamo.onnx --rate 16000 --prove",
    "tiles deeplabv3-dynamo.onnx",
    "tiles resnet18-dynamo.onnx --prove",
    "where unet-torchscript.onnx --at 7,7",
    "where unet-torchscript.onnx --pixel 60,100",
    "where dcgan-generator-dynamo.onnx --at 3,3",
    "where resnet18-dynamo.onnx --pixel 0,0",
    "diff resnet18-torchscript.onnx resnet18-qdq.onnx",
    "diff resnet50-torchscript.onnx resnet50-keras.onnx",
    "diff yolo-torchscript.onnx unet-torchscript.onnx",
    "whatif resnet50-torchscript.onnx --set layer4.0.conv2:stride=1",
    "whatif unet-torchscript.onnx --set *:dilation=2",
    "fix conv-10x10-valid-stride2-keras.onnx --diff",
    "fix conv-10x10-valid-stride2-keras.onnx --unsafe-fixes -o {out}",
    "erf cnn-stride2-keras.onnx --count 1",
]
SLOW = {
    "sizes vit-torchscript.onnx",
    "whatif resnet50-torchscript.onnx --set layer4.0.conv2:stride=1",
}
DIFFERENT = ("resnet50-keras", "yolo-torchscript")  # what diff ends with status 1 for


def test_every_command_is_asked() -> None:
    """The list here has all commands with a schema but the report's own, which has tests of its own."""
    assert {asked.split()[0] for asked in ASKED} == set(SCHEMAS) - {"report"}


@pytest.mark.parametrize("asked", some_slow(ASKED, SLOW))
def test_answers_keep_to_their_schema(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A real answer is valid, and no key of it is unknown to the schema."""
    monkeypatch.chdir(SAMPLES)
    command = asked.split(maxsplit=1)[0]
    status = run([*asked.format(out=tmp_path / "out.onnx").split(), "--format", "json"])
    printed = capsys.readouterr()
    assert (status, printed.err) == (int(command == "diff" and any(name in asked for name in DIFFERENT)), "")
    document: dict[str, Any] = json.loads(printed.out)
    schema_of(command).validate(document)
    assert document.keys() == json.loads(schema_text(command))["properties"].keys()


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`strideinspect schema tiles` prints the schema of that answer."""
    assert run(["schema", name]) == 0
    assert json.loads(capsys.readouterr().out)["$id"] == f"strideinspect/{name}/1"


def test_what_has_no_schema_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """One line says what can be asked for."""
    assert run(["schema", "rules"]) == 2
    assert f"name one of {', '.join(SCHEMAS)}" in capsys.readouterr().err


STOPS = "does not run with image 1×3×100×100: Concat /Concat: 1×32×25×25 and 1×32×24×24 cannot be joined"


@pytest.mark.parametrize(
    "asked",
    [
        "tiles {}",
        "where {} --at 3,3",
        "where {} --pixel 3,3",
        "erf {}",
        "diff {} unet-dynamo.onnx",
        "plot {} --kind ladder -o {out}",
    ],
)
def test_a_size_at_which_the_model_stops_midway_is_refused(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """100 rows are halved to 25 and 12, and 12 are doubled to 24: the branches of the U-Net do not meet."""
    monkeypatch.chdir(SAMPLES)
    out = tmp_path / "out.svg"
    assert run([*asked.format("unet-torchscript.onnx", out=out).split(), "--input-shape", "1,3,100,100"]) == 2
    printed = capsys.readouterr()
    assert (printed.out, STOPS in printed.err, out.exists()) == ("", True, False)


@pytest.mark.parametrize(
    "asked", ["annotate {} --netron {out}", "whatif {} --set down1.0:dilation=2", "where {} --at pool3:2,2"]
)
def test_what_is_known_before_the_model_stops_is_said(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files for viewers, changes and indices inside are of use all the same; what speaks of the whole model says it."""
    monkeypatch.chdir(SAMPLES)
    command = asked.format("unet-torchscript.onnx", out=tmp_path / "out.json").split()
    assert run([*command, "--input-shape", "1,3,100,100"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (f"the model {STOPS}" in said) is (command[0] != "where")


@pytest.mark.parametrize(
    "asked", ["sizes {} --near 10", "sizes {} {}", "where {} --at 0,0 {}", "tiles {} {}", "erf {} {}", "diff {} {} {}"]
)
def test_a_size_at_which_nothing_runs_is_said(asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A kernel of 11×11 on 10×10 pixels: no window is left, which is not the same as a model without windows."""
    model = str(SAMPLES / "alexnet-stem-dynamo.onnx")
    given = [model, "--input-shape 1,3,10,10"] if asked.count("{}") == 2 else [model, model, "--input-shape 1,3,10,10"]
    assert run(asked.format(*given).split()) == 2
    said = capsys.readouterr().err
    assert "does not run with image 1×3×10×10: Conv node_conv2d: its window spans 11×11 indices" in said
