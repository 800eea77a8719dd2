"""The proof of a tiling: equal tiles, a crop that is too small, and files without weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from msgspec import structs

import strideinspect
from strideinspect.results.tile_parts import TiledOutput
from strideinspect.studies.tile_layout import tiles
from strideinspect.verify.client import Verifier
from strideinspect.verify.tiling_proof import prove
from tests.oracle_models import model_of
from tests.rules.inspecting import analysed
from tests.studies.u_nets import one_convolution_unet

BODY = "a = Conv <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) y = Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (a, v)"  # noqa: E501


def model() -> onnx.ModelProto:
    """Two convolutions, the first with stride 2."""
    return model_of(BODY, {"x": (1, 1, 32, 32)}, constants={"w": (1, 1, 3, 3), "v": (1, 1, 3, 3)})


def test_tiles_are_equal_and_one_cell_less_is_not(tmp_path: Path) -> None:
    """Nine tiles; the cells beside those that are kept move with pixels outside the tile: fewer cannot be discarded."""
    onnx.save(model(), tmp_path / "m.onnx")
    proof = strideinspect.tiles(tmp_path / "m.onnx", prove=True).proof
    assert (proof.status, proof.tiles) == ("equal", 9)
    assert proof.max_difference is not None
    assert proof.bound is not None
    assert proof.one_less is not None
    assert proof.max_difference <= proof.bound
    assert proof.moved == 0 < proof.one_less


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("deep", [False, True])
def test_a_crop_that_is_too_small_is_found_unequal(deep: bool, side: int, tmp_path: Path) -> None:  # noqa: FBT001
    """A wrong claim is found: one cell less discarded at one side. In a U-Net its effect is smaller than the bound."""
    study = tiles(analysed(one_convolution_unet(3, 64) if deep else model(), tmp_path))
    (output,) = study.outputs
    wrong = TiledOutput(
        output.output,
        tuple(
            structs.replace(axis, crop=(axis.crop[0] - (side == 0), axis.crop[1] - (side == 1))) for axis in output.axes
        ),
        (),
    )
    with Verifier(str(tmp_path / "model.onnx"), timeout=60) as verifier:
        proof = prove(verifier, [wrong], study.example, study.shapes)
    assert proof.status == "unequal"
    assert proof.moved


def test_a_file_without_weights_is_run_with_random_ones(tmp_path: Path) -> None:
    """The weights are in a file that is missing."""
    big = model_of(BODY, {"x": (1, 64, 32, 32)}, constants={"w": (64, 64, 3, 3), "v": (8, 64, 3, 3)})
    onnx.save(big, tmp_path / "m.onnx", save_as_external_data=True, location="w.bin", size_threshold=16)
    (tmp_path / "w.bin").unlink()
    proof = strideinspect.tiles(tmp_path / "m.onnx", prove=True).proof
    assert proof.status == "equal"
    assert "random weights" in proof.reason


def test_values_that_overflow_prove_nothing(tmp_path: Path) -> None:
    """Infinite values are equal whatever the tiles are."""
    onnx.save(
        model_of(
            BODY, {"x": (1, 1, 32, 32)}, constants={"w": np.full((1, 1, 3, 3), 3e38, np.float32), "v": (1, 1, 3, 3)}
        ),
        tmp_path / "m.onnx",
    )
    proof = strideinspect.tiles(tmp_path / "m.onnx", prove=True).proof
    assert proof.status == "not_checked"
    assert "overflows" in proof.reason
