"""The alignment of random branches: every path of them is run alone, and measured."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.fields.measured import offset
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected
from tests.thorough import bounded

LENGTH = 600

Windows = list[tuple[int, int, int]]
"""Convolutions with stride 1 in series that keep the size of a signal: kernel, dilation and padding in front."""


@st.composite
def windows(draw: st.DrawFn) -> Windows:
    """Up to two of them."""
    kernels = draw(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 2)), max_size=2))
    return [(kernel, dilation, draw(st.integers(0, dilation * (kernel - 1)))) for kernel, dilation in kernels]


@dataclass(frozen=True, slots=True)
class Block:
    """What changes the size of the signal, and the branches that are added up after it."""

    resampled: str
    branches: list[Windows]


RESAMPLED = {
    "": "{y} = Identity ({x})",
    "conv 3/2": "{y} = Conv <strides = [2], pads = [1, 1]> ({x}, k3)",
    "conv 2/2": "{y} = Conv <strides = [2]> ({x}, k2)",
    "conv 4/2, lopsided": "{y} = Conv <strides = [2], pads = [0, 2]> ({x}, k4)",
    "conv 1/3": "{y} = Conv <strides = [3]> ({x}, k1)",
}
# Equal weights and equal overlap: what is measured is the center of each path. What is upsampled is not sampled again
# but by windows of one or two indices, whose center of mass is the middle of their ends.
UPSAMPLED = {
    "nearest": '{y} = Resize <mode = "nearest"> ({x}, , double)',
    "nearest, floor": (
        '{y} = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> '
        "({x}, , triple)"
    ),
    "linear": '{y} = Resize <mode = "linear"> ({x}, , double)',
    "linear, asymmetric": (
        '{y} = Resize <mode = "linear", coordinate_transformation_mode = "asymmetric"> ({x}, , double)'
    ),
    "transposed": "{y} = ConvTranspose <strides = [2]> ({x}, k2)",
    "transposed, wide": "{y} = ConvTranspose <strides = [2], pads = [1, 1]> ({x}, k4)",
}

DOWN = st.builds(Block, st.sampled_from(sorted(RESAMPLED)), st.lists(windows(), min_size=1, max_size=2))
UP = st.builds(Block, st.sampled_from(sorted(UPSAMPLED)), st.lists(windows(), min_size=1, max_size=2))


def built(blocks: list[Block]) -> onnx.ModelProto:
    """The model of these blocks, on a signal."""
    nodes, at = [], "x"
    for number, block in enumerate(blocks):
        start = f"r{number}"
        nodes.append({**RESAMPLED, **UPSAMPLED}[block.resampled].format(x=at, y=start))
        ends = []
        for side, branch in enumerate(block.branches):
            end = start
            for depth, (kernel, dilation, before) in enumerate(branch):
                name = f"w{number}_{side}_{depth}"
                pads = f"pads = [{before}, {dilation * (kernel - 1) - before}]"
                nodes.append(f"{name} = Conv <dilations = [{dilation}], {pads}> ({end}, k{kernel})")
                end = name
            ends.append(end)
        at = f"y{number}"
        nodes.append(f"{at} = Sum ({', '.join(ends)})")
    constants: dict[str, Constant] = {
        **{f"k{kernel}": (1, 1, kernel) for kernel in range(1, 5)},
        "double": [1.0, 1.0, 2.0],
        "triple": [1.0, 1.0, 3.0],
    }
    return model_of(" ".join([*nodes, f"y = Conv ({at}, k1)"]), {"x": (1, 1, LENGTH)}, constants=constants)


@pytest.mark.slow
@given(st.lists(DOWN, min_size=1, max_size=3), st.lists(UP, max_size=2))
@bounded(40)
def test_every_path_measured_by_itself(down: list[Block], up: list[Block]) -> None:
    """Each path through random branches is run alone: the least and the most of what is measured are those reported."""
    blocks = [*down, *up]
    with TemporaryDirectory() as folder:
        (field,) = inspected(built(blocks), Path(folder)).outputs[0].fields
    aligned = field.alignment
    assert aligned is not None
    assert field.stride is not None
    assert field.size is not None
    assume(field.size < LENGTH / 3)  # so that the middle is clear of the borders
    chains = itertools.product(*([Block(b.resampled, [branch]) for branch in b.branches] for b in blocks))
    period = 12  # a multiple of the phases of two upsamplings
    measured = [offset(built(list(chain)), 2, field.stride, period) for chain in chains]
    assert float(aligned.least) == pytest.approx(min(measured), abs=2e-3)
    assert float(aligned.most) == pytest.approx(max(measured), abs=2e-3)
    assert (aligned.offset is None) == (aligned.least < aligned.most)
    assert (aligned.apart_at is None) == (aligned.offset is not None)
