"""Which sizes of an input axis run, see every pixel, drop nothing and keep branches aligned, as rules.

What windows lose depends on a size modulo the least common multiple of the effective strides, once no map is smaller
than its window. So one period decides: the sizes of one period are judged, each by an analysis unless following the
axis is enough, and those of the next have to be the same ones, shifted. The smallest size from which on the rule holds
is found by halving, and the period below it is judged once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import chain

from msgspec import Struct, structs

from strideinspect.analysis import Analysis
from strideinspect.errors import UsageError
from strideinspect.fields.closed_form import Closed
from strideinspect.limits import LONGEST_JUDGED_PERIOD, MOST_SIZES_LISTED
from strideinspect.results.field import InputAxis, Span
from strideinspect.results.size_rules import AxisSizes, SizeRow, SizeRule
from strideinspect.results.sizes_result import Sizes
from strideinspect.spelling import count
from strideinspect.studies.lossless_sizes import SizeSearch
from strideinspect.studies.symmetric_axes import symmetric

Good = Callable[[int], bool]
NO_RULE = SizeRule(None, None, None, None, None)


def model_sizes(analysis: Analysis, path: str, within: Span | None = None) -> Sizes:
    """The rules for every spatial axis of every graph input, and what holds at each size of a range.

    Raises UsageError where no axis is spatial, or the range is empty or too long.
    """
    places = [(name, axis) for name, axes in analysis.spatial_axes.items() for axis in axes]
    if not places:
        raise UsageError(f"{path}: no window slides over an input", "sizes are those of images, signals and volumes")
    if within is not None and not 0 < within[0] <= within[1] < within[0] + MOST_SIZES_LISTED:
        wrong = (
            "does not begin at 1 or above"
            if within[0] < 1
            else "ends before it begins"
            if within[1] < within[0]
            else f"has more than {count(MOST_SIZES_LISTED, 'size')}"
        )
        raise UsageError(f"the range of sizes {within[0]}:{within[1]} {wrong}", "write 192:320")
    base = running(analysis)
    search = SizeSearch(base, apart=True)
    axes: list[AxisSizes] = []
    for name, axis in places:
        current = analysis.sizes[name][axis]
        twin = next((done for done in axes if _alike(base, done, current, (name, axis))), None)
        found = axis_sizes(base, name, axis, search, current, within) if twin is None else _turned(base, twin, axis)
        axes.append(found)
    return Sizes(path, tuple(axes), within)


def _alike(analysis: Analysis, done: AxisSizes, current: int, axis: InputAxis) -> bool:
    """Whether what was found of one axis holds for another."""
    return done.current == current and symmetric(analysis, (done.input, done.axis), axis)


def _turned(analysis: Analysis, twin: AxisSizes, axis: int) -> AxisSizes:
    """What was found of an axis, said of another along which the network does the same."""
    together = tuple(twin.axis if other == axis else other for other in twin.together)
    return structs.replace(twin, axis=axis, together=together, fixed=analysis.network.inputs[twin.input].fixes(axis))


def axis_sizes(
    analysis: Analysis,
    name: str,
    axis: int,
    search: SizeSearch | None = None,
    current: int | None = None,
    within: Span | None = None,
) -> AxisSizes:
    """The rules for one spatial axis of a graph input, beside the sizes that the analysis has for the others.

    Axes that have to be equal change together. `current` is the present size if it is not the one of the analysis.
    """
    search = search or SizeSearch(analysis, apart=True)
    current = analysis.sizes[name][axis] if current is None else current
    judge, runs, together = _runs(analysis, search, name, axis, current)
    period = search.period(name, axis)
    rules = {"runs": runs, **{aim: judge.rule(good, current, period) for aim, good in judge.further.items()}}
    drops_nothing = rules["drops_nothing"]
    clean = judge.further["drops_nothing"](current)
    return AxisSizes(
        input=name,
        axis=axis,
        current=current,
        **rules,
        pad_end=0 if clean else None if drops_nothing.above is None else drops_nothing.above - current,
        period=period,
        judged=(current, current + 2 * period - 1) if period <= LONGEST_JUDGED_PERIOD else None,
        together=together,
        fixed=analysis.network.inputs[name].fixes(axis),
        listed=tuple(judge.rows(within, rules)) if within else (),
    )


def sizes_that_run(analysis: Analysis, name: str, axis: int, current: int) -> SizeRule:
    """The rule for the sizes of one axis at which the model runs, beside those of a `running` analysis.

    `current` is the present size.
    """
    return _runs(analysis, SizeSearch(analysis, apart=True), name, axis, current)[1]


def _runs(
    analysis: Analysis, search: SizeSearch, name: str, axis: int, current: int
) -> tuple[_Judge, SizeRule, tuple[int, ...]]:
    """Who judges an axis, the rule for the sizes that run, and the other axes that have to be equal."""
    judge = _Judge(analysis, search, name, axis)
    period = search.period(name, axis)
    rule = judge.rule(judge.runs, current, period)
    spatial = analysis.spatial_axes[name]
    if rule.step is None and len({analysis.sizes[name][other] for other in spatial}) == 1 < len(spatial):
        square = _Judge(analysis, SizeSearch(analysis), name, axis)
        square_rule = square.rule(square.runs, current, period)
        if square_rule.step is not None:
            return square, square_rule, tuple(other for other in spatial if other != axis)
    return judge, rule, ()


class _Judge(Struct, frozen=True):
    """Says of one size of an axis whether it is good for something."""

    analysis: Analysis
    search: SizeSearch
    name: str
    axis: int

    @staticmethod
    def rule(good: Good, current: int, period: int) -> SizeRule:
        """The rule that the sizes follow; none where they repeat too late to be judged one by one."""
        return rule_of(good, current, period) if period <= LONGEST_JUDGED_PERIOD else NO_RULE

    def runs(self, size: int) -> bool:
        """Whether every node runs."""
        return self.search.runs(self.name, self.axis, size)

    @property
    def further(self) -> Mapping[str, Good]:
        """The other aims, by the names of the attributes of AxisSizes."""
        search, name, axis = self.search, self.name, self.axis
        return {
            # A size at which the model does not run loses nothing and is good for nothing.
            "sees_everything": lambda n: search.is_lossless(name, axis, n, "unseen") and self.runs(n),
            "drops_nothing": lambda n: search.is_lossless(name, axis, n, "dropped") and self.runs(n),
            "aligned": _Alignment(self).holds,
        }

    def rows(self, within: Span, rules: Mapping[str, SizeRule]) -> Iterator[SizeRow]:
        """What holds at each size of a range: by the rules from their smallest sizes on, else judged."""
        aims: dict[str, Good] = {"runs": self.runs, **self.further}

        def holds(aim: str, size: int) -> bool:
            rule = rules[aim]
            if rule.step is None or rule.smallest is None or size < rule.smallest:
                return aims[aim](size)
            return size % rule.step in rule.remainders

        for size in range(within[0], within[1] + 1):
            yield SizeRow(size, **{aim: holds(aim, size) for aim in aims})


class _Alignment:
    """Whether branches are aligned at a size of an axis. Where no padding depends on the size, one size decides."""

    def __init__(self, judge: _Judge) -> None:
        self._judge = judge

    def holds(self, size: int) -> bool:
        """Whether every node runs, and every merge along the axis is aligned."""
        judge = self._judge
        if not judge.runs(size):
            return False
        return self._aligned(judge.search.resized(judge.name, judge.axis, size)) if self._varies else self._always

    @cached_property
    def _always(self) -> bool:
        return self._aligned(self._judge.analysis)

    @cached_property
    def _varies(self) -> bool:
        analysis, source = self._judge.analysis, (self._judge.name, self._judge.axis)
        forms = (
            analysis.fields[branch.tensor][source].form
            for merge in analysis.merges
            if merge.input == source[0] and source[1] in merge.axes
            for branch in merge.branches
        )
        return any(isinstance(form, Closed) and form.caveat.size for form in forms)

    def _aligned(self, analysis: Analysis) -> bool:
        name, axis = self._judge.name, self._judge.axis
        return all(merge.aligned for merge in analysis.merges if merge.input == name and axis in merge.axes)


def running(analysis: Analysis) -> Analysis:
    """The analysis, or that of the nearest larger size at which the model runs; itself where none is near.

    All spatial axes are made as much larger, else larger until each leaves the same remainder of its period.
    """
    if not analysis.problems:
        return analysis
    search = SizeSearch(analysis)
    periods = {(name, axis): search.period(name, axis) for name, axes in analysis.spatial_axes.items() for axis in axes}
    longest = min(max(periods.values(), default=1), LONGEST_JUDGED_PERIOD)
    alike = (dict.fromkeys(periods, more) for more in range(1, 2 * longest))
    apart = (
        {(name, axis): (rest - analysis.sizes[name][axis]) % period for (name, axis), period in periods.items()}
        for rest in range(longest)
    )
    for more in chain(alike, apart):
        larger = {
            name: tuple(n + more.get((name, axis), 0) for axis, n in enumerate(shape))
            for name, shape in analysis.sizes.items()
        }
        if not analysis.at(larger, whole=False).problems:
            return analysis.at(larger)
    return analysis


def rule_of(good: Good, current: int, period: int) -> SizeRule:
    """The rule that the good sizes follow; without a step where two periods differ."""
    known: dict[int, bool] = {}

    def judged(n: int) -> bool:
        if n not in known:
            known[n] = good(n)
        return known[n]

    first = [n for n in range(current, current + period) if judged(n)]
    second = [n for n in range(current + period, current + 2 * period) if judged(n)]
    above = next((n for n in first + second if n > current), None)
    if not first or [n + period for n in first] != second:
        smaller = [n for n in range(max(1, current - period), current) if judged(n)]
        everything = tuple(sorted(n for n in known if known[n]))
        below = smaller[-1] if smaller else None if everything else _far_below(good, current - period)
        return SizeRule(None, None, None, below, above, everything or (() if below is None else (below,)))
    step, remainders = _classes({n % period for n in first}, period)
    fails = max(_smallest(judged, next(n for n in first if n % step == rest), step) for rest in remainders) - step
    smallest = next(n for n in range(fails + 1, fails + step + 1) if n % step in remainders)
    exceptions = tuple(n for n in range(max(1, smallest - period), smallest) if judged(n))
    members = (n for n in range(current - 1, smallest - 1, -1) if n % step in remainders)
    below = next(members, max((n for n in exceptions if n < current), default=None))
    only = remainders[0] if len(remainders) == 1 else None
    return SizeRule(smallest, step, only, below, above, exceptions, remainders)


def _far_below(good: Good, size: int) -> int | None:
    """A good size whose successor is not, below a size that is not good, found by halving; None where none is found."""
    low, high = size // 2, size
    while low > 0 and not good(low):
        low, high = low // 2, low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if good(middle) else (low, middle)
    return low or None


def _classes(remainders: set[int], period: int) -> tuple[int, tuple[int, ...]]:
    """The smallest step after which the sizes with these remainders of a period repeat, and their remainders of it."""
    for step in (n for n in range(1, period) if period % n == 0):
        classes = {rest % step for rest in remainders}
        if len(classes) * (period // step) == len(remainders):
            return step, tuple(sorted(classes))
    return period, tuple(sorted(remainders))


def _smallest(good: Good, size: int, step: int) -> int:
    """The smallest good size that lies a number of steps below one, found by halving."""
    fails, holds = size // step + 1, 0  # in steps below `size`
    while fails - holds > 1:
        middle = (fails + holds) // 2
        if size - middle * step > 0 and good(size - middle * step):
            holds = middle
        else:
            fails = middle
    return size - holds * step
