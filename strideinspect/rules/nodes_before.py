"""The nodes on which a tensor depends, for rules that say which one is the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.model.node import Node


def nodes_before(analysis: Analysis, tensor: str) -> Iterator[Node]:
    """The nodes on which a tensor depends, the nearest first."""
    waiting, known = [tensor], {tensor}
    for name in waiting:
        if (node := analysis.producers.get(name)) is not None:
            yield node
            waiting += (new := [source for source in node.inputs if source not in known])
            known.update(new)


def last_resize(analysis: Analysis, tensor: str) -> Node | None:
    """The nearest Resize before a tensor; None if there is none."""
    return next((node for node in nodes_before(analysis, tensor) if node.op in {"Resize", "Upsample"}), None)
