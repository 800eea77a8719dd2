"""Models that ask for any amount of work or memory: each ends with its reason, in little of either."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from strideinspect import inspect
from strideinspect.model.fold import fold
from strideinspect.model.node import Node
from tests.oracle_models import Constant, model_of, tensor

MOST_SECONDS = 20
MOST_BYTES = 1 << 30
CONV = "y = Conv (r, w)"
EINSUM = 'r0 = Einsum <equation = "ab,ac,ad,ae,bc,bd,be,cd,ce,de->"> (c, c, c, c, c, c, c, c, c, c)'

# Nodes, constants, and what the report says of it.
HOSTILE: dict[str, tuple[str, dict[str, Constant], str]] = {
    "resized to 240 million columns": (
        f'r = Resize <mode = "nearest"> (x, "", s) {CONV}', {"s": [1.0, 1.0, 1.0, 3e7]},
        "its map of 6×239999998 indices is too large to follow",
    ),
    "repeated 30 million times": (
        f"r = Tile (x, p) {CONV}", {"p": [1, 1, 1, 30_000_000]},
        "its map of 6×239999998 indices is too large to follow",
    ),
    "padded by 200 million columns": (
        f"r = Pad (x, p) {CONV}", {"p": [0, 0, 0, 0, 0, 0, 0, 200_000_000]},
        "its map of 6×200000006 indices is too large to follow",
    ),
    "reflected into 4 million columns": (
        f'r = Pad <mode = "wrap"> (x, p) {CONV}', {"p": [0, 0, 0, 0, 0, 0, 0, 100_000_000]},
        "too large to follow",
    ),
    "a product of ten matrices": (
        f"c = ConstantOfShape <value = int64[1] {{1}}> (n) {EINSUM} f = Cast <to = 1> (r0) r = Add (x, f) {CONV}",
        {"n": [64, 64]}, "Einsum 'r0' alone takes 1,073,741,824 steps",
    ),
}  # fmt: skip


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))


@pytest.mark.slow
@pytest.mark.parametrize(("body", "constants", "says"), HOSTILE.values(), ids=HOSTILE)
def test_ends_with_a_reason(body: str, constants: dict[str, Constant], says: str, tmp_path: Path) -> None:
    """Each process takes less than 20 s of work and 1 GiB, and the report says what was too large."""
    path = tmp_path / "model.onnx"
    onnx.save(model_of(body, {"x": (1, 1, 8, 8)}, opset=20, constants={**constants, "w": (1, 1, 3, 3)}), path)
    ran = subprocess.run(
        [sys.executable, "-m", "strideinspect", path],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_limited,
        env={**os.environ, "COLUMNS": "500"},
    )
    assert says in " ".join(ran.stdout.split())
    # The largest of all child processes of this one so far, which therefore is an upper bound; in KiB.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < MOST_BYTES


def _folded(body: str, **constants: Constant) -> object:
    """What the last node of a model without inputs folds to."""
    proto = model_of(body, {}, opset=20, constants=constants).graph.node[-1]
    values = [onnx.numpy_helper.to_array(tensor(name, constants[name])) for name in proto.input]
    return fold(Node.of(proto, {"": 20}), values, 1)


def test_regular_expressions_are_not_folded() -> None:
    """(a+)+b takes 2³⁰ steps on thirty a's in the reference implementation, whatever the file says of shapes."""
    text = np.array(["a" * 30], object)
    assert _folded('y = RegexFullMatch <pattern = "(a+)+b"> (s)', s=text) is None


def test_random_numbers_are_not_constants() -> None:
    """Two folds would give two values."""
    assert _folded("y = RandomUniform <shape = [4]> ()") is None


@pytest.mark.parametrize("shape", [(4, 4), (64, 64)], ids=str)
def test_einsum_by_its_work(shape: tuple[int, int]) -> None:
    """A trace of 4×4 is folded; three operands of 64×64 take up to 2³⁶ multiplications and are not."""
    square = np.ones(shape, np.int64)
    folded = _folded('y = Einsum <equation = "ab,bc,ca->"> (a, b, c)', a=square, b=square, c=square)
    if shape == (64, 64):
        assert folded is None
    else:
        assert isinstance(folded, tuple)
        assert folded[0] == 4**3  # the number of terms, each of which is 1


BROKEN = {
    "negative groups": ("r = GroupNormalization <num_groups = -1> (x, v, v) y = Conv (r, w)", "its num_groups is -1"),
    "groups that do not divide": (
        "r = GroupNormalization <num_groups = 2> (x, v, v) y = Conv (r, w)", "its 2 groups do not divide 1 channels",
    ),
    "a list of channels convolved": ("r = Flatten (x) y = Conv (r, v)", "it needs an input of at least 3 axes"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "says"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_with_the_node(body: str, says: str, tmp_path: Path) -> None:
    """A node that cannot run is named with what is wrong, and is no internal error."""
    path = tmp_path / "model.onnx"
    constants: dict[str, Constant] = {"v": [1.0], "w": (1, 1, 3, 3)}
    onnx.save(model_of(body, {"x": (1, 1, 8, 8)}, opset=21, constants=constants), path)
    assert any(says in finding.message for finding in inspect(path, verify="none").findings)


def test_weight_of_one_axis(tmp_path: Path) -> None:
    """A Conv over a list of four numbers: the channels of the input cannot be taken from such a weight."""
    path = tmp_path / "model.onnx"
    onnx.save(model_of("y = Conv (x, v)", {"x": (4,)}, constants={"v": [1.0] * 4}), path)
    (finding,) = inspect(path, verify="none").findings
    assert "it needs an input of at least 3 axes, but 'x' has 1" in finding.message


def test_random_pads_twice_the_same(tmp_path: Path) -> None:
    """Padding by a random amount is unknown, at every run: the report is the same twice."""
    body = (
        "r = RandomUniform <high = 9.0, low = 0.0, shape = [4]> () i = Cast <to = 7> (r) "
        "p = Concat <axis = 0> (z, i) q = Pad (x, p) y = Conv (q, w)"
    )
    path = tmp_path / "model.onnx"
    onnx.save(model_of(body, {"x": (1, 1, 8, 8)}, constants={"z": [0] * 4, "w": (1, 1, 3, 3)}), path)
    one, other = (inspect(path, verify="none") for _ in range(2))
    assert one.outputs[0].shape is None
    assert one.findings == other.findings
