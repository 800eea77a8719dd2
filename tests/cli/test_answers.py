"""The JSON of the commands that answer a question keeps to the schemas that ship in the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from strideinspect.cli.app import run
from strideinspect.results.schemas import SCHEMAS, schema_text

SAMPLES = Path(__file__).parents[2] / "sample_models"
ASKED = [
    ["sizes", "alexnet-stem-dynamo", "--range", "215:230"],
    ["sizes", "unet-torchscript", "--near", "100"],
    ["sizes", "vit-torchscript"],
    ["sizes", "wavenet-keras"],
    ["erf", "cnn-stride2-keras", "--count", "1"],
    ["tiles", "unet-torchscript"],
    ["tiles", "wavenet-dynamo", "--rate", "16000", "--prove"],
    ["tiles", "deeplabv3-dynamo"],
    ["tiles", "resnet18-dynamo", "--prove"],
    ["where", "unet-torchscript", "--at", "7,7"],
    ["where", "unet-torchscript", "--pixel", "60,100"],
    ["where", "dcgan-generator-dynamo", "--at", "3,3"],
    ["where", "resnet18-dynamo", "--pixel", "0,0"],
]


def test_every_command_is_asked() -> None:
    """The list here has all commands with a schema but the report's own, which has tests of its own."""
    assert {asked[0] for asked in ASKED} == set(SCHEMAS) - {"report"}


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_answers_keep_to_their_schema(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A real answer is valid, and no key of it is unknown to the schema."""
    command, sample, *options = asked
    status = run([command, str(SAMPLES / f"{sample}.onnx"), *options, "--format", "json"])
    printed = capsys.readouterr()
    assert (status, printed.err) == (0, "")
    document: dict[str, Any] = json.loads(printed.out)
    schema: dict[str, Any] = json.loads(schema_text(command))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    assert document.keys() == schema["properties"].keys()


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`strideinspect schema tiles` prints the schema of that answer."""
    assert run(["schema", name]) == 0
    assert json.loads(capsys.readouterr().out)["$id"] == f"strideinspect/{name}/1"


def test_what_has_no_schema_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """One line says what can be asked for."""
    assert run(["schema", "rules"]) == 2
    assert "name one of report, erf, sizes, tiles, where" in capsys.readouterr().err
