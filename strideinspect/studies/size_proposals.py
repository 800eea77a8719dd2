"""Input sizes that a model itself asks for, at the node that cannot run or by the shapes that it declares."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from strideinspect.analysis import Analysis
from strideinspect.limits import LONGEST_INPUT_AXIS
from strideinspect.model.declared_shapes import Conflict
from strideinspect.model.node import Node
from strideinspect.model.open_sizes import OpenAxisRole, OpenSize

_FEW = 16
"""Values of a constant that may be the shape of something; more are a table."""


def by_node(analysis: Analysis, node: Node, left_open: Sequence[OpenSize]) -> Iterator[tuple[int, ...]]:
    """Sizes of all open axes at which a node may run that does not at the present ones.

    A map of which it has n elements and needs m is m/n times as large; a weight of m columns needs m features.
    """
    shapes = analysis.shapes
    wanted: list[tuple[int, ...]] = []
    present: list[int] = []
    for name in filter(None, node.inputs):
        shape = shapes.shapes.get(name)
        value = shapes.constants.known(name)
        if value is not None and value.dtype.kind in "iu" and 0 < value.size <= _FEW:
            wanted.append(tuple(v for v in map(int, value.reshape(-1)) if v > 0))
        elif shape and name not in analysis.data_dependent:
            wanted.append(shape)
        elif shape and min(shape):
            present += [math.prod(shape), *reversed(shape)]
    sizes = [size.size for size in left_open]
    for shape in wanted:
        yield from _laid_out(shape, left_open)
    numbers = [m for shape in wanted for m in reversed(shape)]
    for number, size in enumerate(left_open):
        if size.role is OpenAxisRole.BATCH:
            continue  # a larger batch is no way to have more features
        ratios = [size.size * math.prod(shape) / n for shape in wanted for n in present[:1]]
        ratios += [size.size * m / n for m in numbers for n in present[1:]]
        # A map that valid windows have shortened by some elements has to be longer by what is missing.
        quotients = [m // n for m in numbers for n in present[1:] if m % n == 0]
        longer = [size.size + m - n for m in (*numbers, *quotients) for n in present[1:]]
        for candidate in dict.fromkeys(int(r) for r in (*ratios, *numbers, *longer) if r == int(r)):
            if 0 < candidate <= LONGEST_INPUT_AXIS and candidate != size.size:
                yield (*sizes[:number], candidate, *sizes[number + 1 :])


def _laid_out(shape: Sequence[int], left_open: Sequence[OpenSize]) -> Iterator[tuple[int, ...]]:
    """A shape of several axes as the sizes of the last open axes of one input."""
    free = [number for number, size in enumerate(left_open) if size.role is not OpenAxisRole.BATCH]
    if 1 < len(shape) <= len(free) and len({left_open[number].axes[0][0] for number in free}) == 1:
        sizes = [size.size for size in left_open]
        for number, wanted in zip(free[-len(shape) :], shape, strict=True):
            sizes[number] = wanted
        yield tuple(sizes)


def by_declaration(conflict: Conflict, left_open: Sequence[OpenSize]) -> Iterator[tuple[int, ...]]:
    """Sizes at which a tensor may have its declared shape: each open axis as many times as long as that asks for."""
    sizes = [size.size for size in left_open]
    for declared, computed in zip(conflict.declared, conflict.computed, strict=True):
        if isinstance(declared, int) and declared != computed and computed:
            longer = [size * declared // computed for size in sizes]
            maps = [
                new if size.role is OpenAxisRole.MAP else size.size for new, size in zip(longer, left_open, strict=True)
            ]
            yield tuple(maps)
            for number, size in enumerate(longer):
                if 0 < size <= LONGEST_INPUT_AXIS:
                    yield (*sizes[:number], size, *sizes[number + 1 :])
