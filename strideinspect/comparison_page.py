"""The HTML page of `diff` and `whatif`: two versions of a model side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import structs

from strideinspect.results.differences import Difference
from strideinspect.version import __version__

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.changed_models import Versions
    from strideinspect.page.comparison import Compared, Version
    from strideinspect.report.answers import Answer
    from strideinspect.results.diff_result import Diff
    from strideinspect.results.report import Report
    from strideinspect.settings import Settings


def of_diff(found: Diff, words: Answer, files: tuple[str, str], settings: Settings) -> str:
    """The page of a `diff` of two files, at the sizes at which they were compared."""
    from strideinspect import inspector
    from strideinspect.page import comparison, document  # imports jinja2
    from strideinspect.studies.geometry_comparison import at_the_size_of
    from strideinspect.studies.opening import opened

    own = structs.replace(settings, verify="none", baseline=None)
    one, other = opened(files[0], own), opened(files[1], structs.replace(own, input_shapes={}))
    first, second = one.trials.best(), other.trials.best()
    there, _ = at_the_size_of(first.analysis, second.analysis)
    second = structs.replace(second, analysis=there, passed_over="", failed=(), reason=None)
    reports = inspector.static_report(one.model, first, own), inspector.static_report(other.model, second, own)
    sides = [
        _version(name, structs.replace(report, path=path), analysis)
        for name, report, path, analysis in zip(
            ("first", "second"), reports, found.paths, (first.analysis, there), strict=True
        )
    ]
    layers = _aligned(reports, {pair.outputs[0]: (pair.outputs[1], pair.differences) for pair in found.windows})
    return document.render_comparison(comparison.Comparison(words, (sides[0], sides[1]), layers), version=__version__)


def of_whatif(versions: Versions, words: Answer) -> str:
    """The page of a `whatif`: the model before and after."""
    from strideinspect.page import comparison, document  # imports jinja2

    changed: dict[str, list[Difference]] = {}
    for change in versions.found.changes:
        changed.setdefault(change.output, []).append(Difference(change.attribute, change.before, change.after))
    before, after = versions.before, versions.after
    there = {node.output for node in after.report.nodes}
    pairs = {
        node.output: (node.output, (*changed.get(node.output, ()),))
        for node in before.report.nodes
        if node.output in there
    }
    sides = _version("before", before.report, before.analysis), _version("after", after.report, after.analysis)
    layers = _aligned((before.report, after.report), pairs)
    return document.render_comparison(comparison.Comparison(words, sides, layers), version=__version__)


def _version(name: str, report: Report, analysis: Analysis) -> Version:
    from strideinspect.page.comparison import Version
    from strideinspect.studies.contributions import contributions

    return Version(name, report, contributions(analysis))


def _aligned(
    reports: tuple[Report, Report], pairs: Mapping[str, tuple[str, Sequence[Difference]]]
) -> tuple[Compared, ...]:
    """The layers in the order of the first model; those of the second alone behind the one that they follow there.

    What is global in one of them, such as the pooling of a classifier, has no counterpart by its window: the outputs
    tell of it.
    """
    from strideinspect.page.comparison import Compared
    from strideinspect.studies.window_geometry import is_global

    first, second = (report.nodes for report in reports)
    numbers = {node.output: number for number, node in enumerate(second)}
    partners = {numbers[pair[0]]: output for output, pair in pairs.items()}
    behind: dict[str, list[int]] = {}
    last = ""
    for number, node in enumerate(second):
        if number in partners:
            last = partners[number]
        elif not is_global(node):
            behind.setdefault(last, []).append(number)
    layers = [Compared(None, number) for number in behind.get("", ())]
    for number, node in enumerate(first):
        if node.output in pairs:
            other, differences = pairs[node.output]
            layers.append(Compared(number, numbers[other], tuple(differences)))
        elif not is_global(node):
            layers.append(Compared(number, None))
        layers += [Compared(None, other) for other in behind.get(node.output, ())]
    return tuple(layers)
