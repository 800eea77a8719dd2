"""The parts of the answer to `diff`: matched windows and outputs, and in what they differ."""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct

Numbers = tuple[int, ...]
"""A number per axis."""

Value = tuple[int | None, ...] | tuple[Fraction | None, ...] | str | None
"""A number per axis, a word, or None where there is none."""


class Difference(Struct, frozen=True):
    """One thing in which two windows or two outputs differ.

    Attributes:
        what: "operator", "kernel", "stride", "dilation", "padding" (before index 0 along every axis, then after the
            last one, as ONNX has it) or "size" (of the map that the window makes): numbers of the window itself.
            "field", "effective stride", "offset" (of the cells, after half-pixel centers, in pixels): of an output or
            of the map over which a window slides: what was made of the input so far. "shape": whether an output is a
            map; "axes": how many spatial axes its inputs have; "scales": how many maps it holds side by side, "field of
            scale 0" what differs in one of them.
        a: Its value in the first model, per spatial axis where it has one.
        b: Its value in the second model.
    """

    what: str
    a: Value
    b: Value


class MatchedWindow(Struct, frozen=True):
    """A window node of the first model and the one of the second model that stands in the same place of the graph.

    Attributes:
        a: Name of the node, or of its first output where it has none.
        b: The same, of the second model.
        layers: The layer of each, as far as the exporter recorded it; else the same names.
        differences: In what they differ; empty where their geometry is the same.
        outputs: The first output of each, by which reports know it.
    """

    a: str
    b: str
    layers: tuple[str, str]
    differences: tuple[Difference, ...]
    outputs: tuple[str, str]


class MatchedOutput(Struct, frozen=True):
    """A graph output of the first model and that of the second model.

    Attributes:
        a: Its name.
        b: The same, of the second model.
        differences: In what they differ. For an output without a position: in what the last maps before it differ.
        shift: How many pixels of the input the cells of the second one lie behind those of the first one, per spatial
            axis; None where their effective strides differ, or are not known.
        global_: Whether neither has a position any more, so that fields and shift are those of the last maps before.
    """

    a: str
    b: str
    differences: tuple[Difference, ...]
    shift: tuple[Fraction, ...] | None
    global_: bool


class FirstDifference(Struct, frozen=True):
    """The first place at which two models part, in the order of the first model's graph.

    Attributes:
        a: The window node of the first model; None where only the second one has one here.
        b: The window node of the second model; None where only the first one has one here.
        layers: The layer of each, as in `MatchedWindow`; empty where there is none.
        what: In what they differ; empty where one is missing.
    """

    a: str | None
    b: str | None
    layers: tuple[str, str]
    what: tuple[str, ...]
