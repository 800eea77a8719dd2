"""Gradients that are refused: those that fail a check, those that say nothing, and what cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

import strideinspect
from strideinspect.errors import UnsupportedModelError, UsageError
from strideinspect.gradients import pools
from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, rules
from strideinspect.studies import averaged_gradients as study
from tests.cli.process import SAMPLES
from tests.cli.process import strideinspect as run
from tests.studies.test_effective_field import ONES, saved


def shifted(call: GradientCall) -> Mapping[int, Array]:
    """The gradient of an average pool, one pixel off."""
    right = pools.average(call)[0]
    return {0: right.pad([0, 0, 0, 1], [0, 0, 0, -1])}


def test_a_wrong_gradient_fails_the_adjoint_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that is one pixel off is found, and the answer is refused."""
    path = saved(tmp_path, "y = AveragePool <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (x)", {})
    monkeypatch.setitem(rules(), ("", "AveragePool"), shifted)
    with pytest.raises(UnsupportedModelError, match="forward and reverse derivative differ"):
        strideinspect.erf(path, count=1)


def test_a_gradient_outside_the_exact_field_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the analysis named a smaller field than the gradient shows, one of them would be wrong."""
    path = saved(tmp_path, "y = Conv <pads = [1, 1, 1, 1]> (x, w)", {"w": ONES})
    narrow = [np.arange(12) == 6, np.arange(12) <= 7]
    monkeypatch.setattr(study, "_supported", lambda *_: {"x": narrow})
    monkeypatch.setattr(study, "cropped", lambda *_: None)
    with pytest.raises(UnsupportedModelError, match="6 pixels outside the field of y"):
        strideinspect.erf(path, count=1)


def test_channels_that_sum_to_a_constant_are_refused(tmp_path: Path) -> None:
    """Probabilities always add up to 1: their sum has no gradient, only rounding noise."""
    weight = np.random.default_rng(3).standard_normal((5, 1, 3, 3)).astype(np.float32)
    path = saved(tmp_path, "a = Conv (x, w) y = Softmax <axis = 1> (a)", {"w": weight})
    with pytest.raises(UnsupportedModelError, match="of y is rounding noise: its channels add up to a constant"):
        strideinspect.erf(path, count=1)
    assert strideinspect.erf(path, at="a:5,5", count=1).inputs[0].radius[99] == 1.41421


def test_a_cell_that_is_off_is_refused(tmp_path: Path) -> None:
    """A ReLU that passes nothing gives no gradient."""
    path = saved(tmp_path, "a = Conv (x, w, b) y = Relu (a)", {"w": ONES, "b": [-1000.0]})
    with pytest.raises(UnsupportedModelError, match="the gradient of this cell of y is zero"):
        strideinspect.erf(path, count=1)


def test_an_operator_without_a_gradient_is_named() -> None:
    """The node's name and the reason, exit status 2; a tensor before it works."""
    done = run("erf", str(SAMPLES / "crnn-dynamo.onnx"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "LSTM 'node_lstm__2': the gradient of operator LSTM is not known" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"at": "y:99,0"}, "so that it has no index 99"),
        ({"at": "x:3,3"}, "x is an input"),
        ({"count": 0}, "at least one input has to be fed"),
        ({"seed": -1}, "a seed is a whole number"),
        ({"data": [np.zeros((3, 3))]}, "does not fit input 'x'"),
        ({"data": ["missing.npy"]}, "^--data missing.npy: there is no such file; give a file that numpy.save wrote$"),
        ({"data": [__file__]}, "test_refused_gradients.py: is not an array of numpy"),
        ({"data": ["."]}, "^--data .: cannot be read: [A-Z][a-z ]+;"),
        ({"images": "missing"}, "there is no such folder"),
        ({"images": ".", "data": [np.zeros(3)]}, "not both"),
    ],
)
def test_wrong_arguments_are_told(arguments: dict[str, object], message: str, tmp_path: Path) -> None:
    """Each with what is wrong."""
    path = saved(tmp_path, "y = Conv (x, w)", {"w": ONES})
    with pytest.raises(UsageError, match=message):
        strideinspect.erf(path, **arguments)  # type: ignore[arg-type]
