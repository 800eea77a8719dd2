"""Control flow, sequences, optionals and other containers.

Source: ONNX If, Loop, Scan, SequenceX, OptionalX. The branches of an If are part of the graph here (`model.branches`).
The reads of Loop and Scan are over-approximated, and the report says so.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode
from strideinspect.reads.elementwise import parameter
from strideinspect.reads.families import everything, reads
from strideinspect.reads.steps import Read


@reads("If")
def joined(placed: PlacedNode) -> tuple[Read, ...]:
    """Elementwise in the results of both branches; every index depends on the condition."""
    return (parameter(placed, 0), *(Read(i) for i in range(1, len(placed.node.inputs))))


@reads("Loop", "Scan", "SequenceMap", "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase")
@reads("SequenceInsert", "SequenceLength", "SplitToSequence", "ConcatFromSequence", "Optional", "OptionalGetElement")
@reads("OptionalHasElement")
def opaque(placed: PlacedNode) -> tuple[Read, ...]:
    """Every output index may read every input index."""
    return everything(placed, f"the reads of {placed.node.op} {placed.node.label!r} are decided at run time")
