"""The verdict on indices that are never used, once they were overwritten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import structs

from strideinspect.results.verdict import Check, Counts, Verdict, Verification
from strideinspect.verify.messages import Failure, Overwritten, UnseenClaim


def with_overwriting(
    verification: Verification,
    claims: Sequence[UnseenClaim],
    nodes: Mapping[str, str | None],
    answer: Overwritten | Failure,
) -> Verification:
    """The verification with the outcome for each claim added; `nodes` name what made a tensor."""
    results = answer.results if isinstance(answer, Overwritten) else []
    known = {(result.input, result.axis): result for result in results}
    checks = []
    for claim in claims:
        result = known.get((claim.input, claim.axis))
        reason = answer.reason if isinstance(answer, Failure) else None if result is None else result.reason
        predicted = {"axis": claim.axis, "ranges": [list(span) for span in claim.ranges]}
        node, ran = nodes.get(claim.input), None
        verdict = Verdict.NOT_CHECKED if reason or result is None else Verdict.AGREED
        if result is not None and result.reached is not None:
            verdict, ran = Verdict.CONTRADICTED, {"axis": claim.axis, "reaches": result.reached}
        if verdict is Verdict.NOT_CHECKED:
            reason = reason or "there is no answer"
        checks.append(Check(node, claim.input, "unseen", verdict, reason, predicted, ran))
    counts = Counter(check.verdict for check in checks)
    return structs.replace(
        verification,
        status=Verdict.CONTRADICTED if counts[Verdict.CONTRADICTED] else verification.status,
        overwritten=Counts(*(counts[v] for v in (Verdict.AGREED, Verdict.CONTRADICTED, Verdict.NOT_CHECKED))),
        details=(*verification.details, *(check for check in checks if check.verdict is not Verdict.AGREED)),
    )
