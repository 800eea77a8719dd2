"""Hypothesis strategies for ONNX graphs that onnxruntime runs: chains and two merging branches over all families."""

from __future__ import annotations

from dataclasses import dataclass

import onnx
import onnx.printer
from hypothesis import strategies as st

from tests.graph_builder import Builder, Step, UnfitError
from tests.graph_families import EVERY, FAMILIES, Draw
from tests.oracle_sets import Shape

OPSETS = (7, 8, 9, 10, 11, 12, 13, 16, 18, 19, 21, 22, 23)
LONGEST = 40


@dataclass(frozen=True, slots=True)
class Graph:
    """A recipe for a model: the same steps can be taken again from an input of another size."""

    opset: int
    shape: Shape
    steps: tuple[Step, ...]

    def build(self, shape: Shape | None = None) -> onnx.ModelProto:
        """The model at this input shape. Raises UnfitError where a step does not fit any more."""
        builder = Builder(self.opset, shape or self.shape)
        for step in self.steps:
            builder.apply(step)
        return builder.model()

    def __repr__(self) -> str:
        """The steps, and the model as ONNX text: what a failing example shows."""
        return f"Graph({self.opset}, {self.shape}, {self.steps})\n{onnx.printer.to_text(self.build())}"


def _chain(draw: Draw, builder: Builder, families: tuple[str, ...], most: int, rank: int) -> list[Step]:
    """Up to `most` steps that fit after one another; those that do not are left out."""
    found = []
    trial = builder.branch()
    if not trial.nodes and draw(st.booleans()):
        # Positions are only kept of axes along which windows slide: a window of one pixel makes them of all.
        found.append(Step("pool", {"op": "MaxPool", "kernel_shape": [1] * rank}))
        trial.apply(found[0])
    for _ in range(draw(st.integers(1, most))):
        step = FAMILIES[draw(st.sampled_from(families))](draw, rank, builder.opset)
        try:
            trial.apply(step)
        except UnfitError:
            continue
        found.append(step)
    return found


@st.composite
def chains(draw: Draw, rank: int = 1, families: tuple[str, ...] = EVERY, most: int = 6) -> Graph:
    """Some steps one after the other."""
    opset, shape = draw(st.sampled_from(OPSETS)), _shape(draw, rank)
    return Graph(opset, shape, tuple(_chain(draw, Builder(opset, shape), families, most, rank)))


@st.composite
def diamonds(draw: Draw, rank: int = 1, families: tuple[str, ...] = EVERY, most: int = 3) -> Graph:
    """A stem, two branches that merge, and some steps after them."""
    opset, shape = draw(st.sampled_from(OPSETS)), _shape(draw, rank)
    builder = Builder(opset, shape)
    steps = _chain(draw, builder, families, 1, rank)
    for step in steps:
        builder.apply(step)
    branches = {side: _chain(draw, builder, families, most, rank) for side in ("left", "right")}
    merge = draw(st.sampled_from(["Add", "Mul", "Concat", "Concat", "split"]))
    axis = draw(st.integers(1, 1 + rank)) if merge == "Concat" else 1
    joint = Step("diamond", {**branches, "merge": merge, "axis": axis})
    if merge == "split":
        joint = Step("split_and_join", branches)
    try:
        builder.apply(joint)
    except UnfitError:
        return Graph(opset, shape, tuple(steps + branches["left"]))
    tail = _chain(draw, builder, families, 2, rank)
    return Graph(opset, shape, (*steps, joint, *tail))


def _shape(draw: Draw, rank: int) -> Shape:
    longest = {1: LONGEST, 2: 11, 3: 6}[rank]
    return (1, 2, *(draw(st.integers(longest // 3, longest)) for _ in range(rank)))
