"""The proof of a tiling, in the worker: run the whole input and every tile, and compare the cells that are kept.

That shows that tiles are right to rounding. That nothing outside a tile matters is shown exactly, to the bit: the
whole is run again with other values outside a tile.

Where tiles lie and which cells are kept is told; nothing of it is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from msgspec import structs

from strideinspect.verify.messages import CompareTiles, Failure, KeptCells, RunModel, TileRun, TilesCompared
from strideinspect.verify.refusal import plain
from strideinspect.verify.weightless import UnrunnableError
from strideinspect.verify.with_weights import model_with_weights, noise, session_with_weights

_Values = Mapping[str, np.ndarray]

_LOUD: Final = 1024
"""How many times larger than usual the values are that must not be seen."""

_BEFORE, _AFTER = 0, 1
_SIDES: Final = (_BEFORE, _AFTER)


def compare(first: RunModel, request: CompareTiles) -> TilesCompared | Failure:
    """Run the whole and the tiles with the model's own weights, or with random ones where the file has none."""
    try:
        return _compared(structs.replace(first, inputs=request.inputs), request.tiles)
    except UnrunnableError as problem:
        return Failure(str(problem))
    except MemoryError:
        return Failure("it needs more memory than the limit")
    except Exception as problem:  # noqa: BLE001 - onnxruntime's errors share no base class; any of them is an answer
        return Failure(f"a tile does not run: {plain(problem)}")


def _compared(request: RunModel, tiles: Sequence[TileRun]) -> TilesCompared | Failure:
    random = False
    try:
        model = model_with_weights(request)
    except UnrunnableError:
        model, random = model_with_weights(request, random=True), True
    outputs = list(tiles[0].cells)
    inputs = [entry for entry in model.graph.input if entry.name in request.inputs]
    feeds = {entry.name: noise(entry, request.inputs) for entry in inputs}
    runner = session_with_weights(model, Path(request.path).parent)
    _forget(model)

    def run(inputs: _Values) -> _Values:
        return dict(zip(outputs, runner.run(outputs, dict(inputs)), strict=True))

    whole = run(feeds)
    for name, values in whole.items():
        if not np.isfinite(values).all():
            return Failure(f"{name!r} overflows with {'random weights' if random else 'its weights on random values'}")
        if values.std() == 0:
            return Failure(f"{name!r} has one value everywhere{' with random weights' if random else ''}")
    largest = max(float(np.abs(values).max()) for values in whole.values())
    difference = max(
        _largest(_difference(whole[name], values, tile.cells[name]))
        for tile in tiles
        for name, values in run(_parts(feeds, tile)).items()
    )
    inner = max(tiles, key=_discarding_sides)
    changed = run({entry.name: _changed_outside(feeds[entry.name], entry, inner) for entry in inputs})
    if not all(np.isfinite(values).all() for values in changed.values()):
        return Failure("its output overflows on random values")
    moved = {name: np.abs(values.astype(np.float64) - whole[name]) for name, values in changed.items()}
    return TilesCompared(
        difference,
        largest,
        max(_largest(_there(moved[name], cells)) for name, cells in inner.cells.items()),
        min(
            (_largest(_there(moved[name], one)) for name, cells in inner.cells.items() for one in _beside(cells)),
            default=None,
        ),
        random,
    )


def _discarding_sides(tile: TileRun) -> int:
    """At how many sides cells of a tile are discarded."""
    return sum(sum(kept.discarded) for cells in tile.cells.values() for kept in cells)


def _changed_outside(values: np.ndarray, entry: onnx.ValueInfoProto, tile: TileRun) -> np.ndarray:
    """The values of an input inside a tile, and others outside it; inputs that are not cut stay as they are.

    The others are large, since what they do fades on the way to the borders of their projective fields.
    """
    if entry.name not in tile.parts:
        return values
    changed = noise(entry, {entry.name: values.shape}, seed=1)
    if changed.dtype.kind == "f":
        changed = changed * changed.dtype.type(_LOUD)
    inside = [slice(None)] * values.ndim
    for part in tile.parts[entry.name]:
        inside[part.axis] = slice(part.first, part.first + part.size)
    changed[tuple(inside)] = values[tuple(inside)]
    return changed


def _forget(model: onnx.ModelProto) -> None:
    """Free the memory of the weights: the session has its own copy."""
    model.Clear()


def _parts(feeds: _Values, tile: TileRun) -> _Values:
    """The inputs of a tile."""
    parts = dict(feeds)
    for name, cuts in tile.parts.items():
        for cut in cuts:
            parts[name] = parts[name].take(range(cut.first, cut.first + cut.size), cut.axis)
    return {name: np.ascontiguousarray(values) for name, values in parts.items()}


def _difference(whole: np.ndarray, values: np.ndarray, cells: Sequence[KeptCells]) -> np.ndarray:
    """How much cells of a tile differ from those of the whole."""
    own = [slice(None)] * values.ndim
    for kept in cells:
        own[kept.axis] = slice(kept.first, kept.last + 1)
    apart: np.ndarray = np.abs(values[tuple(own)].astype(np.float64) - _there(whole, cells))
    return apart


def _there(whole: np.ndarray, cells: Sequence[KeptCells]) -> np.ndarray:
    """The part of the whole that these cells of a tile are."""
    there = [slice(None)] * whole.ndim
    for kept in cells:
        there[kept.axis] = slice(kept.place, kept.place + kept.last - kept.first + 1)
    return whole[tuple(there)]


def _largest(values: np.ndarray) -> float:
    return float(values.max(initial=0))


def _beside(cells: Sequence[KeptCells]) -> Iterator[Sequence[KeptCells]]:
    """The cells beside those that are kept, at each side where cells are discarded."""
    for number, kept in enumerate(cells):
        for side in _SIDES:
            if kept.discarded[side]:
                index = kept.first - 1 if side == _BEFORE else kept.last + 1
                one = structs.replace(kept, first=index, last=index, place=kept.place + index - kept.first)
                yield [*cells[:number], one, *cells[number + 1 :]]
