"""Two versions of a model, as the page shows them side by side."""

from __future__ import annotations

from msgspec import Struct

from strideinspect.report.answers import Answer
from strideinspect.results.contribution import Contributions
from strideinspect.results.differences import Difference
from strideinspect.results.report import Report


class Version(Struct, frozen=True):
    """One of the two: what it is called in the comparison ("before"), its report, contributions and holes."""

    name: str
    report: Report
    contributions: Contributions


class Compared(Struct, frozen=True):
    """The numbers of a window node in both reports, None where there is none, and what differs in the window itself."""

    first: int | None
    second: int | None
    differences: tuple[Difference, ...] = ()


class Comparison(Struct, frozen=True):
    """The answer in words, both versions, and their layers in the order of the first one."""

    answer: Answer
    versions: tuple[Version, Version]
    layers: tuple[Compared, ...]
