"""The result of verification as plain data."""

from __future__ import annotations

from fractions import Fraction

from strideinspect.results.json_types import CheckJson, CountsJson, ImpulsesJson, JsonValue, VerificationJson
from strideinspect.results.verdict import Check, Counts, Impulses, Verification


def verification_data(verification: Verification) -> VerificationJson:
    """What running said."""
    return {
        "status": verification.status.value,
        "reason": verification.reason,
        "runtime": verification.runtime,
        "shapes": _counts(verification.shapes),
        "fields": _counts(verification.fields),
        "unseen": _counts(verification.unseen),
        "theory": _counts(verification.theory),
        "impulses": _impulses(verification.impulses),
        "overwritten": None if verification.overwritten is None else _counts(verification.overwritten),
        "details": [_check(check) for check in verification.details],
    }


def _check(check: Check) -> CheckJson:
    return {
        "node": check.node,
        "output": check.output,
        "claim": check.claim,
        "verdict": check.verdict.value,
        "reason": check.reason,
        "predicted": _value(check.predicted),
        "ran": _value(check.ran),
    }


def _counts(counts: Counts) -> CountsJson:
    return {"agreed": counts.agreed, "contradicted": counts.contradicted, "not_checked": counts.not_checked}


def _impulses(impulses: Impulses | None) -> ImpulsesJson | None:
    if impulses is None:
        return None
    return {**_counts(impulses.counts), "watched": impulses.watched, "limit": impulses.limit}


def _value(claimed: object) -> JsonValue:
    """What was claimed or ran: numbers and sequences of numbers as they are, fractions exact, all else by its name."""
    match claimed:
        case None | bool() | int() | float() | str():
            return claimed
        case list() | tuple():
            return [_value(item) for item in claimed]
        case dict():
            return {str(key): _value(item) for key, item in claimed.items()}
        case Fraction():
            return str(claimed)
        case _:
            return repr(claimed)
