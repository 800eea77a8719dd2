"""What the analysis claims, and what running says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from strideinspect.results.field import Positions, Span
from strideinspect.results.report import Unseen
from strideinspect.results.verdict import Check, Counts, Verdict, Verification
from strideinspect.verify.impulses import Sending, Sent, judge
from strideinspect.verify.packed import as_run

if TYPE_CHECKING:
    from strideinspect.verify.theory import Enlarged, TheoryClaim

_NO_ANSWER: Final = "onnxruntime has no tensor of this name"


@dataclass(frozen=True, slots=True)
class FieldClaim:
    """What a tensor sees of one axis of a graph input.

    `positions` holds the local field of each index along `node_axis`. Where that is None it has one entry: the hull
    of the whole tensor. `full` is the hull, over all positions, of full dependence where it exceeds the local one.
    """

    input: str
    axis: int
    tensor: str
    node: str | None
    node_axis: int | None
    positions: Positions
    full: Span | None


@dataclass(frozen=True, slots=True)
class Claims:
    """All that can be checked by running; `nodes` names the node that a tensor comes from."""

    shapes: Mapping[str, tuple[int, ...]]
    fields: Sequence[FieldClaim]
    unseen: Sequence[Unseen]
    nodes: Mapping[str, str | None]
    theory: Sequence[TheoryClaim] = ()
    enlarged: Sequence[Enlarged] = ()
    sending: Sending | None = None  # the impulses; None where they are not asked for


def question(claims: Claims) -> dict[str, Any]:
    """What to ask the worker about the fields and the unseen indices, ready for JSON."""
    tensors: dict[tuple[str, int], dict[str, int | None]] = {}
    wanted: list[FieldClaim | TheoryClaim] = [*claims.fields, *claims.theory]
    for claim in wanted:
        tensors.setdefault((claim.input, claim.axis), {})[claim.tensor] = claim.node_axis
    return {
        "probes": [{"input": key[0], "axis": key[1], "tensors": asked} for key, asked in tensors.items()],
        "unseen": [
            {"input": unseen.input, "axis": unseen.axis, "ranges": [list(span) for span in unseen.ranges]}
            for unseen in claims.unseen
        ],
    }


def unchecked(claims: Claims, reason: str, runtime: str | None = None) -> Verification:
    """The verification that did not take place; the one reason stands for all claims."""
    impulses = None if claims.sending is None else judge(claims.sending, Sent(0, {}, (), reason))[0]
    return Verification(
        Verdict.NOT_CHECKED,
        reason,
        runtime,
        impulses=impulses,
        shapes=Counts(not_checked=len(claims.shapes)),
        fields=Counts(not_checked=len({claim.tensor for claim in claims.fields})),
        unseen=Counts(not_checked=len(claims.unseen)),
        theory=Counts(not_checked=len({claim.tensor for claim in claims.theory})),
    )


def compare(claims: Claims, shapes: Mapping[str, Any], fields: Mapping[str, Any] | str) -> Verification:
    """Hold the worker's two answers against the claims; `fields` may be the reason why there is no second answer."""
    late: Mapping[str, Any] = {"fields": [], "unseen": []} if isinstance(fields, str) else fields
    why = fields if isinstance(fields, str) else _NO_ANSWER
    groups = (
        [[check] for check in _shapes(claims, shapes)],
        list(_fields(claims, late["fields"], why)),
        [[check] for check in _unseen(claims, late["unseen"], why)],
    )
    shape_counts, field_counts, unseen_counts = map(_count, groups)
    remarks = [c for group in groups for checks in group for c in checks if c.verdict is not Verdict.AGREED]
    reason = shapes.get("error")
    if any(count.contradicted for count in (shape_counts, field_counts, unseen_counts)):
        status = Verdict.CONTRADICTED
    elif field_counts.agreed or (not claims.fields and shape_counts.agreed):
        status = Verdict.AGREED
    else:
        status = Verdict.NOT_CHECKED
        reason = reason or next((c.reason for c in reversed(remarks) if c.reason), "there was nothing to check")
    return Verification(
        status,
        reason,
        shapes.get("runtime"),
        shape_counts,
        field_counts,
        unseen_counts,
        details=_once(remarks),
    )


def with_theory(verification: Verification, checks: Iterable[Check]) -> Verification:
    """The same verification with what came of the closed forms: one or several checks per tensor."""
    grouped: dict[str, list[Check]] = {}
    for check in checks:
        grouped.setdefault(check.output, []).append(check)
    counts = _count(list(grouped.values()))
    remarks = _once([c for group in grouped.values() for c in group if c.verdict is not Verdict.AGREED])
    return replace(
        verification,
        status=Verdict.CONTRADICTED if counts.contradicted else verification.status,
        theory=counts,
        details=(*verification.details, *remarks),
    )


def with_impulses(verification: Verification, sending: Sending, sent: Sent) -> Verification:
    """The same verification with what came of the impulses."""
    impulses, remarks = judge(sending, sent)
    return replace(
        verification,
        status=Verdict.CONTRADICTED if impulses.counts.contradicted else verification.status,
        impulses=impulses,
        details=(*verification.details, *remarks),
    )


def _count(groups: Sequence[Sequence[Check]]) -> Counts:
    """Count claims. One that took several checks is contradicted if any of them is, else unchecked if any is."""
    grave = (Verdict.CONTRADICTED, Verdict.NOT_CHECKED, Verdict.AGREED)
    found = Counter(min((check.verdict for check in checks), key=grave.index) for checks in groups)
    return Counts(found[Verdict.AGREED], found[Verdict.CONTRADICTED], found[Verdict.NOT_CHECKED])


def _once(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The checks, without saying twice of a tensor for which reason it was not checked."""
    found: dict[object, Check] = {}
    for number, check in enumerate(checks):
        key = (check.claim, check.output, check.reason) if check.verdict is Verdict.NOT_CHECKED else number
        found.setdefault(key, check)
    return tuple(found.values())


def _shapes(claims: Claims, answer: Mapping[str, Any]) -> Iterator[Check]:
    """One check per tensor."""
    missing = answer.get("not_checked", {})
    for tensor, predicted in claims.shapes.items():
        node = claims.nodes.get(tensor)
        ran = answer.get("shapes", {}).get(tensor)
        if ran is None:
            reason = missing.get(tensor) or answer.get("error") or _NO_ANSWER
            yield Check(node, tensor, "shape", Verdict.NOT_CHECKED, reason)
        else:
            verdict = Verdict.AGREED if list(predicted) == ran else Verdict.CONTRADICTED
            yield Check(node, tensor, "shape", verdict, predicted=list(predicted), ran=ran)


def _fields(claims: Claims, answers: Sequence[Mapping[str, Any]], why: str) -> Iterator[list[Check]]:
    """One group per tensor, with a check per input axis."""
    found = {(answer["input"], answer["axis"], answer["tensor"]): answer for answer in answers}
    grouped: dict[str, list[FieldClaim]] = {}
    for claim in claims.fields:
        grouped.setdefault(claim.tensor, []).append(claim)
    for group in grouped.values():
        yield [_field(claim, found.get((claim.input, claim.axis, claim.tensor), {"reason": why})) for claim in group]


def _field(claim: FieldClaim, answer: Mapping[str, Any]) -> Check:
    if "reason" in answer:
        return Check(claim.node, claim.tensor, "field", Verdict.NOT_CHECKED, answer["reason"])
    place = {"input": claim.input, "axis": claim.axis}
    difference = _difference(claim, answer)
    if difference is None:
        return Check(claim.node, claim.tensor, "field", Verdict.AGREED)
    predicted, ran = ({**place, **side} for side in difference)
    return Check(claim.node, claim.tensor, "field", Verdict.CONTRADICTED, predicted=predicted, ran=ran)


def _difference(claim: FieldClaim, answer: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The first thing about which claim and answer differ: what was predicted, and what ran."""
    own, ran = claim.positions, as_run(answer)
    if len(own) != len(ran):
        return {"indices": len(own)}, {"indices": len(ran)}
    if own != ran:
        rows = zip(own.first, own.last, ran.first, ran.last, strict=True)
        index, ends = next((k, row) for k, row in enumerate(rows) if row[:2] != row[2:])
        place = {} if claim.node_axis is None else {"index": index}
        predicted, found = ({**place, "first": first, "last": last} for first, last in (ends[:2], ends[2:]))
        return predicted, found
    full = claim.full or own.hull
    full_as_run = answer["full"] and tuple(answer["full"])
    return None if full == full_as_run else ({"full": full and list(full)}, {"full": answer["full"]})


def _unseen(claims: Claims, answers: Sequence[Mapping[str, Any]], why: str) -> Iterator[Check]:
    """One check per input axis."""
    found = {(answer["input"], answer["axis"]): answer for answer in answers}
    for claim in claims.unseen:
        answer = found.get((claim.input, claim.axis), {"reason": why})
        predicted = {"axis": claim.axis, "ranges": [list(span) for span in claim.ranges]}
        if "reason" in answer:
            yield Check(None, claim.input, "unseen", Verdict.NOT_CHECKED, answer["reason"], predicted)
        elif answer["dark"]:
            yield Check(None, claim.input, "unseen", Verdict.AGREED)
        else:
            ran = {"axis": claim.axis, "reaches": answer["output"]}
            yield Check(None, claim.input, "unseen", Verdict.CONTRADICTED, predicted=predicted, ran=ran)
