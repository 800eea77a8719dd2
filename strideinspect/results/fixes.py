"""The parts of the answer to `fix`: fixes, what is left, and how the two models compare when they run."""

from __future__ import annotations

from msgspec import Struct


class Fix(Struct, frozen=True):
    """A change that mends something.

    Attributes:
        name: "crop-unseen", "explicit-padding", "pad-input" or "pad-layer".
        safe: Whether every output keeps all of its bits.
        text: What it does.
        nodes: Names of the nodes that are changed or inserted, or of their first outputs.
    """

    name: str
    safe: bool
    text: str
    nodes: tuple[str, ...]


class LeftOver(Struct, frozen=True):
    """A finding that no fix mends: it needs another input size, another export or training.

    Attributes:
        rule: Its rule.
        severity: "warning" or "error".
        message: What was found.
        help: What can be done.
    """

    rule: str
    severity: str
    message: str
    help: str


class RunComparison(Struct, frozen=True):
    """What onnxruntime makes of both models with their own weights and the same random input.

    Attributes:
        status: "equal" (every bit of every output), "changed", or "not-compared".
        reason: Why they were not compared; None where they were.
        largest: The largest difference of any value; None where shapes differ or nothing was compared.
        runtime: Name and version of the runtime.
    """

    status: str
    reason: str | None
    largest: float | None
    runtime: str | None
