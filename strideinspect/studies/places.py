"""One index of a tensor, as people write it: `logits:7,7`, or `7,7` where only one tensor can be meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

from strideinspect.analysis import Analysis
from strideinspect.errors import UsageError
from strideinspect.model.tensor_names import matching, named
from strideinspect.results.boxes import Place
from strideinspect.spelling import listed, shape_text
from strideinspect.studies.opening import stopped

_INDEX = re.compile(r"(?:(?P<name>.*):)?\s*(?P<index>-?\d{1,18}(?:\s*,\s*-?\d{1,18})*)\s*")
_MEANT = re.compile(r"(?:.*:)?[-+\d\s.,;x×()\[\]]*\d[-+\d\s.,;x×()\[\]]*")
"""What is written like an index, and is not one: 1.5,2 or 7x7."""


def place(analysis: Analysis, text: str, usual: Sequence[str], option: str) -> Place:
    """The tensor and the index that a text names; without a name, the one of the `usual` tensors with a position.

    Raises UsageError where there is no such tensor or no such index.
    """
    found = _INDEX.fullmatch(text)
    index: tuple[int, ...] = ()
    if found is None and _MEANT.fullmatch(text) and not named(analysis.shapes, text):
        raise UsageError(f"{option} {text}: not an index", f"write whole numbers, one per axis: {option} 100,60")
    # Names may end like an index: x:0. A number alone is an index, even if a layer is called so.
    if found is None or (found["name"] is not None and named(analysis.shapes, text)):
        name = text.rstrip(":")
    else:
        name = found["name"] or ""
        index = tuple(int(number) for number in found["index"].split(","))
    chosen = tensor(analysis, name, usual) if name else _only(analysis, usual, text, option)
    shape, axes = analysis.shapes.shapes[chosen], position_axes(analysis, chosen)
    if len(index) != len(axes):
        sizes = f"{chosen} is {shape_text(shape)}"
        if not axes:
            raise UsageError(f"{option} {text}: {sizes} and has no position", f"write {option} {chosen} without index")
        example = f"{chosen}:{_middle(analysis, chosen, axes)}"
        what = f"its position runs along {'axis' if len(axes) == 1 else 'axes'} {listed(list(map(str, axes)))}"
        raise UsageError(f"{option} {text}: {sizes}, and {what}", f"write {option} {example}")
    for axis, number in zip(axes, index, strict=True):
        if not 0 <= number < shape[axis]:
            raise UsageError(
                f"{option} {text}: {chosen} is {shape_text(shape)}, so that it has no index {number} along axis {axis}",
                f"give one from 0 to {shape[axis] - 1}" if shape[axis] else "the axis is empty",
            )
    return Place(chosen, shape, axes, index)


def tensor(analysis: Analysis, name: str, usual: Sequence[str] = ()) -> str:
    """The one tensor with this name, or of the node or layer with it; `usual` are those to propose.

    Raises UsageError where there is none.
    """
    found, missing = matching(analysis.shapes, [name], analysis.data_dependent)
    known = listed([*usual[:3], *(["others"] if len(usual) > 3 else [])], "or")
    constant = name in analysis.network.weights or (found and found[0] in analysis.shapes.constants)
    if constant and not analysis.data_dependent.intersection(found):
        raise UsageError(f"{name!r} is a constant: it depends on no input", f"name {known}" if known else "")
    if missing:
        near = missing[0].near
        hint = (
            f"did you mean {near}?"
            if near
            else f"name {known}"
            if known
            else "strideinspect MODEL --format json lists the names"
        )
        raise UsageError(f"no tensor, node or layer is called {name!r}", hint)
    if len(found) > 1:
        few = [*found[:3], *(["others"] if len(found) > 3 else [])]
        raise UsageError(f"{name!r} stands for {len(found)} tensors", f"name one of them: {listed(few, 'or')}")
    (only,) = found
    if only not in analysis.shapes.shapes:
        raise UsageError(f"nothing is known of {only!r}", analysis.shapes.unknown.get(only, ""))
    if only not in analysis.data_dependent:
        raise UsageError(f"{only!r} is a constant: it depends on no input")
    return only


def position_axes(analysis: Analysis, name: str) -> tuple[int, ...]:
    """The axes of a tensor along which the position on some graph input runs."""
    fields = analysis.fields.get(name, {}).values()
    return tuple(sorted({axis for seen in fields if seen.actual.local is not None for axis in seen.actual.axes}))


def _only(analysis: Analysis, usual: Sequence[str], text: str, option: str) -> str:
    with_position = [name for name in usual if position_axes(analysis, name)]
    if len(with_position) == 1:
        return with_position[0]
    if not with_position:
        raise UsageError(f"{option} {text}: {_no_position(analysis, usual, option)}", _inside(analysis, option))
    raise UsageError(
        f"{option} {text}: there are {len(with_position)} {_kind(option)}s with a position",
        f"name one of them: {listed([_named(analysis, name, text) for name in with_position[:3]], 'or')}",
    )


def _named(analysis: Analysis, name: str, index: str) -> str:
    """A tensor with an index, or with its middle one where the index has another number of axes."""
    axes = position_axes(analysis, name)
    return f"{name}:{index if index.count(',') + 1 == len(axes) else _middle(analysis, name, axes)}"


def _middle(analysis: Analysis, name: str, axes: Sequence[int]) -> str:
    shape = analysis.shapes.shapes[name]
    return ",".join(str(shape[axis] // 2) for axis in axes)


def _no_position(analysis: Analysis, usual: Sequence[str], option: str) -> str:
    """Why none of these tensors has a position: the model stops before them, or data decide their shapes."""
    why, unknown = stopped(analysis), analysis.shapes.unknown
    if why is not None:
        return f"the model {why}"
    if usual and all(name in unknown for name in usual):
        return f"nothing is known of {usual[0]}: {unknown[usual[0]]}"
    return f"no {_kind(option)} has a position"


def _inside(analysis: Analysis, option: str) -> str:
    """What to write instead: the last map of the model, at its middle."""
    for window in reversed(analysis.windows):
        axes = position_axes(analysis, window.output)
        if axes:
            return f"name a tensor inside the model: {option} {window.output}:{_middle(analysis, window.output, axes)}"
    return "name a tensor inside the model"


def _kind(option: str) -> str:
    return "input" if "pixel" in option else "output"
