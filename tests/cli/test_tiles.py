"""`strideinspect tiles` on the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import structs

from strideinspect import proven_tiles
from strideinspect.analysis import Analysis
from strideinspect.cli.app import run
from strideinspect.studies.tile_layout import Tiles, tiles

SAMPLES = Path(__file__).parents[2] / "sample_models"


def test_the_json_document_has_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    """The U-Net of CSBDeep's (3, 3, 2): step 8, halo 46; bioimage.io has the same numbers in cells of the output."""
    assert run(["tiles", str(SAMPLES / "unet-torchscript.onnx"), "--prove", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "strideinspect/tiles/1"
    (output,) = found["outputs"]
    assert (output["exact"], output["reason"]) == (True, None)
    assert [(a["step"], a["halo"], a["crop"], a["scale"]) for a in output["axes"]] == [(8, [46, 46], [46, 46], "1")] * 2
    assert found["proof"]["status"] == "equal"
    space = found["bioimageio"]["outputs"][0]["axes"][2]
    assert (space["halo"], space["size"]) == (46, {"tensor_id": "image", "axis_id": "y", "offset": 0})
    assert found["bioimageio"]["inputs"][0]["axes"][2]["size"] == 128  # the file fixes it


def test_a_causal_signal_in_milliseconds(capsys: pytest.CaptureFixture[str]) -> None:
    """WaveNet's two blocks of dilations 1 to 32 see 126 samples back: 126 / 16 = 7.875 ms, and none ahead."""
    assert run(["tiles", str(SAMPLES / "wavenet-dynamo.onnx"), "--rate", "16000"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "lookback 7.875 ms, lookahead 0 ms" in text
    assert "Causal: no output index depends on a later sample" in text


def test_what_cannot_be_cut_is_said_with_the_node(capsys: pytest.CaptureFixture[str]) -> None:
    """DeepLab pools over the whole map."""
    assert run(["tiles", str(SAMPLES / "deeplabv3-dynamo.onnx"), "--format", "markdown"]) == 0
    assert "ReduceMean 'node\\_mean' depends on all of the axis" in capsys.readouterr().out


def test_tiles_that_are_not_equal_are_status_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A halo of 45 in place of the U-Net's 46, as a mistake in the study would give it, is found out by running."""
    study = tiles

    def mistaken(analysis: Analysis, tile: Sequence[int]) -> Tiles:
        right = study(analysis, tile)
        outputs = (
            structs.replace(o, axes=tuple(structs.replace(a, crop=(45, 45)) for a in o.axes)) for o in right.outputs
        )
        return structs.replace(right, outputs=tuple(outputs))

    monkeypatch.setattr(proven_tiles, "tiles", mistaken)
    assert run(["tiles", str(SAMPLES / "unet-torchscript.onnx"), "--prove"]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "NOT equal: 9 tiles and the whole" in text
    assert "Other pixels outside a tile change what is kept of it by" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tile", "512x512"], "write --tile 512,512"),
        (["--tile", "0"], "1 or more"),
        (["--tile", "1,2,3"], "2 spatial axes"),
        (["--tile", "16"], "too small: nothing would be left of it; give 104 or more, in steps of 8"),
        (["--tile", "100"], "other axes differ; give 104 or more, in steps of 8"),
        (["--rate", "0"], "not a sample rate"),
        (["--rate", "16000"], "--rate only works with signals"),
    ],
)
def test_wrong_options_say_what_to_write(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error, status 2."""
    assert run(["tiles", str(SAMPLES / "unet-torchscript.onnx"), *options]) == 2
    assert message in capsys.readouterr().err
