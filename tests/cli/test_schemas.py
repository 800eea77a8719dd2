"""What the commands write as JSON is what their published schemas say."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.cli.process import SAMPLES, strideinspect

RESNET, KERAS = (str(SAMPLES / f"resnet50-{name}.onnx") for name in ("torchscript", "keras"))
SQUEEZENET, UNET = str(SAMPLES / "squeezenet11-torchscript.onnx"), str(SAMPLES / "unet-torchscript.onnx")
COMMANDS = {
    "two models that differ": ("diff", RESNET, KERAS),
    "maps side by side": ("diff", str(SAMPLES / "yolo-torchscript.onnx"), UNET),
    "a changed stride": ("whatif", RESNET, "--set", "layer4.0.conv2:stride=1"),
    "changed dilations": ("whatif", UNET, "--set", "*:dilation=2"),
    "fixes": ("fix", SQUEEZENET, "--diff"),
    "fixes that are written": ("fix", SQUEEZENET, "-o", "out.onnx", "--unsafe-fixes"),
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_documents_are_valid(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """The schema command prints a schema by that name, and the document has all that it asks for."""
    schema = json.loads(strideinspect("schema", arguments[0]).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    found = json.loads(strideinspect(*arguments, "--format", "json", cwd=tmp_path).stdout)
    assert found["schema"] == schema["$id"] == f"strideinspect/{arguments[0]}/1"
    jsonschema.validate(found, schema, cls=jsonschema.Draft202012Validator)
