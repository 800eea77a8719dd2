"""How much every pixel contributes to the indices of a window node, and where it contributes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from strideinspect.results.field import Span


class Contribution(Struct, frozen=True):
    """Along one axis of a graph input, for one window node at this input size.

    Attributes:
        input: Name of the graph input.
        axis: Axis of the graph input.
        middle: The middle index along the axis of the node's output on which the position runs.
        first: The first pixel that it depends on.
        shares: What share of it each pixel from `first` on contributes, if every layer averaged what it reads; they add
            up to 1. Of a long field, of as many equal parts.
        size: How many pixels `shares` are of.
        holes: Per index the pixels inside its field on which it does not depend; empty where no index has any, and
            where `middle_holes` stands for them.
        middle_holes: The holes of the middle index, where only these are known: of long axes and deep networks.
    """

    input: str
    axis: int
    middle: int
    first: int
    shares: tuple[float, ...]
    size: int
    holes: tuple[tuple[Span, ...], ...] = ()
    middle_holes: tuple[Span, ...] | None = None


class Contributions(Struct, frozen=True):
    """The contributions to the window nodes of a model.

    Attributes:
        by_node: Per window node, by its first output, one entry per axis along which its output has a position.
        reason: Why there are none, or not all; None where there is nothing to say.
    """

    by_node: Mapping[str, tuple[Contribution, ...]]
    reason: str | None = None
