"""Larger input sizes at which fields of deep layers lie inside the image, so that a run can check closed forms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from strideinspect.analysis import Analysis
from strideinspect.fields.closed_form import Closed, Phases
from strideinspect.limits import (
    LONGEST_CHEAP_AXIS,
    MODERATE_ENLARGEMENT,
    MOST_ENLARGED_ELEMENTS,
    MOST_ENLARGED_MACS,
    MOST_ENLARGEMENT,
)
from strideinspect.model.node import Shape
from strideinspect.results.field import ROUNDED, Field, InputAxis
from strideinspect.verify.theory import ClaimKey, Enlarged, TheoryClaim


def theory(analysis: Analysis) -> list[tuple[TheoryClaim, int]]:
    """The closed forms of windows and graph outputs along positions, each with the number of positions."""
    windows, outputs = analysis.windows, analysis.outputs
    fields = [(w.output, w.name or None, f) for w in windows for f in w.fields]
    known = {window.output for window in windows}
    fields += [(output.name, None, f) for output in outputs if output.name not in known for f in output.fields]
    return [(claim, len(f.positions)) for tensor, node, f in fields for claim in _claims(analysis, f, tensor, node)]


def _claims(analysis: Analysis, field: Field, tensor: str, node: str | None) -> Iterator[TheoryClaim]:
    phases = _phases(analysis, field, tensor)
    if field.node_axis is not None and phases and field.stride is not None:
        step = int(field.stride * len(phases))
        offsets = None if field.alignment is None else (field.alignment.least, field.alignment.most)
        place = (field.input, field.axis, tensor, node, field.node_axis, field.extent)
        yield TheoryClaim(*place, step, phases, offsets, rounded=field.reason == ROUNDED)


def _phases(analysis: Analysis, field: Field, tensor: str) -> Phases:
    """The phases of a closed form, also those that the report does not list because they are many."""
    if field.phases or field.size is None:
        return field.phases
    form = analysis.fields[tensor][field.input, field.axis].form
    return form.phases if isinstance(form, Closed) else ()


def enlarged(analysis: Analysis, claims: Sequence[TheoryClaim], macs: int) -> list[Enlarged]:
    """Larger input sizes, one spatial axis at a time, for claims that cannot be checked at the present size.

    Inputs of equal length along an axis are enlarged together, since they may be merged. The length keeps its residue
    modulo the strides, on which SAME padding depends; a closed form that differs at the larger size is not claimed.
    `macs` are the multiply-adds of the model at the present size.
    """
    larger: list[Enlarged] = []
    done: set[InputAxis] = set()
    for source in analysis.input_axes:
        if source not in done:
            group = _axes_enlarged_with(source, analysis)
            done.update(group)
            asked = [claim for claim in claims if (claim.input, claim.axis) in group]
            if asked:
                larger += _larger(analysis, group, asked, macs)
    return larger


def _axes_enlarged_with(source: InputAxis, analysis: Analysis) -> set[InputAxis]:
    """The axes to enlarge together: this one, and those of other inputs with the same number and length."""
    name, axis = source
    length = analysis.sizes[name][axis]
    return {source} | {
        (other, k)
        for other, k in analysis.input_axes
        if other != name and k == axis and analysis.sizes[other][k] == length
    }


def _larger(analysis: Analysis, group: set[InputAxis], claims: Sequence[TheoryClaim], macs: int) -> Iterator[Enlarged]:
    """The model with this group of axes enlarged: moderately first, then further for claims that need it."""
    length = claims[0].length
    inputs = analysis.sizes
    elements = max(math.prod(inputs[name]) for name, _ in group)
    most = length * min(MOST_ENLARGED_ELEMENTS // max(1, elements), MOST_ENLARGED_MACS // max(1, macs))
    most = min(most, max(MOST_ENLARGEMENT * length, LONGEST_CHEAP_AXIS))
    period = math.lcm(*(abs(claim.step) for claim in claims if claim.step))
    left = {claim.key: (claim, _needed(claim, length, period)) for claim in claims}
    for bound in (MODERATE_ENLARGEMENT * length, most):
        fitting = {key: entry for key, entry in left.items() if entry[1] <= min(bound, most)}
        if fitting:
            size = max(need for _, need in fitting.values())
            grown = {
                name: tuple(size if (name, k) in group else n for k, n in enumerate(inputs[name])) for name in inputs
            }
            yield Enlarged(grown, *_unchanged(analysis, grown, group, [claim for claim, _ in fitting.values()]))
        left = {key: entry for key, entry in left.items() if key not in fitting}
    reasons = {
        key: f"to keep clear of all borders it takes about {need:,} indices along axis {key[1]}, too many to run"
        for key, (_, need) in left.items()
    }
    if reasons:
        yield Enlarged({}, [], reasons)


def _needed(claim: TheoryClaim, length: int, period: int) -> int:
    """The smallest length with the same residue modulo the period at which every phase fits inside the borders."""
    size = max((last - first + 1 for first, last in filter(None, claim.spans)), default=0)
    least = size + 8 * abs(claim.step) + 8
    return length + max(0, -(-(least - length) // period)) * period


def _unchanged(
    analysis: Analysis, sizes: Mapping[str, Shape], group: set[InputAxis], claims: Sequence[TheoryClaim]
) -> tuple[list[TheoryClaim], dict[ClaimKey, str]]:
    """The claims that hold unchanged at this size, and by key the reasons for those that do not."""
    larger = analysis.at(sizes, only=sorted(group))
    same, reasons = [], {}
    for claim in claims:
        fields = {f.axis: f for f in larger.tensor(claim.tensor).fields if f.input == claim.input}
        again = [
            new for f in fields.values() if f.axis == claim.axis for new in _claims(larger, f, claim.tensor, claim.node)
        ]
        size = "×".join(map(str, sizes[claim.input]))
        if not again:
            why = larger.shapes.unknown.get(claim.tensor) or next((f.reason for f in fields.values() if f.reason), None)
            reasons[claim.key] = f"at {size}: {why or 'it has no closed form there'}"
        elif (again[0].step, again[0].spans, again[0].node_axis) != (claim.step, claim.spans, claim.node_axis):
            reasons[claim.key] = f"its closed form depends on the size of the input: at {size} it is another one"
        else:
            same.append(again[0])
    return same, reasons
