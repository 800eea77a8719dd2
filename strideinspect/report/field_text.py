"""What a tensor sees of each graph input, in words and in cells of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from strideinspect.report import number_text
from strideinspect.results.field import Field
from strideinspect.results.report import WindowNode

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def by_input(fields: Iterable[Field]) -> dict[str, tuple[Field, ...]]:
    """The fields of each graph input, in the order in which inputs first come, each by axis."""
    groups: dict[str, list[Field]] = {}
    for field in fields:
        groups.setdefault(field.input, []).append(field)
    return {name: tuple(sorted(group, key=lambda field: field.axis)) for name, group in groups.items()}


def reasons(fields: Iterable[Field]) -> tuple[str, ...]:
    """Why some of these fields have no closed form, each reason once, in order: the footnotes of a table.

    What has no position left and sees all wants no reason: its field is `all`.
    """
    return tuple(dict.fromkeys(f.reason for f in fields if f.size is None and f.reason and not sees_all(f)))


def told(node: WindowNode) -> tuple[Field, ...]:
    """A window's fields; where it is itself the reason why one has no closed form, the reason says `it`."""
    own = f"{node.op} {node.label} "

    def short(field: Field) -> Field:
        if field.reason is None or not field.reason.startswith(own):
            return field
        return replace(field, reason=f"it {field.reason.removeprefix(own)}")

    return tuple(map(short, node.fields))


def sees_all(field: Field) -> bool:
    """Whether no position is left along this axis, and every pixel is seen."""
    return field.node_axis is None and field.widest == field.extent


def pooled(node: WindowNode) -> bool:
    """Whether the window slides over a map of one index that has no position left, as a gate's convolutions do."""
    return (
        bool(node.fields)
        and all(field.node_axis is None for field in node.fields)
        and node.input_shape is not None
        and all(node.input_shape[axis] == 1 for axis in node.spatial_axes)
    )


def footmark(number: int) -> str:
    """A footnote's number as it stands behind a value: ¹, ¹²."""
    return str(number).translate(SUPERSCRIPTS)


def size_cell(fields: Sequence[Field], notes: Sequence[str]) -> str:
    """The theoretical size per axis, `427`, `7×1`; `all`, or a dash with the number of its footnote."""

    def one(field: Field) -> str:
        if field.size is not None:
            return str(field.size)
        if sees_all(field):
            return "all"
        return number_text.NONE + (footmark(notes.index(field.reason) + 1) if field.reason in notes else "")

    return _cell(fields, one)


def sizes(fields: Sequence[Field]) -> tuple[int, ...]:
    """The theoretical size per axis; nothing where some axis has none."""
    found = [field.size for field in fields if field.size is not None]
    return tuple(found) if len(found) == len(fields) else ()


def stride_cell(fields: Sequence[Field]) -> str:
    """The effective stride per axis."""
    return _cell(fields, lambda field: number_text.NONE if field.stride is None else number_text.fraction(field.stride))


def _cell(fields: Sequence[Field], spell: Callable[[Field], str]) -> str:
    return number_text.once([spell(field) for field in fields]) if fields else number_text.NONE


def whole(fields: Iterable[Field]) -> bool:
    """Whether every one of these axes is seen from end to end in full."""
    return all(field.full and (field.full.first, field.full.last) == (0, field.extent - 1) for field in fields)


def full_sentence(fields: Sequence[Field], *, name: str) -> str:
    """In full: `all of data_0 (since pool1)`, or which of its indices where it is not all; empty where local is all."""
    since = ", ".join(dict.fromkeys(field.full.collapsed_at for field in fields if field.full))
    if not since:
        return ""
    if whole(fields):
        return f"all of {name} (since {since})"
    hulls = [
        number_text.span((field.full.first, field.full.last)) if field.full else number_text.NONE for field in fields
    ]
    return f"{number_text.along(hulls, before=True)} of {name} (since {since})"


def local_sentence(fields: Sequence[Field], *, name: str) -> str:
    """`field 91, stride 4, first cell centered at 1.5, sees at most 91 of 224 rows and cols of image`."""
    parts = []
    if all(field.size is not None for field in fields):
        parts += [f"field {size_cell(fields, ())}", f"stride {stride_cell(fields)}"]
    centers = [field.center for field in fields if field.center is not None]
    if len(centers) == len(fields):
        spelt = dict.fromkeys(number_text.decimal(center) for center in centers)
        parts.append(f"first cell centered at {', '.join(spelt)}")
    seen = number_text.along([f"{field.widest} of {field.extent}" for field in fields])
    parts.append(f"sees at most {seen} of {name}")
    why = "; ".join(reasons(fields))
    return ", ".join(parts) + (f" (no closed form: {why})" if why else "")


def placeless_sentence(fields: Sequence[Field], *, name: str) -> str:
    """What is seen where no position is left: `no position left; sees 224 of 224 rows and cols of image`."""
    seen = number_text.along([f"{field.widest} of {field.extent}" for field in fields])
    return f"no position left; sees {full_sentence(fields, name=name) or f'{seen} of {name}'}"


def sentence(fields: Sequence[Field], *, name: str) -> str:
    """All that a tensor sees of one graph input, in one sentence."""
    if all(field.node_axis is None for field in fields):
        return placeless_sentence(fields, name=name)
    full = full_sentence(fields, name=name)
    return local_sentence(fields, name=name) + (f"; in full {full}" if full else "")
