"""Control flow, sequences, optionals and other containers: a stated over-approximation.

Source: ONNX If, Loop, Scan, SequenceX, OptionalX. An If whose condition is constant never gets here.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode
from strideinspect.reads.registry import everything, reads
from strideinspect.reads.steps import Read


@reads("If", "Loop", "Scan", "SequenceMap", "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase")
@reads("SequenceInsert", "SequenceLength", "SplitToSequence", "ConcatFromSequence", "Optional", "OptionalGetElement")
@reads("OptionalHasElement")
def opaque(placed: PlacedNode) -> tuple[Read, ...]:
    """Every output index may read every input index."""
    return everything(placed, f"what {placed.node.op} {placed.node.label!r} reads is decided while it runs")
