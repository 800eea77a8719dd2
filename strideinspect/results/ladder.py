"""The ladder: how the map changes on the way from a graph input to the outputs."""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct


class LadderStep(Struct, frozen=True):
    """One step of the ladder: nodes that change the map from one size to another.

    Within a branch the steps follow each other: each `start` is the `size` before it. Branch 0 is the path to the
    output with the largest stride; another branch starts at the map at which it leaves the earlier ones.

    Attributes:
        stride: Effective stride per spatial axis, in pixels of the graph input per index: the product of the steps so
            far. A pooling over a whole axis counts as a step of that axis' size.
        size: Size of the map per spatial axis, in indices.
        nodes: `output` of the window nodes of the step; other nodes that make the same step beside it are included.
            Empty where no window changes the map.
        start: Size of the map before the step, per spatial axis, in indices.
        branch: Number of the branch.
        input: Name of the graph input along whose axes the step is counted.
        operators: Types of the step's own operators in order, each once: ("Pad", "Conv"), ("Slice",).
        averaged: Whether the stride is an average, since the indices of some map so far lie at unequal distances.
    """

    stride: tuple[Fraction, ...]
    size: tuple[int, ...]
    nodes: tuple[str, ...]
    start: tuple[int, ...] = ()
    branch: int = 0
    input: str = ""
    operators: tuple[str, ...] = ()
    averaged: bool = False
