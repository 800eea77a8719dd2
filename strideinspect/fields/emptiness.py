"""Where a tensor holds nothing but padding or holes, so that it sees nothing of any axis of an input.

Fields are projected per axis: padding along one image axis does not empty the field along another while these are axes
of their own. Where both positions run along one axis of a tensor, an index of it that sees nothing of one input axis
sees nothing of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import permutations

from msgspec import structs

from strideinspect.fields.axis_field import AxisField
from strideinspect.fields.hulls import emptied, emptied_at, is_empty, is_full, padding_along
from strideinspect.results.field import InputAxis


def wholly(after: dict[InputAxis, AxisField]) -> dict[InputAxis, AxisField]:
    """Empty the fields of all axes of an input if one of them is empty: the tensor then holds only padding."""
    without_field = {name for (name, _), seen in after.items() if is_empty(seen.actual.full)}
    if not without_field:
        return after
    return {
        (name, axis): structs.replace(seen, actual=seen.actual.changed(emptied)) if name in without_field else seen
        for (name, axis), seen in after.items()
    }


def along_shared_axes(
    after: Mapping[InputAxis, AxisField], axes: Mapping[InputAxis, frozenset[int]]
) -> dict[InputAxis, AxisField]:
    """Empty the fields of all axes of an input where one is empty, along axes of the tensor that hold both positions.

    `axes` are the axes along which each position runs: in this tensor, or once it is merged with others.
    """
    changed = dict(after)
    for one, other in permutations(after, 2):
        seen = after[one].actual
        shared = seen.axes & axes[other]
        if one[0] == other[0] and shared and not is_full(seen.full):
            at = padding_along(seen.full, shared)
            dependence = changed[other].actual.changed(partial(emptied_at, at=at))
            changed[other] = structs.replace(changed[other], actual=dependence)
    return changed
