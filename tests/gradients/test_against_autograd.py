"""Small networks of every kind, held against autograd of PyTorch and TensorFlow in double precision."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import strideinspect

FOLDER = Path(__file__).parents[2] / "effective_fields" / "models"
MAPS = {file.stem: np.load(file) for file in (FOLDER / "pytorch.npz", FOLDER / "keras.npz")}
MODELS = sorted(file.stem for file in FOLDER.glob("*.onnx"))


def test_all_models_are_there() -> None:
    """Each network by both exporters of PyTorch, or by Keras, and none without a map."""
    assert (
        sorted(
            [f"{name}-{exporter}" for name in MAPS["pytorch"].files for exporter in ("dynamo", "torchscript")]
            + [f"{name}-keras" for name in MAPS["keras"].files]
        )
        == MODELS
    )
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 400_000


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_the_map_is_that_of_autograd(model: str) -> None:
    """For the middle cell, on the same input, with a relative error below 1e-5; the checks pass to five digits."""
    name, exporter = model.rsplit("-", 1)
    expected = MAPS["keras" if exporter == "keras" else "pytorch"][name].astype(np.float64)
    path = FOLDER / f"{model}.onnx"
    shape = strideinspect.inspect(path, verify="none").inputs[0].shape
    x = np.random.default_rng(0).standard_normal(shape, np.float32)
    found = strideinspect.erf(path, data=[x])
    (seen,) = found.inputs
    assert np.linalg.norm(seen.map - expected) < 1e-5 * np.linalg.norm(expected)
    assert found.checks.adjoint < 1e-5
    assert not found.random_weights
