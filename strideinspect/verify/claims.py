"""The claims of the analysis, and their comparison with what a run shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from strideinspect.results.field import Positions, Span
from strideinspect.results.report import Unseen
from strideinspect.results.verdict import Check, Counts, Verdict, Verification
from strideinspect.verify.impulses import ImpulsePlan, ImpulseResults, judge
from strideinspect.verify.messages import (
    NO_TENSOR,
    Failure,
    FieldResult,
    ObservedField,
    ObservedFields,
    ObservedShapes,
    ProbeFields,
    Stop,
    UnseenClaim,
    UnseenResult,
    by_axis,
)

if TYPE_CHECKING:
    from strideinspect.verify.theory import Enlarged, TheoryClaim


class FieldClaim(Struct, frozen=True):
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


class Claims(Struct, frozen=True):
    """All claims that a run can check; `nodes` maps a tensor to the node that produces it.

    `runs` claims that the model runs to its end at a size that was given. `unknown` holds the graph outputs of which
    nothing is known, with the reason. `foreign` are the shapes of tensors of operators that the standard does not
    have: where onnxruntime lacks them too, what lies behind them is run from there. `theory` are the closed forms that
    this size, or an enlarged one, can settle; those in `refutable` it can contradict at most. `unread` are
    indices to be overwritten.
    """

    shapes: Mapping[str, tuple[int, ...]]
    fields: Sequence[FieldClaim]
    unseen: Sequence[Unseen]
    nodes: Mapping[str, str | None]
    theory: Sequence[TheoryClaim] = ()
    refutable: Sequence[TheoryClaim] = ()
    enlarged: Sequence[Enlarged] = ()
    impulses: ImpulsePlan | None = None  # None where they are not requested
    unread: Sequence[UnseenClaim] = ()
    runs: bool = False
    unknown: Mapping[str, str] = {}
    foreign: Mapping[str, tuple[int, ...]] = {}


def requested(claims: Claims) -> ProbeFields:
    """The request to the worker that covers the fields and the unseen indices."""
    wanted: list[FieldClaim | TheoryClaim] = [*claims.fields, *claims.theory, *claims.refutable]
    return ProbeFields(
        by_axis((claim.input, claim.axis, claim.tensor, claim.node_axis) for claim in wanted),
        [UnseenClaim(unseen.input, unseen.axis, unseen.ranges) for unseen in claims.unseen],
    )


def unchecked(claims: Claims, reason: str, runtime: str | None = None) -> Verification:
    """A verification that could not run, with one reason for all claims."""
    impulses = None if claims.impulses is None else judge(claims.impulses, ImpulseResults(0, {}, (), reason))[0]
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


def compare(claims: Claims, shapes: ObservedShapes, fields: ObservedFields | Failure) -> Verification:
    """Compare the worker's two responses with the claims; `fields` is a Failure where there is no second one."""
    if isinstance(fields, Failure):
        observed, why = ObservedFields([], []), fields.reason
    else:
        observed, why = fields, NO_TENSOR
    groups = (
        [[check] for check in _shapes(claims, shapes)],
        list(_fields(claims, observed.fields, why)),
        [[check] for check in _unseen(claims, observed.unseen, why)],
    )
    shape_counts, field_counts, unseen_counts = map(_count, groups)
    remarks = [*_run(claims, shapes.stop)]
    remarks += [c for group in groups for checks in group for c in checks if c.verdict is not Verdict.AGREED]
    reason = _incomplete(claims, shapes, fields)
    if any(check.verdict is Verdict.CONTRADICTED for check in remarks):
        status = Verdict.CONTRADICTED
    elif reason is None and (field_counts.agreed or (not claims.fields and shape_counts.agreed)):
        status = Verdict.AGREED
    else:
        status = Verdict.NOT_CHECKED
        reason = reason or next((c.reason for c in reversed(remarks) if c.reason), "there was nothing to check")
    return Verification(
        status,
        reason,
        shapes.runtime,
        shape_counts,
        field_counts,
        unseen_counts,
        details=_once(remarks),
    )


def _run(claims: Claims, stop: Stop | None) -> Iterator[Check]:
    """The claim that the model runs: contradicted where onnxruntime refuses it with its own weights, too."""
    if stop is not None:
        verdict = Verdict.CONTRADICTED if claims.runs and stop.refused else Verdict.NOT_CHECKED
        yield Check(stop.node, stop.tensor or "", "run", verdict, stop.reason)


def _incomplete(claims: Claims, shapes: ObservedShapes, fields: ObservedFields | Failure) -> str | None:
    """Why the claims do not cover the whole model, or the run did not; None where both do."""
    if shapes.stop is not None:
        return shapes.stop.reason
    if isinstance(fields, Failure):
        return fields.reason
    left_out = next(iter(shapes.left_out.values()), None)
    output = next(iter(claims.unknown), None)
    return left_out or (None if output is None else f"nothing is known of output {output}")


def with_theory(verification: Verification, checks: Iterable[Check]) -> Verification:
    """The verification with the checks of the closed forms added, one or more per tensor."""
    grouped: dict[str, list[Check]] = {}
    for check in checks:
        grouped.setdefault(check.output, []).append(check)
    counts = _count(list(grouped.values()))
    remarks = _once([c for group in grouped.values() for c in group if c.verdict is not Verdict.AGREED])
    return structs.replace(
        verification,
        status=Verdict.CONTRADICTED if counts.contradicted else verification.status,
        theory=counts,
        details=(*verification.details, *remarks),
    )


def with_impulses(verification: Verification, planned: ImpulsePlan, results: ImpulseResults) -> Verification:
    """The verification with the results of the impulses added."""
    impulses, remarks = judge(planned, results)
    return structs.replace(
        verification,
        status=Verdict.CONTRADICTED if impulses.counts.contradicted else verification.status,
        impulses=impulses,
        details=(*verification.details, *remarks),
    )


def _count(groups: Sequence[Sequence[Check]]) -> Counts:
    """Count claims. A claim with several checks is contradicted if any of them is, else unchecked if any is."""
    severity = (Verdict.CONTRADICTED, Verdict.NOT_CHECKED, Verdict.AGREED)
    worst = Counter(min((check.verdict for check in checks), key=severity.index) for checks in groups)
    return Counts(worst[Verdict.AGREED], worst[Verdict.CONTRADICTED], worst[Verdict.NOT_CHECKED])


def _once(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The checks, with each reason why a tensor was not checked given only once per tensor and prediction."""
    distinct: dict[object, Check] = {}
    for number, check in enumerate(checks):
        alike = (check.claim, check.output, check.reason, repr(check.predicted))
        key = alike if check.verdict is Verdict.NOT_CHECKED else number
        distinct.setdefault(key, check)
    return tuple(distinct.values())


def _shapes(claims: Claims, observed: ObservedShapes) -> Iterator[Check]:
    """One check per tensor."""
    for tensor, predicted in claims.shapes.items():
        node = claims.nodes.get(tensor)
        ran = observed.shapes.get(tensor)
        if ran is None:
            reason = observed.not_checked.get(tensor) or (observed.stop.reason if observed.stop else NO_TENSOR)
            yield Check(node, tensor, "shape", Verdict.NOT_CHECKED, reason)
        else:
            verdict = Verdict.AGREED if tuple(predicted) == ran else Verdict.CONTRADICTED
            yield Check(node, tensor, "shape", verdict, predicted=list(predicted), ran=list(ran))


def _fields(claims: Claims, results: Sequence[FieldResult], why: str) -> Iterator[list[Check]]:
    """One group per tensor, with a check per input axis."""
    observed = {(result.input, result.axis, result.tensor): result.field for result in results}
    grouped: dict[str, list[FieldClaim]] = {}
    for claim in claims.fields:
        grouped.setdefault(claim.tensor, []).append(claim)
    for group in grouped.values():
        yield [_field(claim, observed.get((claim.input, claim.axis, claim.tensor), why)) for claim in group]


def _field(claim: FieldClaim, observed: ObservedField | str) -> Check:
    if isinstance(observed, str):
        return Check(claim.node, claim.tensor, "field", Verdict.NOT_CHECKED, observed)
    place = {"input": claim.input, "axis": claim.axis}
    difference = _difference(claim, observed)
    if difference is None:
        return Check(claim.node, claim.tensor, "field", Verdict.AGREED)
    predicted, ran = ({**place, **side} for side in difference)
    return Check(claim.node, claim.tensor, "field", Verdict.CONTRADICTED, predicted=predicted, ran=ran)


def _difference(claim: FieldClaim, observed: ObservedField) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The first difference between claim and observation: the prediction, and the observed value."""
    own, ran = claim.positions, observed.positions
    if len(own) != len(ran):
        return {"indices": len(own)}, {"indices": len(ran)}
    if own != ran:
        rows = zip(own.first, own.last, ran.first, ran.last, strict=True)
        index, ends = next((k, row) for k, row in enumerate(rows) if row[:2] != row[2:])
        place = {} if claim.node_axis is None else {"index": index}
        predicted, ran_there = ({**place, "first": first, "last": last} for first, last in (ends[:2], ends[2:]))
        return predicted, ran_there
    full, full_ran = claim.full or own.hull, observed.full
    return None if full == full_ran else ({"full": full and list(full)}, {"full": full_ran and list(full_ran)})


def _unseen(claims: Claims, results: Sequence[UnseenResult], why: str) -> Iterator[Check]:
    """One check per input axis."""
    observed = {(result.input, result.axis): result for result in results}
    for claim in claims.unseen:
        result = observed.get((claim.input, claim.axis), UnseenResult(claim.input, claim.axis, None, why))
        predicted = {"axis": claim.axis, "ranges": [list(span) for span in claim.ranges]}
        if result.reason is not None:
            yield Check(None, claim.input, "unseen", Verdict.NOT_CHECKED, result.reason, predicted)
        elif result.reached is None:
            yield Check(None, claim.input, "unseen", Verdict.AGREED)
        else:
            ran = {"axis": claim.axis, "reaches": result.reached}
            yield Check(None, claim.input, "unseen", Verdict.CONTRADICTED, predicted=predicted, ran=ran)
