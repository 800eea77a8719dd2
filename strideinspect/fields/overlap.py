"""How evenly the windows of a transposed convolution overlap: kernel taps per output index, dilation included."""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct

from strideinspect.model.geometry import Window


class Overlap(Struct, frozen=True):
    """Along one axis: the fewest and the most taps that make an output index, and how many indices none makes.

    Only indices whose taps all lie on the input count for `fewest` and `most`; where windows are cut off at the border,
    fewer taps are no pattern.
    """

    fewest: int
    most: int
    empty: int

    @property
    def uneven(self) -> bool:
        """Whether neighbouring indices are made by different numbers of taps."""
        return self.fewest < self.most


def overlap(window: Window) -> Overlap:
    """Count the taps of a transposed window.

    Tap j of input index i writes to output index i·stride + j·dilation − begin: output indices that differ by a
    multiple of the stride have the same taps.
    """
    by_residue: dict[int, list[int]] = {}
    for tap in range(window.kernel):
        by_residue.setdefault(window.dilation * tap % window.stride, []).append(tap)
    last = window.begin + window.size - 1
    occurring = ((window.begin + index) % window.stride for index in range(min(window.stride, window.size)))
    counts = [0] if any(residue not in by_residue for residue in occurring) else []
    for residue, taps in by_residue.items():
        # All of them lie on the input between the first tap of the last index and the last tap of the first one.
        low = max(window.dilation * taps[-1], window.begin)
        high = min((window.length - 1) * window.stride + window.dilation * taps[0], last)
        if low + (residue - low) % window.stride <= high:
            counts.append(len(taps))
    return Overlap(min(counts, default=0), max(counts, default=0), _empty(window))


def _empty(window: Window) -> int:
    written = np.zeros(window.size, dtype=bool)
    for tap in range(window.kernel):
        start = window.dilation * tap - window.begin
        skipped = max(0, -(start // window.stride))  # input indices that write before the map
        first, last = start + skipped * window.stride, start + (window.length - 1) * window.stride
        if first <= last:
            written[first : last + 1 : window.stride] = True
    return int((~written).sum())


def even_kernel(window: Window) -> int | None:
    """The smallest kernel, this one or larger, with even overlap; None where dilation and stride share a factor.

    Multiples of a dilation that has no factor in common with the stride run through all remainders of the stride, each
    equally often in a kernel that is a multiple of the stride.
    """
    if math.gcd(window.dilation, window.stride) > 1:
        return None
    return -(-window.kernel // window.stride) * window.stride
