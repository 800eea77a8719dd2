"""What a whole model holds and costs."""

from __future__ import annotations

from msgspec import Struct


class Totals(Struct, frozen=True):
    """Sums over all operators with weights, for a batch of 1.

    Attributes:
        parameters: Learned weights and biases of all operators, not of windows alone; shared ones count once.
        macs: Multiply-adds of convolutions, matrix products and recurrent layers with weights; None where a shape is
            unknown. Of the two branches of an If the dearer one counts.
        windows: Window nodes.
        activations: The largest sum, over the nodes in their order, of the tensors that are still needed, in bytes at 4
            a value (float32); None where a shape is unknown.
    """

    parameters: int
    macs: int | None
    windows: int
    activations: int | None


NO_TOTALS = Totals(parameters=0, macs=None, windows=0, activations=None)
"""Of a report that was made by hand."""
