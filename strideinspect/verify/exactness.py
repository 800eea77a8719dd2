"""Which tensors have other values, or even other shapes, when a model runs on zeros than on real data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import onnx
from msgspec import Struct

from strideinspect.model.subgraphs import captured, subgraphs

SHAPE_PARAMETERS: Final[Mapping[str, tuple[int, ...]]] = {
    "CenterCropPad": (1,),
    "Col2Im": (1, 2),
    "Compress": (1,),
    "ConstantOfShape": (0,),
    "CumSum": (1,),
    "DFT": (1, 2),
    "Expand": (1,),
    "If": (0,),
    "Loop": (0, 1),
    "MaxUnpool": (2,),
    "NonMaxSuppression": (0, 1, 2, 3, 4),
    "NonZero": (0,),
    "OneHot": (1,),
    "Pad": (1, 3),
    "Range": (0, 1, 2),
    "Reshape": (1,),
    "Resize": (1, 2, 3),
    "STFT": (1, 3),
    "Slice": (1, 2, 3, 4),
    "Split": (1,),
    "SplitToSequence": (1,),
    "Squeeze": (1,),
    "StringNormalizer": (0,),
    "StringSplit": (0,),
    "Tile": (1,),
    "TopK": (1,),
    "Unique": (0,),
    "Unsqueeze": (1,),
    "Upsample": (1,),
} | {
    f"Reduce{kind}": (1,)
    for kind in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")
}
"""The inputs whose values, not only whose shapes, determine the output shape or the axis of an operator."""

INDEX_PARAMETERS: Final[Mapping[str, tuple[int, ...]]] = {
    "Gather": (1,),
    "GatherElements": (1,),
    "GatherND": (1,),
    "ReverseSequence": (1,),
    "ScatterElements": (1,),
    "ScatterND": (1,),
    "SequenceAt": (1,),
    "SequenceErase": (1,),
    "SequenceInsert": (2,),
    "Trilu": (1,),
}
"""The inputs whose values determine where data are moved, but not the output shape."""

READ_ONLY_A_SHAPE: Final = frozenset({"EyeLike", "RandomNormalLike", "RandomUniformLike", "Shape", "Size"})
"""The operators that use only the shape of their input."""

_RANDOM: Final = frozenset({"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial"})


class Exactness(Struct, frozen=True):
    """What a run on zeros does not show.

    `inexact` are the tensors whose values differ from those on real data; `misshapen` those whose shape may differ too,
    with the name of the node that causes it.
    """

    inexact: frozenset[str]
    misshapen: Mapping[str, str]


def chooses(node: onnx.NodeProto) -> bool:
    """Whether the node is an If that only selects between outer tensors: its branches are Identities."""
    inside = [inner.op_type for body in subgraphs(node) for inner in body.node] if node.op_type == "If" else []
    return bool(inside) and set(inside) == {"Identity"}


def exactness(
    graph: onnx.GraphProto, replaced: Iterable[str], agreed: Callable[[onnx.NodeProto], bool] = lambda _: False
) -> Exactness:
    """Follow the `replaced` tensors (graph inputs, zeroed weights) through a graph in topological order.

    `agreed` returns whether both branches of an If give results of the same shape.
    """
    inexact = set(replaced)
    misshapen: dict[str, str] = {}
    _walk(graph, inexact, misshapen, agreed)
    return Exactness(frozenset(inexact), misshapen)


def _walk(
    graph: onnx.GraphProto, inexact: set[str], misshapen: dict[str, str], agreed: Callable[[onnx.NodeProto], bool]
) -> None:
    for node in graph.node:
        outputs = [name for name in node.output if name]
        if node.op_type in READ_ONLY_A_SHAPE and not node.domain:
            if node.op_type in _RANDOM or any(name in misshapen for name in node.input):
                inexact.update(outputs)
            continue
        within = list(subgraphs(node))
        inputs = [name for name in (*node.input, *(captured(node) if within else ())) if name]
        culprit = _culprit(node, inputs, inexact, misshapen, agreed)
        doubtful = culprit is not None or node.op_type in _RANDOM or any(name in inexact for name in inputs)
        for body in within:
            if doubtful:
                inexact.update(entry.name for entry in body.input)
            _walk(body, inexact, misshapen, agreed)
            if culprit is not None and node.op_type != "If":  # a condition selects a branch, but changes no shape in it
                misshapen.update((name, culprit) for inner in body.node for name in inner.output if name)
        if doubtful:
            inexact.update(outputs)
        if culprit is not None:
            misshapen.update(dict.fromkeys(outputs, culprit))


def _culprit(
    node: onnx.NodeProto,
    inputs: list[str],
    inexact: set[str],
    misshapen: Mapping[str, str],
    agreed: Callable[[onnx.NodeProto], bool],
) -> str | None:
    """The name of the node whose data determine the shape of `node`'s outputs; None if there is none."""
    inherited = next((misshapen[name] for name in inputs if name in misshapen), None)
    if inherited is not None:
        return inherited
    if node.op_type == "Loop":
        deciding = inputs
    elif node.op_type == "If" and agreed(node):
        return None
    else:
        deciding = [node.input[i] for i in SHAPE_PARAMETERS.get(node.op_type, ()) if i < len(node.input)]
    return node.name if any(name in inexact for name in deciding) else None


def parameters(graph: onnx.GraphProto, exact: Exactness) -> Iterable[str]:
    """The exact tensors, computed by the graph, whose values the probe may need."""
    computed: set[str] = set()
    for node in graph.node:
        wanted = (*SHAPE_PARAMETERS.get(node.op_type, ()), *INDEX_PARAMETERS.get(node.op_type, ()))
        for position in wanted:
            if position < len(node.input) and node.input[position] in computed:
                name = node.input[position]
                if name not in exact.inexact:
                    yield name
        computed.update(node.output)
