"""Concatenation: each input becomes a range of the output's axis.

Source: ONNX Concat; com.microsoft QLinearConcat.
"""

from __future__ import annotations

from collections.abc import Sequence

from strideinspect.model.node import PlacedNode, normal_axis
from strideinspect.reads.elementwise import parameter
from strideinspect.reads.families import reads
from strideinspect.reads.steps import AxisPart, Read


@reads("Concat")
def concat(placed: PlacedNode) -> tuple[Read, ...]:
    """Concatenate all inputs."""
    return _stretches(placed, range(len(placed.node.inputs)))


@reads("QLinearConcat", domain="com.microsoft")
def quantised_concat(placed: PlacedNode) -> tuple[Read, ...]:
    """The first two inputs are the output's scale and zero point; each data input is followed by its own."""
    data = range(2, len(placed.node.inputs), 3)
    scales = [i for i in range(len(placed.node.inputs)) if i not in data and placed.present(i)]
    return _stretches(placed, data) + tuple(parameter(placed, i) for i in scales)


def _stretches(placed: PlacedNode, inputs: Sequence[int]) -> tuple[Read, ...]:
    axis = normal_axis(placed.node.integer("axis", 0), len(placed.output_shape()))
    size, offset, stretches = placed.output_shape()[axis], 0, []
    for index in inputs:
        length = placed.shape(index)[axis]
        stretches.append(Read(index, 0, (), AxisPart(axis, offset, length, size)))
        offset += length
    return tuple(stretches)
