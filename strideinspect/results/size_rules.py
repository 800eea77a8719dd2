"""The parts of the answer to `sizes`: rules over the sizes of one axis, and rows of a list."""

from __future__ import annotations

from msgspec import Struct

from strideinspect.results.field import Span
from strideinspect.spelling import listed, ranges, span


class SizeRule(Struct, frozen=True):
    """The sizes n of an axis with n mod `step` = `remainder` and n ≥ `smallest`, and exceptions.

    Attributes:
        smallest: The smallest size from which on the rule holds; None where there is no rule.
        step: Distance between neighbouring sizes, or after which they repeat; None where there is no rule.
        remainder: What a size leaves when divided by `step`; None where there is no single one.
        below: The nearest such size below the present one; None where there is none.
        above: The nearest such size above the present one; None where there is none nearby.
        exceptions: Good sizes in the period below `smallest`; without a rule, all good sizes among those judged, which
            are the period below the present size and two from it on; where none of them is good, the good one that
            halving finds below them, if any.
        remainders: All remainders of good sizes, in order; several where no single step leads from each to the next.
    """

    smallest: int | None
    step: int | None
    remainder: int | None
    below: int | None
    above: int | None
    exceptions: tuple[int, ...] = ()
    remainders: tuple[int, ...] = ()

    @property
    def text(self) -> str | None:
        """`16·k + 3`, `8·k + 0 or 5–7`; `any` where every size is good; None where there is no rule."""
        if self.step is None:
            return None
        if self.step == 1:
            return "any"
        rest = listed([*map(span, ranges(self.remainders or (self.remainder or 0,)))], "or")
        return f"{self.step}·k" + (f" + {rest}" if rest != "0" else "")


class SizeRow(Struct, frozen=True):
    """What holds at one size of an axis.

    Attributes:
        size: The size.
        runs: Whether every node runs.
        sees_everything: Whether every pixel has an effect on some output.
        drops_nothing: Whether no window drops a pixel of its map.
        aligned: Whether merged branches have one effective stride and lie at one place.
    """

    size: int
    runs: bool
    sees_everything: bool
    drops_nothing: bool
    aligned: bool


class AxisSizes(Struct, frozen=True):
    """The sizes of one spatial axis of a graph input.

    Attributes:
        input: Name of the graph input.
        axis: The axis.
        current: Its size now.
        runs: Sizes at which every node runs and every output has a shape.
        sees_everything: Sizes at which some output depends on every pixel.
        drops_nothing: Sizes at which no window drops a pixel of its map.
        aligned: Sizes at which the branches of every merge have one effective stride and lie at one place.
        pad_end: How many pixels to add at the end now so that nothing is dropped, 0 where nothing is; None where no
            size above is known.
        period: Pixels after which the rules repeat: the least common multiple of the effective strides.
        judged: The sizes of two periods, which were judged one by one; larger ones follow from the rules. None where
            the period is too long for that.
        together: Other axes of the input that have to have the same size; the rules hold for all of them at once.
        fixed: Whether the file declares this size, so that another one needs another export.
        listed: What holds at each size of a range that was asked for.
    """

    input: str
    axis: int
    current: int
    runs: SizeRule
    sees_everything: SizeRule
    drops_nothing: SizeRule
    aligned: SizeRule
    pad_end: int | None
    period: int
    judged: Span | None = None
    together: tuple[int, ...] = ()
    fixed: bool = False
    listed: tuple[SizeRow, ...] = ()
