"""Models that draw random numbers."""

from __future__ import annotations

from pathlib import Path

from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected


def test_drawn_numbers_are_the_same_at_every_run(tmp_path: Path) -> None:
    """A map padded by a random number of channels does not fit its convolution; the reason names the same number."""
    body = (
        "r = RandomUniform <low = 1.0, high = 900.0, shape = [1]> () n = Cast <to = 7> (r) "
        "p = Concat <axis = 0> (z, n, u) q = Pad (x, p) y = Conv (q, w)"
    )
    constants: dict[str, Constant] = {"z": [0, 0, 0, 0, 0], "u": [0, 0], "w": (1, 1, 3, 3)}
    model = model_of(body, {"x": (1, 1, 8, 8)}, constants=constants)
    one, other = (str(inspected(model, tmp_path, verify="run").verification.details) for _ in range(2))
    assert one == other
    assert "channels" in one
