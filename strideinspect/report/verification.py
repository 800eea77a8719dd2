"""The last lines of a text report: what running the model said of what was claimed."""

from __future__ import annotations

from collections.abc import Iterator

from strideinspect.report import number_text
from strideinspect.report.layout import Line, Segment, Style, hang
from strideinspect.results.report import Report
from strideinspect.results.verdict import Counts, Impulses, Verdict, Verification

_PLACES = {0: "indices", 1: "indices", 2: "rows and columns", 3: "planes, rows and columns"}
_NOUNS = {"shape": "shape", "field": "field", "unseen": "unseen range", "theory": "closed form"}
STYLES = {Verdict.AGREED: Style.GOOD, Verdict.CONTRADICTED: Style.ERROR, Verdict.NOT_CHECKED: Style.WARNING}


def render(report: Report, width: int) -> Iterator[Line]:
    """The verdict with its counts, what the impulses showed, and the reasons for what was not checked, each once."""
    verification = report.verification
    head = Segment(verification.status.value.replace("-", " "), STYLES[verification.status])
    yield from hang((head,), _verdict(verification), width, indent=2)
    if verification.impulses is not None and verification.impulses.watched:
        yield from hang((Segment("  "),), _impulses(report, verification.impulses), width)
    yield from _unchecked(verification, width)


def _impulses(report: Report, impulses: Impulses) -> str:
    """`96 impulses through the real weights reach no further (of 448 rows and columns)`."""
    counts = impulses.counts
    places = _PLACES[max((len(i.spatial_axes) for i in report.inputs), default=1)]
    scope = f"{_total(counts):,} {places}; {number_text.count(impulses.watched, 'tensor')} watched"
    if counts.contradicted:
        sent = counts.agreed + counts.contradicted
        return f"{_part(counts.contradicted, sent, 'impulse')} through the real weights reach further (of {scope})"
    reach = "reaches" if counts.agreed == 1 else "reach"
    return f"{number_text.count(counts.agreed, 'impulse')} through the real weights {reach} no further (of {scope})"


def _verdict(verification: Verification) -> str:
    if verification.status is Verdict.NOT_CHECKED:
        return f": {verification.reason}"
    counts = [
        (verification.shapes, "shape", ""),
        (verification.fields, "field", " at every index"),
        (verification.unseen, "unseen range", " without effect on any output"),
    ]
    if _tells_theory(verification):
        counts.insert(2, (verification.theory, "closed form", " away from the borders"))
    refuted = ", ".join(_part(c.contradicted, _total(c), noun) for c, noun, _ in counts if c.contradicted)
    agreed = "; ".join(_agreed(c, noun, manner) for c, noun, manner in counts if _total(c))
    by = f" by {verification.runtime}" if verification.runtime else ""
    seconds = f" ({verification.seconds:.1f} s)" if verification.seconds is not None else ""
    return f"{by}: {f'{refuted}; agreed: ' if refuted else ''}{agreed}{seconds}"


def _tells_theory(verification: Verification) -> bool:
    """Only larger sizes settle most closed forms; who has not asked for these need not read what is left open."""
    return verification.impulses is not None or verification.theory.contradicted > 0


def _total(counts: Counts) -> int:
    return counts.agreed + counts.contradicted + counts.not_checked


def _part(number: int, total: int, noun: str) -> str:
    return f"{number:,} of {number_text.count(total, noun)}"


def _agreed(counts: Counts, noun: str, manner: str) -> str:
    """`every shape (95)`; `52 of 53 fields at every index`."""
    total = _total(counts)
    return f"every {noun} ({total:,}){manner}" if counts.agreed == total else _part(counts.agreed, total, noun) + manner


def _unchecked(verification: Verification, width: int) -> Iterator[Line]:
    reasons: dict[tuple[str, str], list[str]] = {}
    for check in verification.details:
        told = check.claim != "theory" or _tells_theory(verification)
        news = check.reason != verification.reason  # what kept everything from being checked is said already
        if told and news and check.verdict is Verdict.NOT_CHECKED and check.reason:
            reasons.setdefault((check.claim, check.reason), []).append(check.node or check.output)
    for (claim, reason), places in reasons.items():
        where = f"{places[0]}" if len(places) == 1 else f"{places[0]} and {len(places) - 1} more"
        what = f"{number_text.count(len(places), _NOUNS[claim])} not checked" if claim in _NOUNS else "impulses"
        text = f"{what} ({where}): {reason}"
        yield from hang((Segment("  "),), text, width, style=Style.DIM)
