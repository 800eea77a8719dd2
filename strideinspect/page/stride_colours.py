"""Effective strides as steps of a colour scale: darker is coarser. The colours themselves are in style.css."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from strideinspect.results.field import Field

STEPS = 7
"""1 and finer, 2, 4, 8, 16, 32, 64 and coarser."""


def step(fields: Sequence[Field]) -> int | None:
    """The step of a node's largest effective stride; None where no stride is known."""
    strides = [abs(field.stride) for field in fields if field.stride is not None and field.node_axis is not None]
    return _step(max(strides)) if strides else None


def _step(stride: Fraction) -> int:
    return min(STEPS - 1, max(0, round(float(stride)).bit_length() - 1))


def css_class(number: int | None) -> str:
    """The class of a step."""
    return "k-none" if number is None else f"k{number}"


def legend(steps: Iterable[int | None]) -> list[tuple[str, str]]:
    """Class and words of every step that occurs, the finest first."""
    found = set(steps)
    named = [(css_class(number), _words(number)) for number in range(STEPS) if number in found]
    return [*named, *([(css_class(None), "none: no position")] if None in found else [])]


def _words(number: int) -> str:
    if number == 0:
        return "1 or less"
    return f"{2**number}" if number < STEPS - 1 else f"{2**number} or more"
