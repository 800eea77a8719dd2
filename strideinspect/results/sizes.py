"""Which input sizes of a model are good for what: rules over the sizes of one axis."""

from __future__ import annotations

from typing import NamedTuple


class SizeRule(NamedTuple):
    """The sizes n of an axis with n mod `step` = `remainder` and n ≥ `smallest`, but for exceptions.

    Attributes:
        smallest: The smallest size from which on the rule holds; None where there is no rule.
        step: Distance between neighbouring sizes; None where there is no rule.
        remainder: What a size leaves when divided by `step`.
        below: The nearest such size below the present one; None where there is none.
        above: The nearest such size above the present one; None where there is none nearby.
        exceptions: Sizes in the period below `smallest` that are good as well.
    """

    smallest: int | None
    step: int | None
    remainder: int | None
    below: int | None
    above: int | None
    exceptions: tuple[int, ...] = ()

    @property
    def text(self) -> str | None:
        """`16·k + 3`; `any` where every size is good; None where there is no rule."""
        if self.step is None:
            return None
        if self.step == 1:
            return "any"
        return f"{self.step}·k" + (f" + {self.remainder}" if self.remainder else "")


class AxisSizes(NamedTuple):
    """The sizes of one spatial axis of a graph input.

    Attributes:
        input: Name of the graph input.
        axis: The axis.
        current: Its size now.
        runs: Sizes at which every node runs and every output has a shape.
        sees_everything: Sizes at which some output depends on every pixel.
        drops_nothing: Sizes at which no window drops a pixel of its map.
        pad_end: How many pixels to add at the end now so that nothing is dropped; None where no size above is known.
    """

    input: str
    axis: int
    current: int
    runs: SizeRule
    sees_everything: SizeRule
    drops_nothing: SizeRule
    pad_end: int | None
