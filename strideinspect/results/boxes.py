"""The parts of the answer to `where`: places, boxes, and the indices that depend on a pixel."""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct

from strideinspect.results.field import FullField, Shape, Span


class Place(Struct, frozen=True):
    """One index of a tensor along the axes on which its position runs.

    Attributes:
        tensor: Name of the tensor.
        shape: Its shape.
        axes: The axes on which the position runs; empty where it has none.
        indices: The index along each of them.
    """

    tensor: str
    shape: Shape
    axes: tuple[int, ...]
    indices: tuple[int, ...]


class BoxAxis(Struct, frozen=True):
    """What an index depends on along one axis: the side of a box.

    Attributes:
        axis: Axis of the tensor that the box lies in.
        extent: Size of that axis.
        first: First index that it depends on, locally; None where there is none, so that all of it is padding.
        last: Last such index, included.
        center: Center of the theoretical field, padding included; of the actual one where there is no closed form.
        padding: How many indices of the theoretical field before `first` and after `last` are padding, of any layer on
            the way; None where there is no closed form.
        holes: First and last index of each range between `first` and `last` that it does not depend on.
        full: What it depends on besides, through a global pooling or the statistics of a normalisation; None for
            nothing.
        reason: Why there is no closed form or no position; None where there is nothing to say.
    """

    axis: int
    extent: int
    first: int | None
    last: int | None
    center: Fraction | None
    padding: Span | None
    holes: tuple[Span, ...]
    full: FullField | None
    reason: str | None


class Box(Struct, frozen=True):
    """The part of one tensor that an index depends on.

    Attributes:
        input: Name of the graph input, or of the tensor that was asked for instead.
        axes: One side per axis on which its position runs.
    """

    input: str
    axes: tuple[BoxAxis, ...]


class CellsAxis(Struct, frozen=True):
    """The indices along one axis of a tensor that depend on a pixel.

    Attributes:
        axis: Axis of the tensor.
        extent: Size of that axis.
        first: First index that depends on the pixel.
        last: Last such index, included.
        holes: First and last index of each range between them that does not depend on it.
    """

    axis: int
    extent: int
    first: int
    last: int
    holes: tuple[Span, ...]


class Cells(Struct, frozen=True):
    """The indices of one tensor that depend on a pixel.

    Attributes:
        output: Name of the graph output, or of the tensor that was asked for instead.
        axes: The indices along each axis on which its position runs; empty where none depends on the pixel locally.
        full: Why the output depends on the pixel as a whole, besides or instead: a global pooling, the statistics of a
            normalisation, or an operator whose reads are not known; None where it does not.
        unknown: Why nothing is known of the output, such as a node before it that does not run; None where it is.
    """

    output: str
    axes: tuple[CellsAxis, ...]
    full: str | None
    unknown: str | None = None
