"""What running contradicts, as findings: the rules about verification share it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from strideinspect.results.verdict import Check, Verdict
from strideinspect.rules.draft import Draft
from strideinspect.spelling import by_axes, spans

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


def contradictions(inspection: Inspection, *claims: str) -> Iterator[Draft]:
    """One finding per contradicted claim of these kinds, kind by kind."""
    details = inspection.verification.details if inspection.verification is not None else ()
    for claim in claims:
        for check in details:
            if check.claim == claim and check.verdict is Verdict.CONTRADICTED:
                node = inspection.analysis.producers.get(check.output)
                unseen = claim == "unseen" and check.output in inspection.analysis.sizes
                yield Draft(
                    _message(f"{node.op} {node.label}" if node else check.output, check),
                    "one of the two is wrong: please report the structure of this model",
                    tensor=None if unseen else check.output,
                    node=node.key if node and not unseen else None,
                    input=check.output if unseen else None,
                )


def _message(place: str, check: Check) -> str:
    """The message: what was predicted, and what the run showed."""
    if check.claim == "shape":
        return f"{place}: its shape is {_shape(check.predicted)} here, {_shape(check.ran)} in onnxruntime"
    predicted, ran = _facts(check.predicted), _facts(check.ran)
    if check.claim == "field":
        where = f"index {predicted['index']}" if "index" in predicted else "it"
        return (
            f"{place}: {where} sees {_seen(predicted)} of axis {predicted['axis']} of {predicted['input']} here, "
            f"{_seen(ran)} in onnxruntime"
        )
    if check.claim == "theory":
        return (
            f"{place}: on an infinite plane index {predicted['index']} sees {_seen(predicted)} of axis "
            f"{predicted['axis']} of {predicted['input']} here; in onnxruntime, of {predicted['of']:,} indices there, "
            f"{_seen(ran)}, which no border explains"
        )
    if check.claim == "impulse":
        return (
            f"{place}: element {list(predicted['index'])} sees {_seen(predicted)} of axis {predicted['axis']} "
            f"of {predicted['input']} here, but in onnxruntime changing index {ran['changed_by']} there changes it"
        )
    ranges = spans([(first, last) for first, last in predicted["ranges"]])
    return (
        f"{ranges} of axis {predicted['axis']} of {place} reach no output here, "
        f"in onnxruntime they reach {ran['reaches']}"
    )


def _shape(value: object) -> str:
    return by_axes(value) if isinstance(value, list | tuple) else "unknown"


def _facts(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _seen(side: Mapping[str, Any]) -> str:
    first, last = side.get("first"), side.get("last")
    return "nothing" if first is None or last is None else f"{first} to {last}"
