"""A file that was written for another program."""

from __future__ import annotations

from typing import NamedTuple


class WrittenFile(NamedTuple):
    """A file.

    Attributes:
        path: The file.
        content: What it is: "Netron attachment", "receptive field for Model Explorer", "graph".
        nodes: How many window nodes it describes; 0 for a figure.
        left_out: How many it cannot name, since they have no name of their own in the model.
    """

    path: str
    content: str
    nodes: int
    left_out: int
