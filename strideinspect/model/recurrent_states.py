"""Initial states of recurrent layers whose batch is not that of the sequence: onnxruntime refuses to run them.

The shapes of the outputs do not depend on the states, so that shape inference passes over it.
"""

from __future__ import annotations

from strideinspect.model.input_roles import INITIAL_STATES
from strideinspect.model.shapes import Shapes
from strideinspect.spelling import shape_text


def refused_state(shapes: Shapes) -> str | None:
    """The node and its state that do not fit, in words; None where all fit."""
    for node in shapes.having(INITIAL_STATES):
        for index in INITIAL_STATES[node.op]:
            if index >= len(node.inputs):
                continue
            state, sequence = shapes.shapes.get(node.inputs[index]), shapes.shapes.get(node.inputs[0])
            if state is None or sequence is None or len(state) != 3 or len(sequence) != 3:
                continue
            batch, own = (sequence[0], 0) if node.integer("layout", 0) == 1 else (sequence[1], 1)
            if state[own] != batch:
                wanted = (*state[:own], batch, *state[own + 1 :])
                return (
                    f"{node.op} {node.label!r} needs a state of {shape_text(wanted)}, and is given {shape_text(state)}"
                )
    return None
