"""The inputs, outputs and other tensors of a report, and what of the inputs no output depends on."""

from __future__ import annotations

from msgspec import Struct

from strideinspect.results.cells import Cell, cells_of
from strideinspect.results.field import Field, Span
from strideinspect.results.scale import Scale


class Input(Struct, frozen=True):
    """A graph input at the inspected size.

    Attributes:
        name: Its name.
        shape: Elements per axis.
        spatial_axes: The axes along which the first window nodes slide; empty where there are none.
        assumed: The axes whose size neither the file nor the user gave, so that the program chose one.
        layout: Order of the axes, such as "NCHW", "NHWC" or "NCW"; empty where it has no such name.
        origins: Where the size of each axis of `assumed` is from: "metadata" (the exporter's), "weight" (the channels
            of a convolution), "state" (the batch of a recurrent state), "declared" (another shape in the file needs it)
            or "tried" (a usual size at which the model runs).
        value: The value that the user gave, as a number, a text or nested tuples of them; None where there is none.
    """

    name: str
    shape: tuple[int, ...]
    spatial_axes: tuple[int, ...]
    assumed: tuple[int, ...]
    layout: str
    origins: tuple[str, ...] = ()
    value: object = None


class TensorReport(Struct, frozen=True):
    """A graph output, or another tensor that was asked for (`tensors`).

    Attributes:
        name: Name of the tensor.
        shape: Elements per axis; None where unknown.
        fields: Its receptive field: one Field per axis of a graph input.
        reason: Why the shape is unknown; None where it is known.
        scales: The maps that the tensor holds flattened, such as the levels of a detector; empty where it is one map.
    """

    name: str
    shape: tuple[int, ...] | None
    fields: tuple[Field, ...]
    reason: str | None = None
    scales: tuple[Scale, ...] = ()

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The corner and the middle index, with what they really depend on; empty where there is no position."""
        return cells_of(self.fields)


class Unmatched(Struct, frozen=True):
    """A pattern of the settings that matches nothing in the model.

    Attributes:
        setting: The attribute of Settings: "tensors", "budgets" or "per_node_ignores".
        pattern: The pattern.
        near: The name in the model that is most like it; empty where none is.
    """

    setting: str
    pattern: str
    near: str


class Unseen(Struct, frozen=True):
    """Pixels along one axis of a graph input on which no graph output depends.

    Attributes:
        input: Name of the graph input.
        axis: Axis of that input.
        ranges: First and last pixel, both included, of each run of unseen pixels.
    """

    input: str
    axis: int
    ranges: tuple[Span, ...]
