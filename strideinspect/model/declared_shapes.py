"""Where the shapes that a file declares for its tensors differ from those that its operators make."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from strideinspect.model.node import Shape
from strideinspect.model.shapes import Shapes


class Conflict(Struct, frozen=True):
    """A tensor whose declared shape is not the one that is computed."""

    name: str
    declared: tuple[int | str | None, ...]
    computed: Shape

    @property
    def same_rank(self) -> bool:
        """Whether both have the same number of axes: then another input size may reconcile them."""
        return len(self.declared) == len(self.computed)


def conflicts(shapes: Shapes) -> Iterator[Conflict]:
    """The tensors whose declared shape differs; graph inputs are left out, since their shapes are chosen."""
    for name, declared in shapes.network.declared.items():
        computed = shapes.shapes.get(name)
        if computed is None or declared.dims is None or name in shapes.network.inputs:
            continue
        pairs = zip(declared.dims, computed, strict=False)
        if len(declared.dims) != len(computed) or any(isinstance(d, int) and d != n for d, n in pairs):
            yield Conflict(name, declared.dims, computed)
