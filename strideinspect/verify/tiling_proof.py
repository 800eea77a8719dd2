"""The proof of a tiling, in the client: where each tile lies is taken from the plan, and the worker compares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final

from strideinspect.limits import MOST_TILES_RUN
from strideinspect.results.tile_parts import TiledAxis, TiledOutput, TilePlan, TilingProof
from strideinspect.verify.client import Verifier
from strideinspect.verify.messages import (
    CompareTiles,
    Failure,
    KeptCells,
    ObservedShapes,
    TilePart,
    TileRun,
    TilesCompared,
)

ROUNDING: Final = 2.0**-16
"""The share of the largest value that counts as rounding: 128 times the distance of neighbouring 32-bit numbers."""


def prove(
    verifier: Verifier,
    outputs: Sequence[TiledOutput],
    plan: Sequence[TilePlan],
    shapes: Mapping[str, tuple[int, ...]],
) -> TilingProof:
    """Run the whole inputs of these shapes and their tiles, and compare every cell that tiles keep."""
    tiles = list(tile_runs(outputs, plan, shapes))
    if len(tiles) > MOST_TILES_RUN:
        return TilingProof("not_checked", f"{len(tiles):,} tiles are too many to run")
    verifier.begin(shapes)
    observed = verifier.worker.receive(ObservedShapes)
    if isinstance(observed, Failure):
        return TilingProof("not_checked", observed.reason)
    if observed.stop is not None:
        return TilingProof("not_checked", observed.stop.reason)
    verifier.worker.send(CompareTiles(shapes, tiles))
    compared = verifier.worker.receive(TilesCompared)
    if isinstance(compared, Failure):
        return TilingProof("not_checked", compared.reason)
    bound = ROUNDING * compared.largest
    weights = "random weights, as the file has none" if compared.random_weights else "the model's weights"
    return TilingProof(
        "equal" if compared.difference <= bound and not compared.moved else "unequal",
        f"run by {observed.runtime} with {weights} on random input",
        compared.difference,
        bound,
        compared.moved,
        compared.one_less,
        len(tiles),
    )


def tile_runs(
    outputs: Sequence[TiledOutput], plan: Sequence[TilePlan], shapes: Mapping[str, tuple[int, ...]]
) -> Iterator[TileRun]:
    """Every tile of the plan."""
    counts = [len(one.origins(shapes[one.input][one.axis])) for one in plan]
    together = _together(outputs, plan)
    for number in product(*(range(counts[at]) for at in sorted(set(together)))):
        places = dict(zip(sorted(set(together)), number, strict=True))
        starts = {
            (one.input, one.axis): one.origins(shapes[one.input][one.axis])[places[group]]
            for one, group in zip(plan, together, strict=True)
        }
        yield _tile_run(outputs, plan, shapes, starts)


def _together(outputs: Sequence[TiledOutput], plan: Sequence[TilePlan]) -> list[int]:
    """Per axis of the plan the first one that becomes the same axis of some output."""
    index = {(one.input, one.axis): at for at, one in enumerate(plan)}
    first = list(range(len(plan)))
    for output in outputs:
        by_axis: dict[int, int] = {}
        for axis in output.axes:
            at = index[axis.input, axis.axis]
            leader = by_axis.setdefault(axis.node_axis, first[at])
            first = [leader if one == first[at] else one for one in first]
    return first


def _tile_run(
    outputs: Sequence[TiledOutput],
    plan: Sequence[TilePlan],
    shapes: Mapping[str, tuple[int, ...]],
    starts: Mapping[tuple[str, int], int],
) -> TileRun:
    parts: dict[str, list[TilePart]] = {}
    for one in plan:
        parts.setdefault(one.input, []).append(TilePart(one.axis, starts[one.input, one.axis], one.size))
    sizes = {(one.input, one.axis): one.size for one in plan}
    cells = {
        output.output: [_kept(group, shapes, starts, sizes) for group in _by_node_axis(output.axes)]
        for output in outputs
    }
    return TileRun(parts, cells)


def _by_node_axis(axes: Sequence[TiledAxis]) -> Iterator[list[TiledAxis]]:
    for node_axis in dict.fromkeys(axis.node_axis for axis in axes):
        yield [axis for axis in axes if axis.node_axis == node_axis]


def _kept(
    axes: Sequence[TiledAxis],
    shapes: Mapping[str, tuple[int, ...]],
    starts: Mapping[tuple[str, int], int],
    sizes: Mapping[tuple[str, int], int],
) -> KeptCells:
    """The cells of an output that a tile keeps along one axis."""
    one = axes[0]
    start, size = starts[one.input, one.axis], sizes[one.input, one.axis]
    at_begin, at_end = start == 0, start + size == shapes[one.input][one.axis]
    before = 0 if at_begin else max(axis.crop[0] for axis in axes)
    after = 0 if at_end else max(axis.crop[1] for axis in axes)
    last = one.cells_at(size) - after - 1
    place = int(start * one.scale) + before
    return KeptCells(one.node_axis, before, last, place, (before > 0, after > 0))
