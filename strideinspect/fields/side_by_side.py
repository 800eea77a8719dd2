"""Maps side by side along one axis, such as the flattened levels of a detector: each keeps a form of its own.

Source: heads of one-stage detectors (SSD, RetinaNet, YOLO), which concatenate the results of all levels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from msgspec import structs

from strideinspect.fields import paths
from strideinspect.fields.axes import StepContext
from strideinspect.fields.closed_form import Closed, Form, Listed, Piece, Reason, Scales, Suspended
from strideinspect.fields.hulls import grouped
from strideinspect.reads import steps
from strideinspect.results.field import Shape

_Apply = Callable[[steps.Step, Form, StepContext], Form]


def apply(step: steps.Step, form: Scales, context: StepContext, applied: _Apply) -> Form:  # noqa: C901, PLR0911 - a case a kind
    """The form after one more step: each piece by itself, as long as nothing reads across pieces."""
    match step:
        case steps.Reshape():
            return _reshape(step, form, context, applied)
        case steps.Statistics():
            return form
        case steps.Broadcast():
            lead = len(step.after) - len(step.before)
            if step.before[form.axis] != step.after[form.axis + lead]:
                return Reason(form.text)
            return _each(
                form,
                form.axis + lead,
                lambda piece: steps.Broadcast(
                    _with(step.before, form.axis, piece.length), _with(step.after, form.axis + lead, piece.length)
                ),
                context,
                applied,
            )
        case steps.Permute():
            return _each(form, step.perm.index(form.axis), lambda _: step, context, applied)
        case steps.Whole() if step.axis == form.axis:
            return Reason(f"{context.label} reads the whole axis")
        case steps.Sliding() if step.axis == form.axis:
            return _cut(step, form)
        case (
            steps.Sliding() | steps.Transposed() | steps.Table() | steps.Channels() | steps.Whole() | steps.Cumulative()
        ):
            if step.axis == form.axis:
                return Reason(form.text)
            return _each(form, form.axis, lambda _: step, context, applied)
        case steps.Masked():
            return form if step.over(context.other_axes - {form.axis}).all() else Reason(form.text)
        case steps.Everything():
            return Reason(step.reason or f"{context.label} reads its whole input")
        case _:
            assert_never(step)


def _each(
    form: Scales, axis: int, step: Callable[[Piece], steps.Step], context: StepContext, applied: _Apply
) -> Scales | Reason:
    pieces = []
    for piece in form.pieces:
        one = step(piece)
        after = applied(one, piece.form, context)
        if isinstance(after, Scales | Listed):
            return Reason(form.text)
        pieces.append(structs.replace(piece, form=after, paths=paths.apply(one, piece.paths, piece.form, after)))
    return structs.replace(form, axis=axis, pieces=tuple(pieces))


def _with(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


def _reshape(step: steps.Reshape, form: Scales, context: StepContext, applied: _Apply) -> Form:
    """A Reshape that leaves the axis as it is, though it may move, split and merge others."""
    old, new = next(pair for pair in grouped(step.before, step.after) if form.axis in pair[0])
    kept = [axis for axis in new if step.after[axis] != 1]
    if [axis for axis in old if step.before[axis] != 1] != [form.axis] or len(kept) != 1:
        return Reason(form.text)
    axis = kept[0]
    return _each(
        form,
        axis,
        lambda piece: steps.Reshape(_with(step.before, form.axis, piece.length), _with(step.after, axis, piece.length)),
        context,
        applied,
    )


def _cut(step: steps.Sliding, form: Scales) -> Form:
    """A range of the axis: the pieces inside it; the only one by itself if it is all that is left."""
    if (step.kernel, step.stride) != (1, 1):
        return Reason(form.text)
    start, stop = -step.begin, step.size - step.begin
    inside = [piece for piece in form.pieces if piece.offset < stop and piece.offset + piece.length > start]
    if any(piece.offset < start or piece.offset + piece.length > stop for piece in inside):
        return Reason(form.text)
    if len(inside) == 1 and (inside[0].offset, inside[0].length) == (start, step.size):
        return inside[0].form
    return structs.replace(form, pieces=tuple(structs.replace(piece, offset=piece.offset - start) for piece in inside))


def joined(text: str, axis: int, pieces: list[Piece | Scales]) -> Scales | Reason:
    """Pieces in order along the axis; the pieces of maps that are side by side already are listed one by one."""
    flat: list[Piece] = []
    for piece in pieces:
        match piece:
            case Scales():
                flat += piece.pieces
            case Piece():
                flat.append(piece)
            case _:
                assert_never(piece)
    if not any(isinstance(piece.form, Closed | Suspended) for piece in flat):
        return next((piece.form for piece in flat if isinstance(piece.form, Reason)), Reason(text))
    return Scales(text, axis, tuple(sorted(flat, key=lambda piece: piece.offset)))


def together(forms: list[Scales], label: str, merge: Callable[[list[Form]], Form]) -> Form:
    """The hull of several such forms, piece by piece, where their ranges agree."""
    first = forms[0]
    if len({(form.axis, tuple((piece.offset, piece.length) for piece in form.pieces)) for form in forms}) > 1:
        return Reason(first.text)
    pieces = []
    for same in zip(*(form.pieces for form in forms), strict=True):
        merged = merge([piece.form for piece in same])
        if isinstance(merged, Scales | Listed):
            return Reason(first.text)
        along = paths.merge([(None, piece.form, piece.paths) for piece in same], label, one_window=False)
        pieces.append(structs.replace(same[0], form=merged, paths=along))
    return structs.replace(first, pieces=tuple(pieces))
