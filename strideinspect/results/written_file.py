"""A file that was written for another program."""

from __future__ import annotations

from msgspec import Struct


class WrittenFile(Struct, frozen=True):
    """A file.

    Attributes:
        path: The file.
        content: What it is: "annotated model", "attachment for Netron", "receptive field for Model Explorer", "graph".
        nodes: How many window nodes it describes; 0 for a figure.
        left_out: How many it does not describe.
        reason: Why not; None where none is left out.
    """

    path: str
    content: str
    nodes: int
    left_out: int
    reason: str | None = None
