"""What the page's script knows of a model: the inputs, and for every window node its numbers and its boxes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TypedDict

from msgspec import structs

from strideinspect import spelling
from strideinspect.limits import MOST_BARS
from strideinspect.page.position_runs import BINS, MOST_HOLES, AxisData, axis_data
from strideinspect.report import alignment_text, field_text, number_text
from strideinspect.report.layout import printable
from strideinspect.results.contribution import Contribution, Contributions
from strideinspect.results.field import Field, Span
from strideinspect.results.report import Report, WindowNode
from strideinspect.results.rows import by_input


class InputData(TypedDict):
    """A graph input: the sizes of its spatial axes, what their indices are called, and what is never seen of each.

    `image` is the address of a photo that it was given, or empty.
    """

    name: str
    axes: list[int]
    sizes: list[int]
    nouns: list[str]
    noun: str
    point: str
    unseen: list[list[Span]]
    image: str


class SideData(TypedDict):
    """The fields along the axis at `axis` of an input's spatial axes.

    `own` is the number of the position axis of the node's map, None for a field without a position; `data` the index in
    the model's `tables`.
    """

    axis: int
    own: int | None
    data: int


class BoxData(TypedDict):
    """The box on one input, and why there is nothing to move or a number is missing."""

    input: int
    sides: list[SideData]
    note: str


class NodeData(TypedDict):
    """A window node; `map` are the sizes of its output along its position axes, and `nouns` what their indices are.

    `shaped`: the shape of its output is known.
    """

    title: str
    name: str
    facts: list[tuple[str, str]]
    map: list[int]
    shaped: bool
    nouns: list[str]
    boxes: list[BoxData]
    findings: list[int]


class ModelData(TypedDict):
    """Everything that the script knows of one model."""

    inputs: list[InputData]
    tables: list[AxisData]
    nodes: list[NodeData]
    first: int
    contributions: str


def model_data(
    report: Report,
    contributions: Contributions,
    photos: Mapping[str, str],
    titles: Mapping[str, str],
    findings: Mapping[str, Sequence[int]],
) -> ModelData:
    """The data of a model.

    `photos` are addresses of pictures by input, `titles` the names of nodes, `findings` the numbers of those at each.
    """
    tables = _Tables()
    inputs = [_input(report, number, photos) for number in _with_axes(report)]
    numbers = {given["name"]: number for number, given in enumerate(inputs)}
    nodes = [
        _node(
            node,
            title=printable(titles[node.output]),
            boxes=_boxes(node, contributions.by_node.get(node.output, ()), inputs, numbers, tables.number),
            findings=[*findings.get(node.output, ())],
        )
        for node in report.nodes
    ]
    return {
        "inputs": [{**given, "name": printable(given["name"])} for given in inputs],
        "tables": tables.all,
        "nodes": nodes,
        "first": _first(report),
        "contributions": contributions.reason or "",
    }


class _Tables:
    """Equal fields are written once: those of rows and columns, and of layers that change nothing."""

    def __init__(self) -> None:
        self.all: list[AxisData] = []
        self._numbers: dict[object, int] = {}

    def number(self, field: Field, contribution: Contribution | None) -> int:
        key = (
            field.positions.firsts,
            field.positions.lasts,
            field.phases if field.node_axis is not None else (),
            field.stride,
            None if contribution is None else structs.astuple(contribution)[2:],
        )
        if key not in self._numbers:
            self._numbers[key] = len(self.all)
            self.all.append(axis_data(field, contribution))
        return self._numbers[key]


def _with_axes(report: Report) -> list[int]:
    return [number for number, given in enumerate(report.inputs) if given.spatial_axes]


def _input(report: Report, number: int, photos: Mapping[str, str]) -> InputData:
    given = report.inputs[number]
    rank = len(given.spatial_axes)
    unseen = {part.axis: [*part.ranges] for part in report.unseen if part.input == given.name}
    return {
        "name": given.name,
        "axes": [*given.spatial_axes],
        "sizes": [given.shape[axis] for axis in given.spatial_axes],
        "nouns": [*spelling.axis_nouns(rank)],
        "noun": spelling.input_noun(rank),
        "point": spelling.point_noun(rank),
        "image": photos.get(given.name, ""),
        "unseen": [unseen.get(axis, []) for axis in given.spatial_axes],
    }


def _boxes(
    node: WindowNode,
    contributions: Sequence[Contribution],
    inputs: Sequence[InputData],
    numbers: Mapping[str, int],
    table: Callable[[Field, Contribution | None], int],
) -> list[BoxData]:
    known = {(part.input, part.axis): part for part in contributions}
    own = position_axes(node)
    boxes: list[BoxData] = []
    for name, fields in by_input(field_text.fields_of(node)).items():
        if name not in numbers:
            continue
        axes = inputs[numbers[name]]["axes"]
        sides: list[SideData] = [
            {
                "axis": axes.index(field.axis),
                "own": None if field.node_axis is None else own.index(field.node_axis),
                "data": table(field, known.get((name, field.axis))),
            }
            for field in fields
        ]
        parts = [known[name, field.axis] for field in fields if (name, field.axis) in known]
        note = " ".join(filter(None, [_note(fields, name), _approximations(parts, inputs[numbers[name]]["point"])]))
        boxes.append({"input": numbers[name], "sides": sides, "note": note})
    return boxes


def _approximations(parts: Sequence[Contribution], noun: str) -> str:
    """What is not shown of every index or every pixel."""
    widest = max((-(-part.size // BINS) for part in parts if part.size > MOST_BARS), default=0)
    bars = f"A bar of the contribution is the mean of {spelling.count(widest, noun)}." if widest else ""
    middle = max((len(part.middle_holes or ()) for part in parts), default=0)
    holes = "Holes are those of the middle index, shown where an index sees the same, moved along." if middle else ""
    if middle > MOST_HOLES:
        holes = f"The middle index has {spelling.count(middle, 'hole')}, too many to show."
    return " ".join(filter(None, [bars, holes]))


def position_axes(node: WindowNode) -> list[int]:
    """The axes of a node's output along which its position runs."""
    return sorted({field.node_axis for field in node.fields if field.node_axis is not None})


def _note(fields: Sequence[Field], name: str) -> str:
    """What the box does not show: what it depends on besides, why there is no position or no closed form."""
    if all(field.node_axis is None for field in fields):
        return printable(field_text.global_sentence(fields, name=name))
    full = field_text.full_sentence(fields, name=name)
    why = "; ".join(field_text.reasons(fields))
    parts = [f"Through pooling or normalization it depends on {full} too." if full else "", f"{why}." if why else ""]
    return printable(" ".join(filter(None, parts)))


def _node(node: WindowNode, *, title: str, boxes: list[BoxData], findings: list[int]) -> NodeData:
    own = position_axes(node)
    sizes = [] if node.output_shape is None else [node.output_shape[axis] for axis in own]
    return {
        "title": title,
        "name": "" if node.label == title else printable(node.label),
        "facts": [(name, printable(value)) for name, value in _facts(node) if value],
        "map": sizes,
        "shaped": node.output_shape is not None,
        "nouns": [*spelling.axis_nouns(len(sizes))],
        "boxes": boxes,
        "findings": findings,
    }


def _facts(node: WindowNode) -> list[tuple[str, str]]:
    several = len(by_input(node.fields)) > 1
    facts = [
        ("operator", node.op),
        ("kernel", spelling.shape_text(node.kernel)),
        ("stride", spelling.shape_text(node.stride)),
        ("dilation", number_text.dilation(node)),
        ("padding", number_text.padding(node)),
        ("input", spelling.shape_text(node.input_shape)),
        ("output", spelling.shape_text(node.output_shape)),
    ]
    for name, fields in by_input(node.fields).items():
        of = f" on {name}" if several else ""
        facts += [
            (f"receptive field{of}", field_text.size_cell(fields, ())),
            (f"effective stride{of}", field_text.stride_cell(fields)),
            (f"position{of}", alignment_text.sentence(fields)),
            (f"covers up to{of}", _coverage(fields)),
        ]
    source = node.source
    return [
        *facts,
        ("dropped", number_text.losses(node.dropped, brief=False)[0]),
        ("skipped", number_text.losses(node.dropped, brief=False)[1]),
        ("parameters", "none" if node.parameters == 0 else number_text.magnitude(node.parameters)),
        ("multiply-adds", number_text.magnitude(node.macs)),
        ("source", "" if source is None or source.file is None else f"{source.file}:{source.line or '?'}"),
    ]


def _coverage(fields: Sequence[Field]) -> str:
    return spelling.along([f"{field.widest} of {field.extent}" for field in fields])


def _first(report: Report) -> int:
    """The node that is shown first: the last one that still has a position, where a box has most to tell."""
    coarse: list[tuple[Fraction, int]] = [
        (max((abs(f.stride) for f in node.fields if f.stride is not None), default=Fraction(0)), number)
        for number, node in enumerate(report.nodes)
        if position_axes(node)
    ]
    return max(coarse, default=(Fraction(0), 0))[1]
