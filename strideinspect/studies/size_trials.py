"""The sizes that a file leaves open: tried until the model runs, by inferring shapes alone."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct, structs

from strideinspect.analysis import Analysis
from strideinspect.limits import (
    LONGEST_EASY_SIGNAL,
    LONGEST_INPUT_AXIS,
    MOST_INPUT_ELEMENTS,
    MOST_NODES_PREFERRED,
    MOST_NODES_TRIED,
    MOST_SIZES_RUN,
    MOST_SIZES_TRIED,
)
from strideinspect.model.declared_shapes import conflicts
from strideinspect.model.network import Network
from strideinspect.model.node import Node
from strideinspect.model.open_sizes import InputSizes, OpenAxisRole, OpenSize, Origin
from strideinspect.model.shapes import Trouble
from strideinspect.results.field import InputAxis
from strideinspect.spelling import listed, shape_text
from strideinspect.studies import usual_sizes
from strideinspect.studies.size_proposals import by_declaration, by_node

_OF_SIZE = frozenset({Trouble.MERGE, Trouble.HEAD, Trouble.EMPTY})
"""Why a node cannot run that another input size may mend."""


class Attempt(Struct, frozen=True):
    """The network at one choice of its open sizes.

    `failed` are the shapes at which it was found not to run, as text, and `reason` why not at these; it runs where
    `reason` is None. `passed_over` says at which size it runs too, and what speaks against that one.
    """

    analysis: Analysis
    failed: tuple[str, ...]
    reason: str | None
    passed_over: str = ""


class _Trial(Struct, frozen=True):
    """What inferring shapes at one choice showed: the node that stops, how far it came, what contradicts the file."""

    sizes: InputSizes
    analysis: Analysis
    depth: float
    stops: Node | None
    reason: str | None
    contradictions: int

    @property
    def runs(self) -> bool:
        return self.reason is None


class SizeTrials:
    """Looks for sizes of the open axes of a network at which it runs and does not contradict what the file declares."""

    def __init__(self, network: Network, sizes: InputSizes) -> None:
        self._network = network
        self._trials: dict[tuple[int, ...], _Trial] = {}
        self._refused = 0
        self._nodes = 0
        self._at: tuple[int, ...] = tuple(size.size for size in sizes.open)
        self._first = self._evaluated(sizes, whole=True)
        self._trials[self._at] = self._first
        # Behind a node that can never run nothing is inferred unless all nodes are.
        self._whole = any(problem.trouble not in _OF_SIZE for problem in self._first.analysis.problems)

    @property
    def chooses(self) -> bool:
        """Whether there is anything to choose but the batch."""
        return bool(self._first.sizes.assumed)

    def best(self) -> Attempt:
        """The first choice that runs; else the first of all, with the reason why not."""
        trial = self._easier(self._agreeing(self._running(self._trials[self._at])))
        if not trial.runs:
            trial = self._first
        self._at = _sizes(trial)
        return self._attempt(trial)

    def others(self, ends: Mapping[InputAxis, int]) -> Iterator[Attempt]:
        """Other choices that run and contradict no more declared shapes than the best one; the nearest first.

        `ends` are sizes behind which the best choice has pixels of no use.
        """
        best = self._trials[self._at]
        room = MOST_NODES_PREFERRED
        for sizes in dict.fromkeys(self._nearby(best, ends) if best.runs else ()):
            trial = self._trial(sizes)
            if trial is None or room < 0:
                return
            longest = max(_longest(best), LONGEST_EASY_SIGNAL)
            if trial.runs and trial.contradictions <= best.contradictions and _longest(trial) <= longest:
                room -= len(trial.analysis.shapes.nodes)
                yield self._attempt(trial)

    def prefer(self, attempt: Attempt, reason: str) -> Attempt:
        """Choose this one of the others; `reason` is what speaks against the best one."""
        over = _spelled(self._trials[self._at].sizes)
        self._at = next(sizes for sizes, trial in self._trials.items() if trial.analysis is attempt.analysis)
        return structs.replace(attempt, passed_over=f"{over} ({reason})")

    def _attempt(self, trial: _Trial) -> Attempt:
        failed = (_spelled(t.sizes) for t in self._trials.values() if not t.runs)
        return Attempt(trial.analysis, tuple(dict.fromkeys(failed)), trial.reason)

    def refuse(self, reason: str, observed: Collection[str]) -> bool:
        """Enter that onnxruntime stops at the present choice, after these tensors; whether another can be tried."""
        trial = self._trials[self._at]
        nodes = trial.analysis.shapes.nodes
        stops = next((node for node in nodes if node.label in reason and node.op in reason), None)
        stops = stops or next((node for node in nodes if not set(node.outputs) & set(observed)), None)
        self._refused += 1
        self._trials[self._at] = structs.replace(trial, stops=stops, reason=reason)
        return self._refused < MOST_SIZES_RUN and self._running(self._trials[self._at]).runs

    def _running(self, best: _Trial) -> _Trial:
        """Go from choice to choice as long as more nodes run."""
        before = _sizes(best)
        while not best.runs:
            changed = [a != b for a, b in zip(before, _sizes(best), strict=True)]
            before = _sizes(best)
            moves = list(dict.fromkeys(self._moves(best)))
            # What has helped once may help again: other sizes of the same axes come first.
            moves.sort(
                key=lambda sizes: any(changed) and [a != b for a, b in zip(before, sizes, strict=True)] != changed
            )
            further = map(self._trial, moves)
            better = next((trial for trial in further if trial and (trial.runs or trial.depth > best.depth)), None)
            if better is None:
                return best
            best = better
        return best

    def _agreeing(self, best: _Trial) -> _Trial:
        """A choice that runs and contradicts no declared shape, near one that runs; else that one."""
        if not best.runs or not best.contradictions:
            return best
        found = list(conflicts(best.analysis.shapes))
        asked = [s for c in found if c.same_rank for s in by_declaration(c, best.sizes.open)]
        for number, size in enumerate(best.sizes.open):
            if size.role is OpenAxisRole.BATCH:
                asked += [_with(best, number, batch) for batch in usual_sizes.BATCHES]
        for sizes in dict.fromkeys(asked):
            trial = self._trial(sizes, Origin.DECLARED)
            if trial and trial.runs and trial.contradictions < best.contradictions:
                return trial
        return best

    def _easier(self, best: _Trial) -> _Trial:
        """A choice with shorter signals that runs, where the model makes very long ones of them; else that one."""
        maps = [
            number
            for number, size in enumerate(best.sizes.open)
            if size.role is OpenAxisRole.MAP
            and size.origin is Origin.TRIED
            and len(best.sizes.shapes[size.axes[0][0]]) == 3
        ]
        if not (best.runs and maps and _longest(best) > LONGEST_EASY_SIGNAL):
            return best
        for length in sorted(usual_sizes.CHUNKS, reverse=True):
            sizes = list(_sizes(best))
            for number in maps:
                sizes[number] = min(sizes[number], length)
            trial = self._trial(tuple(sizes))
            if trial and trial.runs and _longest(trial) <= LONGEST_EASY_SIGNAL:
                return trial
        return best

    def _nearby(self, best: _Trial, ends: Mapping[InputAxis, int]) -> Iterator[tuple[int, ...]]:
        """What may be better than a choice that runs: without its end, more than one of the batch, the usual sizes."""
        left_open = best.sizes.open
        cut = (min((ends[axis] for axis in size.axes if axis in ends), default=size.size) for size in left_open)
        yield tuple(cut)
        places = {axis: number for number, size in enumerate(left_open) for axis in size.axes}
        for name, shape in best.sizes.shapes.items():
            numbers = [places[name, axis] for axis in range(len(shape)) if (name, axis) in places]
            if len(shape) == len(numbers) == 2:  # features without a batch: the first axis may be time
                yield _with(best, numbers[0], 2)
                for frames in usual_sizes.SPECTROGRAMS:
                    sizes = list(_sizes(best))
                    for number, size in zip(numbers, frames, strict=True):
                        sizes[number] = size
                    yield tuple(sizes)
        yield from self._moves(best)

    def _moves(self, best: _Trial) -> Iterator[tuple[int, ...]]:
        """Other choices, the most likely first: usual sizes, what the stopping node asks for, and batches."""
        maps: dict[str, list[int]] = {}
        for number, size in enumerate(best.sizes.open):
            if size.role is OpenAxisRole.MAP:
                maps.setdefault(size.axes[0][0], []).append(number)
        asked = list(by_node(best.analysis, best.stops, best.sizes.open)) if best.stops else []
        if best.depth == math.inf:  # onnxruntime stopped, not the analysis, which knows no better
            yield from asked
        for name, numbers in maps.items():
            for sizes in usual_sizes.of_map(len(best.sizes.shapes[name]), len(numbers)):
                present = list(_sizes(best))
                for number, wanted in zip(numbers, sizes, strict=True):
                    present[number] = wanted
                yield tuple(present)
        others = [number for number, left_open in enumerate(best.sizes.open) if left_open.role is not OpenAxisRole.MAP]
        batches = [number for number in others if best.sizes.open[number].role is OpenAxisRole.BATCH]
        for number in (n for n in others if n not in batches):
            yield from (_with(best, number, size) for size in usual_sizes.alone(best.sizes.open[number].role))
        yield from asked
        for number in batches:
            yield from (_with(best, number, size) for size in usual_sizes.BATCHES)

    def _trial(self, sizes: tuple[int, ...], origin: Origin = Origin.TRIED) -> _Trial | None:
        """The trial of a choice; None where there were too many already."""
        if sizes not in self._trials:
            if len(self._trials) >= MOST_SIZES_TRIED or self._nodes > MOST_NODES_TRIED:
                return None
            chosen = self._first.sizes.at(sizes, origin)
            if not all(map(_usable, chosen.shapes.values())):
                return None
            self._trials[sizes] = self._evaluated(chosen, whole=self._whole)
        return self._trials[sizes]

    def _evaluated(self, sizes: InputSizes, *, whole: bool) -> _Trial:
        analysis = Analysis.of(self._network, sizes, whole=whole)
        nodes = analysis.shapes.nodes
        self._nodes += len(nodes)
        problem = next((p for p in analysis.problems if p.trouble in _OF_SIZE), None)
        if problem is not None:
            reason = f"{problem.node.op} {problem.node.label}: {problem.text}"
            depth = next(number for number, node in enumerate(nodes) if node.key == problem.node.key)
            return _Trial(sizes, analysis, depth, problem.node, reason, 0)
        wrong = sum(conflict.same_rank for conflict in conflicts(analysis.shapes))
        return _Trial(sizes, analysis, math.inf, None, None, wrong + _split_batches(analysis, sizes.open))


def _split_batches(analysis: Analysis, left_open: Collection[OpenSize]) -> int:
    """How many outputs have another size along an axis that is declared with the symbol of an open batch."""
    network = analysis.network
    batches = {}
    for size in left_open:
        name, axis = size.axes[0]
        symbol = (network.inputs[name].dims or ())[axis]
        if size.role is OpenAxisRole.BATCH and isinstance(symbol, str):
            batches[symbol] = size.size
    split = 0
    for name in network.outputs:
        declared = network.declared.get(name)
        pairs = zip((declared and declared.dims) or (), analysis.shapes.shapes.get(name, ()), strict=False)
        split += any(batches.get(str(dim), size) != size for dim, size in pairs)
    return split


def _longest(trial: _Trial) -> int:
    """Indices along the longest axis of a tensor that depends on an input."""
    shapes, depends = trial.analysis.shapes.shapes, trial.analysis.data_dependent
    return max((max(shape, default=0) for name, shape in shapes.items() if name in depends), default=0)


def _sizes(trial: _Trial) -> tuple[int, ...]:
    return tuple(size.size for size in trial.sizes.open)


def _with(trial: _Trial, number: int, size: int) -> tuple[int, ...]:
    sizes = _sizes(trial)
    return (*sizes[:number], size, *sizes[number + 1 :])


def _usable(shape: tuple[int, ...]) -> bool:
    elements = 1
    for size in shape:
        elements *= size
    return elements <= MOST_INPUT_ELEMENTS and max(shape, default=0) <= LONGEST_INPUT_AXIS


def _spelled(sizes: InputSizes) -> str:
    """The shapes of the inputs that have open sizes: `1×3×224×224`."""
    open_sizes = [size for size in sizes.open if size.reported and size.origin is not Origin.STATE] or sizes.open
    names = dict.fromkeys(name for size in open_sizes for name, _ in size.axes)
    texts = [f"{name}={shape_text(sizes.shapes[name])}" for name in names]
    return listed(texts) if len(texts) > 1 else "".join(texts).partition("=")[2]
