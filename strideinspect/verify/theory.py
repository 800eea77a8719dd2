"""Check closed forms: an index that no border affects must have the field that it has on an infinite plane.

Neither may an index that a border does affect see anything else, unless padding or the like brings it there.

At the inspected size borders affect most indices of a deep layer. `--verify full` runs the model at larger sizes, at
which more of them are unaffected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from strideinspect.results.field import NOTHING, Span, sees_nothing
from strideinspect.results.verdict import Check, Verdict
from strideinspect.verify.messages import NO_TENSOR, AxisProbe, BorderResult, ObservedField, by_axis

_TOO_NEAR: Final = "no two of its indices are known to be unaffected by borders"

ClaimKey = tuple[str, int, str]
"""A graph input, one of its axes, and a tensor."""


class TheoryClaim(Struct, frozen=True):
    """The field of a tensor along one axis of a graph input, if that axis were infinite; its real length is `length`.

    With p `spans`, index q·p + r along `node_axis` sees q·`step` + `spans[r]`; None is a hole, which sees nothing.
    `offsets` are the least and the most that the middle of index i may lie after (i + ½)·step/p − ½, averaged over the
    phases; None where that is not claimed.
    `rounded`: rounding leaves out the outermost pixel of some indices.
    """

    input: str
    axis: int
    tensor: str
    node: str | None
    node_axis: int
    length: int
    step: int
    spans: tuple[Span | None, ...]
    offsets: tuple[Fraction, Fraction] | None = None
    rounded: bool = False

    @property
    def key(self) -> ClaimKey:
        """The input axis and the tensor of the claim."""
        return self.input, self.axis, self.tensor

    def plane(self, count: int) -> NDArray[np.int64]:
        """[2, count]: first and last index that each of `count` indices sees on the plane; NOTHING for a hole."""
        turn, phase = np.divmod(np.arange(count), len(self.spans))
        spans = np.array([span or (NOTHING, NOTHING) for span in self.spans], np.int64).T[:, phase]
        return np.where(sees_nothing(spans), NOTHING, spans + turn * self.step)

    def inside(self, count: int) -> NDArray[np.bool_]:
        """Which of `count` indices see only indices inside this input, or are holes between such."""
        first, last = self.plane(count)
        seeing = (first >= 0) & (last < self.length)
        between = np.logical_or.accumulate(seeing) & np.logical_or.accumulate(seeing[::-1])[::-1]
        inside: NDArray[np.bool_] = seeing | ((first == NOTHING) & between)
        return inside

    def settled_at(self, count: int) -> bool:
        """Whether the indices inside this input are enough to check the closed form completely."""
        fits = all(span is None or span[1] - span[0] < self.length for span in self.spans)  # False in most deep layers
        return fits and self.settled_by(self.inside(count))

    def settled_by(self, chosen: NDArray[np.bool_]) -> bool:
        """Whether these indices are enough to check the closed form: every phase occurs, and one of them twice."""
        period = len(self.spans)
        times = np.bincount(np.flatnonzero(chosen) % period, minlength=period)
        seeing = times[[span is not None for span in self.spans]]
        return bool(seeing.size and seeing.min() > 0 and seeing.max() > 1)


class Enlarged(Struct, frozen=True):
    """The model at another size, at which these claims can be checked; `reasons` is for those that cannot."""

    inputs: Mapping[str, tuple[int, ...]]
    claims: Sequence[TheoryClaim]
    reasons: Mapping[ClaimKey, str]


def probes(claims: Iterable[TheoryClaim]) -> list[AxisProbe]:
    """The probes that the worker has to run for the tensors of these claims."""
    return by_axis((claim.input, claim.axis, claim.tensor, claim.node_axis) for claim in claims)


def judge(
    claims: Sequence[TheoryClaim],
    observed: Mapping[ClaimKey, ObservedField | str],
    borders: Mapping[ClaimKey, BorderResult | str],
) -> dict[ClaimKey, Check]:
    """A check per claim. A contradiction is final only if `borders` says which indices borders affect.

    Without that, the differing index may be affected by the border of a cropped map, or by padding that reflects or
    wraps. Both mappings hold the reason as text where something was not observed.
    """
    return {claim.key: _judged(claim, observed.get(claim.key, NO_TENSOR), borders.get(claim.key)) for claim in claims}


def at_size(
    checks: Mapping[ClaimKey, Check], enlarged: Enlarged, size: str, before: Mapping[ClaimKey, Check]
) -> dict[ClaimKey, Check]:
    """The checks that the enlarged input adds to those in `before`; reasons for claims still unchecked name `size`."""
    missing = [claim.key for claim in enlarged.claims if checks[claim.key].verdict is Verdict.NOT_CHECKED]
    added = {key: check for key, check in checks.items() if key not in missing}
    for key in (*missing, *enlarged.reasons):
        if before[key].verdict is Verdict.NOT_CHECKED:
            reason = enlarged.reasons.get(key) or f"at {size}: {checks[key].reason}"
            added[key] = structs.replace(before[key], reason=reason)
    return added


def _judged(claim: TheoryClaim, observed: ObservedField | str, borders: BorderResult | str | None) -> Check:
    def unchecked(reason: str) -> Check:
        return Check(claim.node, claim.tensor, "theory", Verdict.NOT_CHECKED, reason)

    reached = borders.reached if isinstance(borders, BorderResult) else borders
    if isinstance(observed, str):
        return unchecked(observed)
    if isinstance(reached, str):
        return unchecked(reached)
    ran = _positions(observed)
    plane = claim.plane(ran.shape[1])
    differs = _differs(ran, plane, rounded=claim.rounded)
    clear = claim.inside(ran.shape[1])
    far = _outside(ran, plane)
    if isinstance(borders, BorderResult):
        unaffected = ~np.array(reached, bool)
        if borders.from_elsewhere:
            clear, far = clear & unaffected, np.zeros_like(far)
        else:  # then a border only takes pixels away, and an index without one sees all that the closed form says
            clear = unaffected
    wrong = np.flatnonzero((clear & differs) | far)
    if not wrong.size:
        settled = clear & claim.inside(ran.shape[1])
        return _aligned(claim, _offset(claim, ran, settled)) if claim.settled_by(settled) else unchecked(_TOO_NEAR)
    index = int(wrong[0])
    place = {"input": claim.input, "axis": claim.axis, "of": claim.length, "index": index}
    predicted, ran_there = ({**place, **_ends(side[:, index])} for side in (plane, ran))
    return Check(claim.node, claim.tensor, "theory", Verdict.CONTRADICTED, predicted=predicted, ran=ran_there)


def _differs(ran: NDArray[np.int64], plane: NDArray[np.int64], *, rounded: bool) -> NDArray[np.bool_]:
    """Which indices see something else than on the plane; if `rounded`, a pixel less at either end is no difference."""
    if not rounded:
        return np.asarray((ran != plane).any(axis=0))
    missing = (ran - plane) * np.array([[1], [-1]])
    return np.asarray(((missing < 0) | (missing > 1)).any(axis=0))


def _aligned(claim: TheoryClaim, offset: Fraction) -> Check:
    """Whether indices lie where they are claimed to lie; the closed form itself has been found right."""
    if claim.offsets is None or claim.offsets[0] <= offset <= claim.offsets[1]:
        return Check(claim.node, claim.tensor, "theory", Verdict.AGREED)
    place = {"input": claim.input, "axis": claim.axis}
    predicted, ran = {**place, "offset": [*claim.offsets]}, {**place, "offset": offset}
    return Check(claim.node, claim.tensor, "theory", Verdict.CONTRADICTED, predicted=predicted, ran=ran)


def _offset(claim: TheoryClaim, ran: NDArray[np.int64], clear: NDArray[np.bool_]) -> Fraction:
    """How far after (i + ½)·stride − ½ the middles of indices lie, as run: averaged over one index of each phase."""
    stride, found = Fraction(claim.step, len(claim.spans)), {}
    for index in np.flatnonzero(clear & (ran[0] != NOTHING)).tolist():
        middle = Fraction(int(ran[:, index].sum()), 2)
        found[index % len(claim.spans)] = middle - (index + Fraction(1, 2)) * stride + Fraction(1, 2)
    return sum(found.values(), Fraction()) / len(found)


def _outside(ran: NDArray[np.int64], plane: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which indices see a pixel outside their field on the plane."""
    outside: NDArray[np.bool_] = ~sees_nothing(ran[0]) & ((ran[0] < plane[0]) | (ran[1] > plane[1]))
    return outside


def _positions(observed: ObservedField) -> NDArray[np.int64]:
    """[2, count]: first and last index that each index sees; NOTHING if none."""
    packed = (observed.positions.firsts, observed.positions.lasts)
    return np.array([np.frombuffer(side, np.intc) for side in packed], np.int64)


def _ends(span: NDArray[np.int64]) -> dict[str, int | None]:
    first, last = span.tolist()
    return {"first": None if first == NOTHING else first, "last": None if last == NOTHING else last}
