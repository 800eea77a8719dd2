"""What the settings name and no model has is told, by the command as people start it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.process import SAMPLES, strideinspect
from tests.cli.test_terminal import ESCAPES, in_terminal

TOML = """
tensors = ["0*", "convulution"]
[per-node-ignores]
"stage9.*" = ["stride-gap"]
"conv2d" = ["padding-truncation"]
[budgets.outputs]
logits = {max-stride = 4}
[[files]]
path = "a*.onnx"
[[files]]
path = "elsewhere/*.onnx"
[[files]]
path = ["missing.onnx", "gone/model.onnx"]
"""
TOLD = """
tensors: no tensor, node or layer matches 'convulution'
per-node-ignores: no tensor, node or layer matches 'stage9.*'
budgets: no output matches 'logits'
strideinspect.toml: files, table 2: no file matches path = 'elsewhere/*.onnx'
strideinspect.toml: files, table 3: no file matches path = ['missing.onnx', 'gone/model.onnx']
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two models, and a configuration half of whose names are in none of them."""
    for name in ("a.onnx", "b.onnx"):
        shutil.copy(SAMPLES / "cnn-stride2-dynamo.onnx", tmp_path / name)
    (tmp_path / "strideinspect.toml").write_text(TOML, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("options", "status", "begin"), [((), 0, "warning: "), (("--strict-config",), 2, "")])
def test_what_matches_nothing_is_told(options: tuple[str, ...], status: int, begin: str, project: Path) -> None:
    """Each is one line on standard error, after the reports: a warning, or with --strict-config the reason of status 2.

    A pattern that one of the models has is none of them, and the inspection itself goes on either way.
    """
    ended = strideinspect("a.onnx", "--no-verify", "--quiet", *options, cwd=project)
    lines = [line.partition("; did you mean")[0] for line in ended.stderr.splitlines()]
    assert (ended.returncode, lines) == (status, [f"strideinspect: {begin}{line}" for line in TOLD.split("\n") if line])


def test_a_name_in_one_of_the_models_is_no_mistake(project: Path) -> None:
    """Of several models it is enough that one has the name, and how many were searched is said."""
    shutil.copy(SAMPLES / "squeezenet11-torchscript.onnx", project / "c.onnx")
    options = ("--no-config", "--no-verify", "--quiet", "--tensor", "features.3", "--tensor", "features.99")
    ended = strideinspect(".", *options, cwd=project)
    assert (ended.returncode, ended.stderr) == (
        0,
        (
            "strideinspect: warning: tensors: no tensor, node or layer matches 'features.99' in any of 3 models; "
            "did you mean features.9?\n"
        ),
    )


def test_a_table_for_a_model_that_is_not_inspected_is_no_mistake(project: Path) -> None:
    """Only b.onnx is inspected; the table for a*.onnx has a file all the same, so nothing is said of it."""
    ended = strideinspect("b.onnx", "--no-verify", "--quiet", cwd=project)
    assert "table 1" not in ended.stderr


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
def test_readme_pattern_in_a_terminal(exporter: str) -> None:
    """README's `--tensor 'layer3*'` reports the blocks of ResNet's third stage, whichever exporter wrote the file."""
    shown = ESCAPES.sub(
        "",
        in_terminal(
            f"sample_models/resnet18-{exporter}.onnx",
            "--no-verify",
            "--tensor",
            "layer3*",
        ),
    )
    fields = [line.strip() for line in shown.splitlines() if line.strip().startswith("receptive field")]
    # The paper's numbers of ResNet-18: 99 pixels before the stage, and 4 convolutions of 3×3 at strides 8, 16, 16, 16.
    assert [text.split(",")[0] for text in fields if "stride 16" in text][:2] == ["receptive field 115"] * 2
    assert any(text.startswith("receptive field 211, stride 16") for text in fields)
    assert "matches" not in shown
