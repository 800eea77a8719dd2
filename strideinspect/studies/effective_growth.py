"""How the effective field grows with depth: the middle indices of layers on the way to a cell, from first to last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from strideinspect.analysis import Analysis
from strideinspect.results.boxes import Place
from strideinspect.results.effective_field import EffectiveField
from strideinspect.results.effective_parts import GrowthStep
from strideinspect.studies.middle_cells import middle

MOST: Final = 12
"""Layers that are measured: each takes a graph and a process of its own."""


def layers(analysis: Analysis, cell: Place) -> list[tuple[int, Place]]:
    """Convolutions and poolings before a cell with their depth, evenly spread; of each depth the last one."""
    depths = _depths(analysis)
    needed = {cell.tensor, *analysis.needed_by(cell.tensor)}
    by_depth: dict[int, Place] = {}
    for window in analysis.windows:
        place = middle(analysis, window.output) if window.output in needed else None
        if place is not None:
            by_depth[depths[window.output]] = place
    found = sorted(by_depth.items())
    if len(found) <= MOST:
        return found
    return [found[round(number * (len(found) - 1) / (MOST - 1))] for number in range(MOST)]


def _depths(analysis: Analysis) -> dict[str, int]:
    """Per tensor the most convolutions and poolings on a way to it."""
    windows = {window.output for window in analysis.windows}
    depths: dict[str, int] = {}
    for node in analysis.shapes.nodes:
        before = max((depths.get(name, 0) for name in node.inputs), default=0)
        depths.update(dict.fromkeys(node.outputs, before + (node.key in windows)))
    return depths


def steps(measured: Sequence[tuple[int, EffectiveField]]) -> Iterator[GrowthStep]:
    """The numbers of each layer, a row per graph input."""
    for depth, field in measured:
        for seen in field.inputs:
            yield GrowthStep(field.at.tensor, depth, seen.name, seen.theoretical, seen.sigma)
