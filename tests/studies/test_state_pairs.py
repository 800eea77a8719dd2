"""Inputs that carry context, and the outputs that are fed back to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from strideinspect.results.tile_parts import StatePair
from strideinspect.studies.state_pairs import state_pairs
from tests.oracle_models import Constant, model_of
from tests.oracle_sets import Shape
from tests.rules.inspecting import analysed

LSTM = "y, a, b = LSTM <hidden_size = 3> (x, w, r, , , h, c)"
STATES: dict[str, tuple[str, dict[str, Shape], dict[str, Constant], tuple[str, ...], list[tuple[str, str]]]] = {
    "an LSTM": (
        "y, hn, cn = LSTM <hidden_size = 3> (x, w, r, , , h, c)",
        {"c": (1, 1, 3), "h": (1, 1, 3), "x": (9, 1, 2)},
        {"w": (1, 12, 2), "r": (1, 12, 3)},
        ("y", "hn", "cn"),
        [("c", "cn"), ("h", "hn")],
    ),
    "both states of an LSTM in one tensor": (
        f"h, c = Split <axis = 0, num_outputs = 2> (s) {LSTM} t = Concat <axis = 0> (a, b)",
        {"x": (9, 1, 2), "s": (2, 1, 3)},
        {"w": (1, 12, 2), "r": (1, 12, 3)},
        ("y", "t"),
        [("s", "t")],
    ),
    "the last samples of a convolution": (
        "j = Concat <axis = 2> (s, x) y = Conv <kernel_shape = [3]> (j, w) t = Slice (j, from, to, axes)",
        {"x": (1, 1, 16), "s": (1, 1, 2)},
        {"w": (1, 1, 3), "from": [-2], "to": [1000], "axes": [2]},
        ("y", "t"),
        [("s", "t")],
    ),
    "values that are only passed on": (
        "y = Conv <kernel_shape = [3]> (x, w) t = Identity (s)",
        {"x": (1, 1, 16), "s": (1, 1, 2)},
        {"w": (1, 1, 3)},
        ("y", "t"),
        [],
    ),
}


@pytest.mark.parametrize(("body", "inputs", "constants", "outputs", "pairs"), STATES.values(), ids=STATES)
def test_states_are_paired(
    body: str,
    inputs: dict[str, Shape],
    constants: dict[str, Constant],
    outputs: tuple[str, ...],
    pairs: list[tuple[str, str]],
    tmp_path: Path,
) -> None:
    """Each with its own output, whatever the order; nothing that is not renewed is a state."""
    model = model_of(body, inputs, constants=constants, outputs=outputs)
    found = state_pairs(analysed(model, tmp_path))
    assert list(found) == [StatePair(*pair) for pair in pairs]


@pytest.mark.parametrize(
    "kind", ["an LSTM", "both states of an LSTM in one tensor", "the last samples of a convolution"]
)
def test_states_carry_what_came_before(kind: str) -> None:
    """Run by onnxruntime: two chunks with the states fed back give what both together give."""
    body, inputs, constants, outputs, pairs = STATES[kind]
    model = model_of(body, inputs, constants=constants, outputs=outputs)
    time = 0 if "LSTM" in kind else 2
    model.graph.input[list(inputs).index("x")].type.tensor_type.shape.dim[time].ClearField("dim_value")
    run = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    x = np.random.default_rng(0).random(inputs["x"]).astype(np.float32)
    feeds = {name: np.zeros(shape, np.float32) for name, shape in inputs.items() if name != "x"}
    (whole,) = run.run(["y"], {"x": x, **feeds})
    parts = []
    for part in np.array_split(x, 2, axis=time):
        y, *states = run.run(["y", *(output for _, output in pairs)], {"x": part, **feeds})
        parts.append(y)
        feeds = {name: state for (name, _), state in zip(pairs, states, strict=True)}
    np.testing.assert_allclose(np.concatenate(parts, axis=time), whole, atol=1e-6)
