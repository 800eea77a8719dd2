"""What reads make of masks, kept from size to size of one network: late maps are the same at most sizes.

Equal masks are one object here, so that they are compared by identity. All that is compared is kept alive.
"""

from __future__ import annotations

from collections.abc import Mapping

from strideinspect.fields.index_masks import Masks, back, either
from strideinspect.fields.node_reads import ReadsGroup
from strideinspect.reads.steps import Read

Behind = tuple[Masks | None, ...]
"""The masks of a group's tensors as far as the nodes behind it have marked them."""


class MaskMemo:
    """Answers of `back` and `either`, and what they come to over a group of nodes; filled by use."""

    def __init__(self) -> None:
        self._same: dict[tuple[bytes, ...], Masks] = {}
        self._back: dict[tuple[int, int], tuple[Read, Masks, Masks | None]] = {}
        self._either: dict[tuple[int, int], tuple[Masks, Masks, Masks]] = {}
        self._groups: dict[tuple[ReadsGroup, tuple[int, ...]], tuple[Behind, Mapping[str, Masks]]] = {}

    def back(self, read: Read, wanted: Masks) -> Masks | None:
        """The indices of the input that the marked output indices read; None for none."""
        key = id(read), id(wanted)
        if key not in self._back:
            found = back(read, wanted)
            self._back[key] = (read, wanted, None if found is None else self._one(found))
        return self._back[key][2]

    def either(self, one: Masks | None, other: Masks) -> Masks:
        """The smallest product that holds the indices of both; of `other` alone where there is no `one`."""
        if one is None or one is other:
            return other
        key = id(one), id(other)
        if key not in self._either:
            self._either[key] = (one, other, self._one(either(one, other)))
        return self._either[key][2]

    def group(self, group: ReadsGroup, behind: Behind) -> Mapping[str, Masks] | None:
        """The masks of a group's tensors, from those that are known behind it; None where they are not known yet."""
        kept = self._groups.get((group, tuple(map(id, behind))))
        return None if kept is None else kept[1]

    def keep(self, group: ReadsGroup, behind: Behind, masks: Mapping[str, Masks]) -> None:
        """Keep the masks of a group's tensors."""
        self._groups[group, tuple(map(id, behind))] = behind, masks

    def _one(self, masks: Masks) -> Masks:
        """The one object of these masks."""
        return self._same.setdefault(tuple([vector.tobytes() for vector in masks]), masks)
