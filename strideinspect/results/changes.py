"""Changes of window nodes, and what is known of a model before and after them."""

from __future__ import annotations

from msgspec import Struct

from strideinspect.results.ladder import LadderStep
from strideinspect.results.tensors import TensorReport, Unseen
from strideinspect.results.totals import Totals


class Change(Struct, frozen=True):
    """One number of a window node that is changed.

    Attributes:
        node: Name of the node, or of its first output where it has none.
        output: Name of its first output.
        layer: Path of its layer, as far as the exporter recorded it; else the node's name.
        attribute: "stride", "dilation", "padding" (before index 0 along every axis, then after the last one), "kernel"
            or "ceil_mode".
        before: Its value per axis in the file, with the defaults of ONNX.
        after: Its new value.
    """

    node: str
    output: str
    layer: str
    attribute: str
    before: tuple[int, ...]
    after: tuple[int, ...]


class DroppedBy(Struct, frozen=True):
    """A window node that drops pixels of its map.

    Attributes:
        node: Name of the node, or of its first output where it has none.
        pixels: Trailing indices that no window covers, per spatial axis.
    """

    node: str
    pixels: tuple[int, ...]


class Summary(Struct, frozen=True):
    """What is known of a model at one input size.

    Attributes:
        totals: Parameters, multiply-adds, activations.
        ladder: How the map changes on the way to the outputs.
        outputs: Shape and fields of every output.
        unseen: Pixels on which no output depends.
        dropped: Window nodes that drop pixels of their maps.
        findings: How often each rule found something, by its id, in the order of severity.
    """

    totals: Totals
    ladder: tuple[LadderStep, ...]
    outputs: tuple[TensorReport, ...]
    unseen: tuple[Unseen, ...]
    dropped: tuple[DroppedBy, ...]
    findings: tuple[tuple[str, int], ...]


class Broken(Struct, frozen=True):
    """A node that does not run any more.

    Attributes:
        node: Name of the node, or of its first output where it has none.
        op: Operator type.
        reason: Why, with the actual sizes.
    """

    node: str
    op: str
    reason: str
