"""A photo that a model was run on, and what its stages made of it."""

from __future__ import annotations

from msgspec import Struct


class StageMaps(Struct, frozen=True):
    """Some channels of the output of a window node, as PNG files.

    Attributes:
        node: First output of the window node.
        channels: Number of each channel, with its picture; those that vary most.
    """

    node: str
    channels: tuple[tuple[int, bytes], ...]


class Pictures(Struct, frozen=True):
    """What a photo shows.

    Attributes:
        input: The graph input that it was given to; empty where there is none.
        photo: The photo at the input's proportions, as a JPEG file; empty where there is none.
        stages: What the stages made of it.
        fed: How its pixels became numbers.
        reason: Why there are no stages; empty where there are.
    """

    input: str = ""
    photo: bytes = b""
    stages: tuple[StageMaps, ...] = ()
    fed: str = ""
    reason: str = ""


NO_PICTURES = Pictures(reason="no photo was given: strideinspect MODEL --output report.html --image photo.jpg")
"""Of a page without a photo."""
