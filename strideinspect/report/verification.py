"""The last lines of a text report: how running the model in onnxruntime compares with the analysis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from strideinspect import spelling
from strideinspect.report.layout import Line, Segment, Style, hang
from strideinspect.results.report import Finding, Report, Severity
from strideinspect.results.verdict import Check, Counts, Impulses, Verdict, Verification

_NOUNS = {"shape": "shape", "field": "receptive field", "unseen": "unseen range", "theory": "closed form"}
_MOST_REASONS = 8  # enough to see what kind of operator is missing; JSON has them all
_PREPOSITIONS = {Verdict.AGREED: " with", Verdict.CONTRADICTED: " by", Verdict.NOT_CHECKED: " with"}
STYLES = {Verdict.AGREED: Style.GOOD, Verdict.CONTRADICTED: Style.ERROR, Verdict.NOT_CHECKED: Style.WARNING}


def render(report: Report, width: int, listed: Sequence[Finding] = ()) -> Iterator[Line]:
    """The verdict with its counts, the impulse tests, and each reason why something was not checked once.

    A reason that one of the findings `listed` beside it tells is not told again.
    """
    verification = report.verification
    words = "checked in part" if verification.partial else verification.status.value.replace("-", " ")
    head = Segment(words, STYLES[verification.status])
    yield from hang((head,), _verdict(verification, listed), width, indent=2)
    if verification.impulses is not None and verification.impulses.watched:
        yield from hang((Segment("  "),), _impulses(report, verification.impulses), width)
    if verification.overwritten is not None and verification.overwritten.not_checked < verification.overwritten.total:
        yield from hang((Segment("  "),), _overwritten(verification.overwritten), width)
    yield from _unchecked(verification, width, listed)


def _overwritten(counts: Counts) -> str:
    """`proven by running: both unused ranges, overwritten with random numbers, change no bit of an output`."""
    if counts.contradicted:
        failed = _part(counts.contradicted, _total(counts), "unused range")
        return f"{failed}, overwritten with random numbers, changed an output"
    what = _agreed(counts, "unused range", "")
    verb = "changes" if counts.agreed == 1 else "change"
    return f"proven by running: {what}, overwritten with random numbers, {verb} no bit of any output"


def _impulses(report: Report, impulses: Impulses) -> str:
    """`96 impulse tests with the real weights (of 448 rows and columns; 12 tensors compared): no effect outside …`."""
    counts = impulses.counts
    rank = max((len(i.spatial_axes) for i in report.inputs), default=0)
    places = spelling.axes_nouns(range(rank), rank) if rank else "indices"
    scope = f"of {_total(counts):,} {places}; {spelling.count(impulses.watched, 'tensor')} compared"
    if counts.contradicted:
        sent = counts.agreed + counts.contradicted
        failed = _part(counts.contradicted, sent, "impulse test")
        return f"{failed} with the real weights ({scope}) had an effect outside the predicted fields"
    tests = spelling.count(counts.agreed, "impulse test")
    return f"{tests} with the real weights ({scope}): no effect outside the predicted fields"


def _verdict(verification: Verification, listed: Sequence[Finding]) -> str:
    if verification.status is Verdict.NOT_CHECKED and not verification.partial:
        return f": {_told_once(verification, verification.reason or '', listed)}"
    by = "" if not verification.runtime else f"{_PREPOSITIONS[verification.status]} {verification.runtime}"
    counts = [
        (verification.shapes, "shape", ""),
        (verification.fields, "receptive field", " at every index"),
        (verification.unseen, "unseen range", " with no effect on any output"),
    ]
    if _tells_theory(verification):
        counts.insert(2, (verification.theory, "closed form", " away from the borders"))
    refuted = ", ".join(
        [
            *("it does not run the model to its end" for check in verification.details if _is_refused(check)),
            *(_part(c.contradicted, _total(c), noun) for c, noun, _ in counts if c.contradicted),
        ]
    )
    agreed = "; ".join(_agreed(c, noun, manner) for c, noun, manner in counts if (c.agreed if refuted else _total(c)))
    told = "; agreed: ".join(filter(None, (refuted, agreed)))
    seconds = f" ({verification.seconds:.1f} s)" if verification.seconds is not None else ""
    return f"{by}: {told}{seconds}"


def _tells_theory(verification: Verification) -> bool:
    """Whether closed forms are reported: most can only be checked at enlarged inputs, which `--verify full` runs."""
    return verification.impulses is not None or verification.theory.contradicted > 0


def _total(counts: Counts) -> int:
    return counts.agreed + counts.contradicted + counts.not_checked


def _part(number: int, total: int, noun: str) -> str:
    return f"{number:,} of {spelling.count(total, noun)}"


def _agreed(counts: Counts, noun: str, manner: str) -> str:
    """`all 95 shapes`; `52 of 53 receptive fields at every index`."""
    total = _total(counts)
    return (_all(total, noun) if counts.agreed == total else _part(counts.agreed, total, noun)) + manner


def _all(total: int, noun: str) -> str:
    few = {1: f"the {noun}", 2: f"both {spelling.plural(noun)}"}
    return few.get(total, f"all {spelling.count(total, noun)}")


def _told_once(verification: Verification, reason: str, listed: Sequence[Finding]) -> str:
    """The reason, or the rule of the finding that gives it.

    Where onnxruntime stopped at a node, that is an error there, or what says which input its shape hangs on.
    """
    stops = {check.output for check in verification.details if check.claim == "run" and check.reason == reason}
    for finding in listed:
        stopped = finding.output in stops and (finding.severity is Severity.ERROR or finding.input is not None)
        if stopped or (reason and reason in finding.message):
            return f"see {finding.rule}"
    return reason


def _unchecked(verification: Verification, width: int, listed: Sequence[Finding]) -> Iterator[Line]:
    """Each reason once, with what was not checked for it; the reason of the whole verification first."""
    reasons: dict[str, dict[str, list[str]]] = {}
    if verification.reason and (verification.partial or verification.status is Verdict.CONTRADICTED):
        reasons[verification.reason] = {}
    for check in verification.details:
        reported = check.claim not in {"theory", "run"} or (check.claim == "theory" and _tells_theory(verification))
        if reported and check.verdict is Verdict.NOT_CHECKED and check.reason:
            places = reasons.setdefault(check.reason, {}).setdefault(check.claim, [])
            places.append(check.node or check.output)
    if verification.status is Verdict.NOT_CHECKED and not verification.partial:
        reasons.pop(verification.reason or "", None)  # it is in the verdict
    for number, (reason, claims) in enumerate(reasons.items()):
        if number == _MOST_REASONS:
            text = f"and {spelling.count(len(reasons) - number, 'more reason')}: --format json has them all"
        else:
            text = f"{_what(claims)}{_told_once(verification, reason, listed)}"
        yield from hang((Segment("  "),), text, width, style=Style.DIM)


def _is_refused(check: Check) -> bool:
    return check.claim == "run" and check.verdict is Verdict.CONTRADICTED


def _what(claims: Mapping[str, Sequence[str]]) -> str:
    """`2 shapes and 1 receptive field not checked (conv1 and 2 more): `."""
    if not claims:
        return ""
    counted = [spelling.count(len(places), _NOUNS[claim]) for claim, places in claims.items() if claim in _NOUNS]
    distinct = list(dict.fromkeys(place for places in claims.values() for place in places))
    where = distinct[0] if len(distinct) == 1 else f"{distinct[0]} and {len(distinct) - 1:,} more"
    if not counted:
        return f"impulse tests not run ({where}): "
    return f"{' and '.join(filter(None, [', '.join(counted[:-1]), counted[-1]]))} not checked ({where}): "
