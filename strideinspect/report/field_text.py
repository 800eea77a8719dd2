"""The receptive fields of a tensor, as sentences and as table cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import structs

from strideinspect import spelling
from strideinspect.report import alignment_text, number_text
from strideinspect.results.field import Field
from strideinspect.results.report import Cell, TensorReport, WindowNode
from strideinspect.results.rows import by_input
from strideinspect.results.scale import Scale

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def reasons(fields: Iterable[Field]) -> tuple[str, ...]:
    """Why some of these fields have no closed form, each reason once, in order: the footnotes of a table.

    A global field needs no footnote: its cell says `global`.
    """
    return tuple(dict.fromkeys(f.reason for f in fields if f.size is None and f.reason and not is_global(f)))


def fields_of(node: WindowNode) -> tuple[Field, ...]:
    """A window node's fields; a reason that names the node itself says `it`, since it stands in the node's own row."""
    own = f"{node.op} {node.label} "

    def short(field: Field) -> Field:
        if field.reason is None or not field.reason.startswith(own):
            return field
        return structs.replace(field, reason=f"it {field.reason.removeprefix(own)}")

    return tuple(map(short, node.fields))


def is_global(field: Field) -> bool:
    """Whether the tensor has no position along this axis and depends on all of it, which is not only assumed."""
    return field.node_axis is None and field.widest == field.extent and not field.upper_bound


def pooled(node: WindowNode) -> bool:
    """Whether the node runs on a globally pooled 1×1 map, as the convolutions of a squeeze-and-excite gate do."""
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
    """The theoretical size per axis, `427`, `7×1`; `global`, or a dash with the number of its footnote."""

    def one(field: Field) -> str:
        if field.size is not None:
            return str(field.size)
        if is_global(field):
            return "global"
        return spelling.NONE + (footmark(notes.index(field.reason) + 1) if field.reason in notes else "")

    return _cell(fields, one)


def sizes(fields: Sequence[Field]) -> tuple[int, ...]:
    """The theoretical size per axis; nothing where some axis has none."""
    known = [field.size for field in fields if field.size is not None]
    return tuple(known) if len(known) == len(fields) else ()


def stride_cell(fields: Sequence[Field]) -> str:
    """The effective stride per axis."""
    return _cell(fields, lambda field: spelling.NONE if field.stride is None else number_text.fraction(field.stride))


def _cell(fields: Sequence[Field], spell: Callable[[Field], str]) -> str:
    return number_text.once([spell(field) for field in fields]) if fields else spelling.NONE


def whole(fields: Iterable[Field]) -> bool:
    """Whether the full dependence covers every one of these axes from end to end."""
    return all(
        (field.full.first, field.full.last) == (0, field.extent - 1) if field.full else _local_is_whole(field)
        for field in fields
    )


def _local_is_whole(field: Field) -> bool:
    """Whether every index depends on the whole axis through windows alone."""
    first, last = field.positions.first, field.positions.last
    return bool(first) and {*first} == {0} and {*last} == {field.extent - 1}


def whole_input(fields: Sequence[Field], *, name: str) -> str:
    """`the whole image`; `the whole signal data_0` where the input's name says something else than what it is."""
    noun = spelling.input_noun(len(fields))
    return f"the whole {noun}" if name == noun else f"the whole {noun} {name}"


def full_sentence(fields: Sequence[Field], *, name: str) -> str:
    """The full dependence: `the whole image (after pool1)` or its index ranges; empty where local is all."""
    after = ", ".join(dict.fromkeys(field.full.collapsed_at for field in fields if field.full))
    if not after:
        return ""
    if whole(fields):
        return f"{whole_input(fields, name=name)} (after {after})"
    # Along an axis without more than the local field there is nothing to add.
    hulls = [spelling.span((field.full.first, field.full.last)) if field.full else "" for field in fields]
    return f"{spelling.along(hulls, before=True)} of {name} (after {after})"


def _coverage(fields: Sequence[Field], *, name: str) -> str:
    """`91 of 224 rows and columns of image`."""
    return f"{spelling.along([f'{field.widest} of {field.extent}' for field in fields])} of {name}"


def local_sentence(fields: Sequence[Field], *, name: str) -> str:
    """The local field of one graph input.

    `receptive field 91, stride 4, index i centered at 4·i + 1.5 (aligned), covers up to 91 of 224 rows and columns of
    image`.
    """
    parts = []
    if all(field.size is not None for field in fields):
        parts += [f"receptive field {size_cell(fields, ())}", f"stride {stride_cell(fields)}"]
    centers = [field.center for field in fields if field.center is not None]
    if place := alignment_text.sentence(fields):
        parts.append(place)
    elif len(centers) == len(fields) and all(len(field.phases) == 1 for field in fields):  # else they lie unevenly
        distinct = dict.fromkeys(number_text.decimal(center) for center in centers)
        parts.append(f"first index centered at {', '.join(distinct)}")
    parts.append(f"covers up to {_coverage(fields, name=name)}")
    why = "; ".join(filter(None, [*reasons(fields), last_local(fields)]))
    return ", ".join(parts) + (f" (no closed form: {why})" if why else "")


def last_local(fields: Sequence[Field]) -> str:
    """The last closed form on the way: `receptive field 427, stride 32 up to relu5`; empty where there is none."""
    known = [field.last_local for field in fields if field.last_local is not None]
    if not known or len(known) < len(fields) or all(last.size == 1 for last in known):  # of a single pixel: no news
        return ""
    where = ", ".join(dict.fromkeys(last.tensor for last in known))
    size = number_text.once([str(last.size) for last in known])
    stride = number_text.once([number_text.fraction(last.stride) for last in known])
    return f"receptive field {size}, stride {stride} up to {where}"


def global_sentence(fields: Sequence[Field], *, name: str) -> str:
    """What a tensor without positions depends on: `global: depends on the whole image`.

    Where that is assumed, with the reason: `unknown: depends on the whole image at most (GridSample g reads at …)`.
    """
    full = full_sentence(fields, name=name)
    if not full and all(field.widest == field.extent for field in fields):
        full = whole_input(fields, name=name)
    depends = full or _coverage(fields, name=name)
    if any(field.upper_bound for field in fields):
        why = "; ".join(dict.fromkeys(field.reason for field in fields if field.upper_bound and field.reason))
        return f"unknown: depends on {depends} at most ({why})"
    last = last_local(fields)
    return f"global: depends on {depends}" + (f"; {last}" if last else "")


_MOST_SCALES = 6
"""Levels of a detector that are listed; an unrolled recurrence sets hundreds of steps side by side."""


def scale_sentences(scales: Sequence[Scale]) -> list[str]:
    """A sentence per map that a tensor holds side by side; of many the first and the last, with the number between."""
    if len(scales) <= _MOST_SCALES:
        return [scale_sentence(scale) for scale in scales]
    between = f"{spelling.count(len(scales) - 2, 'map')} between, which --format json lists"
    return [scale_sentence(scales[0]), between, scale_sentence(scales[-1])]


def scale_sentence(scale: Scale) -> str:
    """One of several maps of a tensor: `40×40 of p3: receptive field 91, stride 8, …`."""
    texts = [local_sentence(fields, name=name) for name, fields in by_input(scale.fields).items()]
    return f"{spelling.shape_text(scale.grid)} of {scale.tensor}: {'; '.join(texts)}"


def sentence(fields: Sequence[Field], *, name: str) -> str:
    """Everything that a tensor depends on in one graph input, in one sentence."""
    if all(field.node_axis is None for field in fields):
        return global_sentence(fields, name=name)
    full = full_sentence(fields, name=name)
    return local_sentence(fields, name=name) + (f"; full dependence: {full}" if full else "")


def cell_sentences(tensor: TensorReport) -> Iterator[str]:
    """What the corner and the middle index of a tensor really depend on, one sentence per graph input.

    `corner cell sees 10×10 pixels, middle cell 19×19; 19×19 in theory`. Nothing where all cells see the same, and of
    several maps side by side, whose first and middle cells are no corner and no middle of anything.
    """
    if not tensor.scales:
        names = [*by_input(tensor.fields)]
        found = [*_cell_sentences(tensor, named=False)]
        # Those of the inputs of a siamese network are alike, and then stand for all of them.
        alike = len(found) == len(names) and len({*found}) == 1
        yield from found[:1] if alike else _cell_sentences(tensor, named=len(names) > 1)


def _cell_sentences(tensor: TensorReport, *, named: bool) -> Iterator[str]:
    theory = by_input(tensor.fields)
    by_name = [{name: _seen(cell, name) for name in theory} for cell in tensor.cells]
    for name in theory:
        corner, middle = ([cells[name] for cells in by_name] + [(), ()])[:2]
        if corner and corner != middle:
            unit = spelling.plural(spelling.point_noun(len(theory[name])), 1 if {*corner} == {1} else 2)
            of = f" of {name}" if named else ""
            text = f"corner cell sees {spelling.by_axes(corner)} {unit}{of}, middle cell {spelling.by_axes(middle)}"
            size = sizes(theory[name])
            yield f"{text}; {spelling.by_axes(size)} in theory" if len(size) == len(middle) else text


def _seen(cell: Cell, name: str) -> tuple[int, ...]:
    """Pixels per axis of one graph input."""
    return tuple(0 if a.seen is None else a.seen[1] - a.seen[0] + 1 for a in cell.axes if a.input == name)
