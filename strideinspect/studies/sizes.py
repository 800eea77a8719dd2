"""Which sizes of an input axis run, see every pixel and drop nothing, as rules.

What windows lose depends on a size modulo the least common multiple of the effective strides, once no map is smaller
than its window. So one period decides: the sizes of one period are judged, each by an analysis unless following the
axis has ruled it out, and those of the next have to be the same ones, shifted. The smallest size from which on the
rule holds is found by halving, and the period below it is judged once more.
"""

from __future__ import annotations

from collections.abc import Callable

from strideinspect.analysis import Analysis
from strideinspect.limits import LONGEST_PERIOD
from strideinspect.results.sizes import AxisSizes, SizeRule
from strideinspect.studies.lossless_sizes import SizeSearch

NO_RULE = SizeRule(None, None, None, None, None)


def axis_sizes(analysis: Analysis, name: str, axis: int, search: SizeSearch | None = None) -> AxisSizes:
    """The rules for one spatial axis of a graph input; the axes of a square image change together."""
    search = search or SizeSearch(analysis)
    current = analysis.sizes[name][axis]
    period = search.period(name, axis)

    def rule(good: Callable[[int], bool]) -> SizeRule:
        return rule_of(good, current, period) if period <= LONGEST_PERIOD else NO_RULE

    lossless = rule(lambda n: search.is_lossless(name, axis, n, "dropped"))
    return AxisSizes(
        input=name,
        axis=axis,
        current=current,
        runs=rule(lambda n: search.runs(name, axis, n)),
        sees_everything=rule(lambda n: search.is_lossless(name, axis, n, "unseen")),
        drops_nothing=lossless,
        pad_end=None if lossless.above is None else lossless.above - current,
    )


def rule_of(good: Callable[[int], bool], current: int, period: int) -> SizeRule:
    """The rule that the good sizes follow; without a step where two periods differ or hold no single remainder."""
    known: dict[int, bool] = {}

    def judged(n: int) -> bool:
        if n not in known:
            known[n] = good(n)
        return known[n]

    first = [n for n in range(current, current + period) if judged(n)]
    second = [n for n in range(current + period, current + 2 * period) if judged(n)]
    if not first or [n + period for n in first] != second:
        near = [n for n in first + second if n > current]
        below = next((n for n in range(current - 1, max(0, current - period), -1) if judged(n)), None)
        return SizeRule(None, None, None, below, near[0] if near else None)
    step = period // len(first)
    remainder = first[0] % step
    if period % len(first) or any(n % step != remainder for n in first):
        below = next((n for n in range(current - 1, 0, -1) if judged(n)), None)
        return SizeRule(None, None, None, below, next(n for n in first + second if n > current))
    smallest = _smallest(judged, first[0], step)
    exceptions = tuple(n for n in range(max(1, smallest - period), smallest) if judged(n))
    below = max((n for n in (*exceptions, *range(smallest, current, step)) if n < current), default=None)
    above = next(n for n in first + second if n > current)
    return SizeRule(smallest, step, remainder, below, above, exceptions)


def _smallest(good: Callable[[int], bool], size: int, step: int) -> int:
    """The smallest good size that lies a number of steps below one, found by halving."""
    fails, holds = size // step + 1, 0  # in steps below `size`
    while fails - holds > 1:
        middle = (fails + holds) // 2
        if size - middle * step > 0 and good(size - middle * step):
            holds = middle
        else:
            fails = middle
    return size - holds * step
