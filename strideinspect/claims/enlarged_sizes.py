"""Sizes at which indices of deep layers keep clear of all borders, so that running can show their closed forms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from strideinspect.analysis import Analysis
from strideinspect.model.node import Shape
from strideinspect.results.field import Field, InputAxis
from strideinspect.results.report import TensorReport, WindowNode
from strideinspect.verify.theory import ClaimKey, Enlarged, TheoryClaim

_MODERATE = 4
"""How many times as long an axis becomes for as many closed forms as that settles;"""

_MOST = 16
"""How many times as long an axis may become,"""

_ALWAYS = 512
"""unless it stays within this many indices."""

_MOST_ELEMENTS = 1 << 24
"""Of an enlarged input."""

_MOST_MACS = 1 << 37
"""Multiply-adds of one run at an enlarged input: some seconds on a small machine."""


def theory(windows: Sequence[WindowNode], outputs: Sequence[TensorReport]) -> list[tuple[TheoryClaim, int]]:
    """The closed forms of windows and outputs that run along a position, each with the number of its indices."""
    fields = [(w.output, w.name or None, f) for w in windows for f in w.fields]
    known = {window.output for window in windows}
    fields += [(output.name, None, f) for output in outputs if output.name not in known for f in output.fields]
    return [(claim, len(f.positions)) for tensor, node, f in fields for claim in _claims(f, tensor, node)]


def _claims(field: Field, tensor: str, node: str | None) -> Iterator[TheoryClaim]:
    if field.node_axis is not None and field.phases and field.stride is not None:
        step = int(field.stride * len(field.phases))
        yield TheoryClaim(field.input, field.axis, tensor, node, field.node_axis, field.extent, step, field.phases)


def enlarged(analysis: Analysis, claims: Sequence[TheoryClaim], macs: int) -> list[Enlarged]:
    """Larger sizes, one spatial axis at a time, for those of its closed forms that are open at this one.

    Inputs that are equally long along an axis grow together, for they may be merged. The axis keeps its residue by the
    strides, on which SAME padding depends; a closed form that is another one at the larger size is not claimed there.
    `macs` are the model's multiply-adds as it is.
    """
    larger: list[Enlarged] = []
    done: set[InputAxis] = set()
    for source in analysis.input_axes:
        if source not in done:
            group = _growing(source, analysis)
            done.update(group)
            asked = [claim for claim in claims if (claim.input, claim.axis) in group]
            if asked:
                larger += _larger(analysis, group, asked, macs)
    return larger


def _growing(source: InputAxis, analysis: Analysis) -> set[InputAxis]:
    """The axes that grow with this one: its own, and of the other inputs those of the same number and length."""
    name, axis = source
    length = analysis.sizes[name][axis]
    return {source} | {
        (other, k)
        for other, k in analysis.input_axes
        if other != name and k == axis and analysis.sizes[other][k] == length
    }


def _larger(analysis: Analysis, group: set[InputAxis], claims: Sequence[TheoryClaim], macs: int) -> Iterator[Enlarged]:
    """The model with this group of axes grown: moderately, and further for what needs more than that."""
    length = claims[0].length
    inputs = analysis.sizes
    elements = max(math.prod(inputs[name]) for name, _ in group)
    most = length * min(_MOST_ELEMENTS // max(1, elements), _MOST_MACS // max(1, macs))
    most = min(most, max(_MOST * length, _ALWAYS))
    period = math.lcm(*(abs(claim.step) for claim in claims if claim.step))
    left = {claim.key: (claim, _needed(claim, length, period)) for claim in claims}
    for bound in (_MODERATE * length, most):
        fitting = {key: entry for key, entry in left.items() if entry[1] <= min(bound, most)}
        if fitting:
            size = max(need for _, need in fitting.values())
            grown = {
                name: tuple(size if (name, k) in group else n for k, n in enumerate(inputs[name])) for name in inputs
            }
            yield Enlarged(grown, *_again(analysis, grown, group, [claim for claim, _ in fitting.values()]))
        left = {key: entry for key, entry in left.items() if key not in fitting}
    reasons = {
        key: f"to keep clear of all borders it takes about {need:,} indices along axis {key[1]}, too many to run"
        for key, (_, need) in left.items()
    }
    if reasons:
        yield Enlarged({}, [], reasons)


def _needed(claim: TheoryClaim, length: int, period: int) -> int:
    """The least length, of this one's residue by the strides, at which every phase should keep clear of the borders."""
    size = max((last - first + 1 for first, last in filter(None, claim.spans)), default=0)
    least = size + 8 * abs(claim.step) + 8
    return length + max(0, -(-(least - length) // period)) * period


def _again(
    analysis: Analysis, sizes: Mapping[str, Shape], group: set[InputAxis], claims: Sequence[TheoryClaim]
) -> tuple[list[TheoryClaim], dict[ClaimKey, str]]:
    """The claims as they are at this size; why those cannot be made that are others, or are none any more."""
    larger = analysis.at(sizes, only=sorted(group))
    same, reasons = [], {}
    for claim in claims:
        fields = {f.axis: f for f in larger.tensor(claim.tensor).fields if f.input == claim.input}
        again = [new for f in fields.values() if f.axis == claim.axis for new in _claims(f, claim.tensor, claim.node)]
        size = "×".join(map(str, sizes[claim.input]))
        if not again:
            why = larger.shapes.unknown.get(claim.tensor) or next((f.reason for f in fields.values() if f.reason), None)
            reasons[claim.key] = f"at {size}: {why or 'it has no closed form there'}"
        elif (again[0].step, again[0].spans, again[0].node_axis) != (claim.step, claim.spans, claim.node_axis):
            reasons[claim.key] = f"its closed form depends on the size of the input: at {size} it is another one"
        else:
            same.append(again[0])
    return same, reasons
