"""What a window costs: multiply-adds and parameters, by hand."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from tests.rules.inspecting import inspected

MODEL = """
<ir_version: 10, opset_import: ["": 21, "com.microsoft": 1]>
agraph ({inputs}) => ({output} y) <{weights}> {{ {node} }}
"""
IMAGE = "float[3,8,10,12] x"

# Places times what is multiplied at each; the batch of 3 counts once.
CASES: dict[str, tuple[str, str, str, int, int]] = {
    # 10·12 places, 4 outputs of 8 inputs of 3×3 taps; 4·8·9 weights and 4 biases.
    "dense": (
        IMAGE, "float[4,8,3,3] w, float[4] b", "y = Conv <pads = [1, 1, 1, 1]> (x, w, b)", 120 * 4 * 8 * 9, 288 + 4
    ),
    # Two groups: each of the 4 outputs reads 4 of the 8 channels.
    "grouped": (
        IMAGE, "float[4,4,3,3] w", "y = Conv <pads = [1, 1, 1, 1], group = 2> (x, w)", 120 * 4 * 4 * 9, 4 * 4 * 9
    ),
    # Each of the 8 outputs reads its own channel, at every other row and column: 5·6 places.
    "depthwise": (
        IMAGE, "float[8,1,3,3] w, float[8] b",
        "y = Conv <pads = [1, 1, 1, 1], strides = [2, 2], group = 8> (x, w, b)", 30 * 8 * 9, 72 + 8,
    ),
    # Each of the 10·12 input places is spread over 4 channels of 2×2 taps, from 8 channels.
    "transposed": (IMAGE, "float[8,4,2,2] w", "y = ConvTranspose <strides = [2, 2]> (x, w)", 120 * 8 * 4 * 4, 128),
    "transposed, grouped": (
        IMAGE, "float[8,2,2,2] w", "y = ConvTranspose <strides = [2, 2], group = 4> (x, w)", 120 * 8 * 2 * 4, 64
    ),
    "pads from an input": (
        IMAGE, "float[8,4,2,2] w, int64[4] p = {0, 0, 0, 0}, float[4] b",
        "y = com.microsoft.ConvTransposeWithDynamicPads <strides = [2, 2]> (x, w, p, b)", 120 * 8 * 4 * 4, 128 + 4,
    ),
    "zero points are no bias": (
        "uint8[3,8,10,12] x", "uint8[4,8,1,1] w, uint8 zx = {1}, uint8 zw = {1}", "y = ConvInteger (x, w, zx, zw)",
        120 * 4 * 8, 32,
    ),
    # A kernel that is fed is multiplied, but it is no parameter.
    "computed kernel": (f"{IMAGE}, float[4,8,3,3] w", "float[4] b", "y = Conv (x, w, b)", 8 * 10 * 4 * 8 * 9, 4),
    "pooling": (IMAGE, "float[1] unused", "y = MaxPool <kernel_shape = [2, 2]> (x)", 0, 0),
}  # fmt: skip


@pytest.mark.parametrize(("inputs", "weights", "node", "macs", "parameters"), CASES.values(), ids=CASES)
def test_cost(inputs: str, weights: str, node: str, macs: int, parameters: int, tmp_path: Path) -> None:
    """Every weight is used once at each place; weights and biases are parameters unless they are the model's input."""
    output = "int32[]" if "ConvInteger" in node else "float[]"
    text = MODEL.format(inputs=inputs, output=output, weights=_filled(weights), node=node)
    (window,) = inspected(text, tmp_path).nodes
    assert (window.macs, window.parameters) == (macs, parameters)


def _filled(weights: str) -> str:
    """Declarations of weights with values, where they have none."""
    return re.sub(
        r"float\[([\d,]+)\] \w+(?! =)\b|uint8\[([\d,]+)\] \w+(?! =)\b",
        lambda found: f"{found[0]} = {{{', '.join(['1'] * math.prod(map(int, (found[1] or found[2]).split(','))))}}}",
        weights,
    )
