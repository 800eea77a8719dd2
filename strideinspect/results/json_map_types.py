"""The parts of the JSON report about the whole way through a model: the ladder, totals, two cells of an output."""

from __future__ import annotations

from typing import Annotated, TypedDict

from strideinspect.results.json_numbers import Count, CountPerAxis, Keyword, RangeJson, Stride

LadderStepJson = TypedDict(
    "LadderStepJson",
    {
        "input": Annotated[str, "The graph input along whose axes the step is counted."],
        "branch": Annotated[
            Count, "0 is the path to the output with the largest stride; another branch starts where it leaves that."
        ],
        "stride": Annotated[
            list[Stride], "Effective stride per spatial axis after this step; pooling a whole axis counts as its size."
        ],
        "from": Annotated[CountPerAxis, "Indices per spatial axis before this step."],
        "size": Annotated[CountPerAxis, "Indices per spatial axis after this step."],
        "nodes": Annotated[list[str], "First outputs of the window nodes of the step; may be empty."],
        "operators": Annotated[list[str], "Types of the step's own nodes, windows or not: Pad, Conv; Slice."],
        "averaged": Annotated[bool, "Whether the stride is an average: indices lie at unequal distances."],
    },
)
LadderStepJson.__doc__ = "A step of the ladder; within a branch each `from` is the `size` before it."


class TotalsJson(TypedDict):
    """Sums over all operators with weights, for a batch of 1."""

    parameters: Annotated[Count, "Learned weights and biases; shared ones once."]
    macs: Annotated[Count | None, "Multiply-adds; null where a shape is unknown."]
    windows: Annotated[Count, "Window nodes."]
    activations: Annotated[
        Count | None, "The largest sum of tensors needed at once, in bytes as float32; null where a shape is unknown."
    ]


class CellAxisJson(TypedDict):
    """What one index of a tensor depends on along one axis of a graph input."""

    input: str
    axis: Annotated[Count, "Axis of the graph input."]
    index: Annotated[Count, "Index along the field's node_axis."]
    seen: Annotated[RangeJson | None, "Pixels of its actual local field; null where it depends on none."]


class CellJson(TypedDict):
    """One index of a tensor with what it really depends on at this input size."""

    cell: Annotated[str, Keyword("enum", ("corner", "middle"))]
    axes: Annotated[list[CellAxisJson], "Only axes along which the tensor has a position."]
