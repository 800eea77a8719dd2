"""The last lines of a text report: what running the model said of what was claimed."""

from __future__ import annotations

from collections.abc import Iterator

from strideinspect.report import words
from strideinspect.report.layout import Line, Span, Style, hang
from strideinspect.report.model import Counts, Verdict, Verification

STYLES = {Verdict.AGREED: Style.GOOD, Verdict.CONTRADICTED: Style.ERROR, Verdict.NOT_CHECKED: Style.WARNING}


def render(verification: Verification, width: int) -> Iterator[Line]:
    """The verdict with its counts, and the reasons for what was not checked, each once."""
    head = Span(verification.status.value.replace("-", " "), STYLES[verification.status])
    if verification.status is Verdict.NOT_CHECKED:
        yield from hang((head,), f": {verification.reason}", width)
    else:
        seconds = f" ({verification.seconds:.1f} s)" if verification.seconds is not None else ""
        by = f" by {verification.runtime}" if verification.runtime else ""
        yield from hang((head,), f"{by}: {'; '.join(_counts(verification))}{seconds}", width)
    yield from _unchecked(verification, width)


def _counts(verification: Verification) -> Iterator[str]:
    yield from _of(verification.shapes, "shape", "")
    yield from _of(verification.fields, "field", " at every index")
    yield from _of(verification.unseen, "unseen range", " without effect on any output")


def _of(counts: Counts, noun: str, manner: str) -> Iterator[str]:
    """`every shape (95)`; `52 of 53 fields at every index, 1 contradicted`; nothing where nothing was claimed."""
    total = counts.agreed + counts.contradicted + counts.not_checked
    if not total:
        return
    text = f"every {noun}{manner} ({total:,})" if counts.agreed == total else (
        f"{counts.agreed:,} of {words.count(total, noun)}{manner}"
    )  # fmt: skip
    if counts.contradicted:
        text += f", {counts.contradicted:,} contradicted"
    if counts.not_checked:
        text += f", {counts.not_checked:,} not checked"
    yield text


def _unchecked(verification: Verification, width: int) -> Iterator[Line]:
    reasons: dict[tuple[str, str], list[str]] = {}
    for check in verification.details:
        if check.verdict is Verdict.NOT_CHECKED and check.reason:
            reasons.setdefault((check.claim, check.reason), []).append(check.node or check.output)
    for (claim, reason), places in reasons.items():
        noun = {"shape": "shape", "field": "field", "unseen": "unseen range"}[claim]
        where = f"{places[0]}" if len(places) == 1 else f"{places[0]} and {len(places) - 1} more"
        text = f"{words.count(len(places), noun)} not checked ({where}): {reason}"
        yield from hang((Span("  "),), text, width, Style.DIM)
