"""Whether a network gives the same result on tiles of its input, and how the tiles have to be laid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from strideinspect.analysis import Analysis
from strideinspect.errors import UsageError
from strideinspect.fields.axis_field import AxisField
from strideinspect.fields.closed_form import Closed
from strideinspect.limits import LONGEST_INPUT_AXIS, MOST_TILES_TRIED
from strideinspect.model.node import Shape
from strideinspect.model.recurrent_states import refused_state
from strideinspect.results.field import InputAxis
from strideinspect.results.tile_parts import TiledAxis, TiledOutput, TilePlan, WholeAxis
from strideinspect.spelling import by_axes, count, listed, point_noun, shape_text
from strideinspect.studies.linked_axes import LinkedAxes, linked
from strideinspect.studies.tile_axis import cut


class Tiles(Struct, frozen=True):
    """How each output can be tiled, tiles of one size for all of them, and an example to run.

    `example` are tiles of the size that was asked for, or else the smallest ones, and `shapes` those of inputs that
    three of them along each axis cover: the one in the middle has no border.
    """

    outputs: tuple[TiledOutput, ...]
    plan: tuple[TilePlan, ...] = ()
    example: tuple[TilePlan, ...] = ()
    shapes: Mapping[str, Shape] = {}


def tiles(analysis: Analysis, tile: Sequence[int] = ()) -> Tiles:
    """How the graph inputs can be cut into tiles so that every output stays what it is.

    `tile` are the sizes of a tile along the spatial axes of the first input that has some, or one size for all; by
    default a tile has the size of the analysis, or the smallest possible one. Raises UsageError for an impossible size.
    """
    wanted = _wanted(analysis, tile)
    outputs, links = _cut(analysis)
    if wanted and links:
        moved = {link: (wanted[link.axis] - link.length) % link.step for link in links if link.axis in wanted}
        if any(moved.values()):
            analysis = _moved(analysis, wanted, {link: link.length + more for link, more in moved.items()})
            outputs, links = _cut(analysis)
    _refuse_whole(analysis, outputs, links, wanted)
    if not links:
        return Tiles(outputs)
    settled = _settled(analysis, outputs)
    if isinstance(settled, str):
        return Tiles(tuple(_impossible(output, settled) for output in outputs))
    outputs, links = settled, linked(settled)
    smallest = {link: link.smallest for link in links}
    sizes = {link: wanted.get(link.axis, _practical(analysis, link, smallest[link])) for link in links}
    _refuse_smaller(analysis, sizes, smallest)
    problem = _compared(analysis, outputs, sizes)
    if isinstance(problem, str):
        raise UsageError(f"a tile of {by_axes(sizes.values())} cannot be run: {problem}", "choose another --tile")
    small = {link: wanted.get(link.axis, smallest[link]) for link in links}
    whole = {link: size + 2 * link.advance(size) for link, size in small.items()}
    return Tiles(
        tuple(_with_smallest(output, smallest) for output in outputs),
        _plan(analysis, sizes),
        _plan(analysis, small),
        _shapes(analysis, whole),
    )


def _practical(analysis: Analysis, link: LinkedAxes, smallest: int) -> int:
    """The size of the analysis if at least half of each tile is kept, or the file fixes it; else the next such size."""
    name, axis = link.axis
    size = max(link.length, smallest)
    if analysis.network.inputs[name].fixes(axis) and size == link.length:
        return size
    while 2 * link.advance(size) < size:
        size += link.step
    return size


def _plan(analysis: Analysis, sizes: Mapping[LinkedAxes, int]) -> tuple[TilePlan, ...]:
    return tuple(
        TilePlan(name, axis, at, ahead, fixed=analysis.network.inputs[name].fixes(axis))
        for link, size in sizes.items()
        for (name, axis), at, ahead in link.tiles(size)
    )


def _moved(analysis: Analysis, wanted: Mapping[InputAxis, int], sizes: Mapping[LinkedAxes, int]) -> Analysis:
    """The analysis at sizes that differ from those of the tile by multiples of the steps. Raises UsageError."""
    other = analysis.at(_shapes(analysis, sizes))
    if other.problems:
        steps = {_enough(link.smallest, link.step): link.axis[1] for link in sizes}
        where = list(steps) if len(steps) == 1 else [f"{text} along axis {axis}" for text, axis in steps.items()]
        raise UsageError(
            f"the model does not run on tiles of {by_axes(wanted.values())}: {_problem_text(other)}",
            f"give {listed(where)}",
        )
    return other


def _problem_text(analysis: Analysis) -> str:
    problem = analysis.problems[0]
    return f"{problem.node.op} {problem.node.label!r} {problem.text}"


def _cut(analysis: Analysis) -> tuple[tuple[TiledOutput, ...], tuple[LinkedAxes, ...]]:
    outputs = []
    for name in analysis.network.outputs:
        fields = analysis.fields.get(name, {})
        cuts = [cut(analysis, name, source) for source in analysis.input_axes if source in fields]
        axes = tuple(axis for axis in cuts if isinstance(axis, TiledAxis))
        whole = tuple(axis for axis in cuts if isinstance(axis, WholeAxis))
        if cuts:
            reason = "; ".join(dict.fromkeys(axis.reason for axis in whole)) or None
            outputs.append(TiledOutput(name, axes, whole, reason))
        elif name not in analysis.shapes.shapes:
            outputs.append(TiledOutput(name, (), (), analysis.shapes.unknown.get(name, "nothing is known of it")))
    return tuple(outputs), linked(outputs)


def _wanted(analysis: Analysis, tile: Sequence[int]) -> dict[InputAxis, int]:
    """The size of a tile by axis."""
    name, axes = next(((name, axes) for name, axes in analysis.spatial_axes.items() if axes), ("", ()))
    if not tile:
        return {}
    sizes = tuple(tile) * len(axes) if len(tile) == 1 else tuple(tile)
    if len(sizes) != len(axes):
        raise UsageError(
            f"--tile has {len(tile)} sizes, but {name!r} has {len(axes)} spatial axes", "give one size for each axis"
        )
    if max(sizes) > LONGEST_INPUT_AXIS:
        raise UsageError(f"--tile {max(sizes)} is too large", f"give at most {LONGEST_INPUT_AXIS}")
    return {(name, axis): size for axis, size in zip(axes, sizes, strict=True)}


def _refuse_whole(
    analysis: Analysis, outputs: Sequence[TiledOutput], links: Sequence[LinkedAxes], wanted: Mapping[InputAxis, int]
) -> None:
    """Raise UsageError where a tile is to be smaller than the input along an axis that no output can be cut along."""
    for (name, axis), size in wanted.items():
        if links and all((name, axis) != link.axis for link in links) and size != analysis.sizes[name][axis]:
            reason = next((w.reason for o in outputs for w in o.whole if (w.input, w.axis) == (name, axis)), "")
            raise UsageError(
                f"axis {axis} of {name!r} cannot be cut{': ' if reason else ''}{reason}",
                f"give {analysis.sizes[name][axis]} for it",
            )


def _refuse_smaller(analysis: Analysis, sizes: Mapping[LinkedAxes, int], smallest: Mapping[LinkedAxes, int]) -> None:
    for link, size in sizes.items():
        if size < smallest[link]:
            name, axis = link.axis
            points = count(size, point_noun(len(analysis.spatial_axes[name])))
            raise UsageError(
                f"a tile of {points} along axis {axis} of {name!r} is too small: nothing would be left of it",
                f"give {_enough(smallest[link], link.step)}",
            )


def _enough(smallest: int, step: int) -> str:
    return f"{smallest} or more" + (f", in steps of {step}" if step > 1 else "")


def _shapes(analysis: Analysis, sizes: Mapping[LinkedAxes, int]) -> dict[str, Shape]:
    """The shapes of the graph inputs at other sizes of the axes that are cut."""
    shapes = {name: list(shape) for name, shape in analysis.sizes.items()}
    for link, size in sizes.items():
        for (name, axis), at in link.at(size):
            shapes[name][axis] = at
    return {name: tuple(shape) for name, shape in shapes.items()}


def _settled(analysis: Analysis, outputs: tuple[TiledOutput, ...]) -> tuple[TiledOutput, ...] | str:
    """The outputs with a smallest tile that does what the whole does; the reason where there is none.

    A network that is made for one size does not run on an input that is larger than a tile; and what is normalised
    over, or how far mirrored padding reaches, may not show on a small map.
    """
    problem: tuple[TiledOutput, ...] | str = outputs
    for _ in range(MOST_TILES_TRIED):
        smallest = {link: link.smallest for link in linked(outputs)}
        whole = {link: size + 2 * link.advance(size) for link, size in smallest.items()}
        larger = _compared(analysis, outputs, whole)
        if isinstance(larger, str):
            return larger
        if larger != outputs:
            outputs = larger
            continue
        problem = _compared(analysis, outputs, smallest)
        if not isinstance(problem, str):
            return outputs
        further = {link: size + link.step for link, size in smallest.items()}
        outputs = tuple(_with_smallest(output, further) for output in outputs)
    return problem if isinstance(problem, str) else "the smallest tile grows with the input"


def _compared(
    analysis: Analysis, outputs: Sequence[TiledOutput], sizes: Mapping[LinkedAxes, int]
) -> tuple[TiledOutput, ...] | str:
    """The outputs with the smallest tiles that they need at these sizes; the reason where they change otherwise."""
    shapes = _shapes(analysis, sizes)
    other = analysis.at(shapes, whole=False)
    spelled = ", ".join(shape_text(shape) for name, shape in shapes.items() if analysis.spatial_axes[name])
    refused = _problem_text(other) if other.problems else refused_state(other.shapes)
    if refused is not None:
        return f"it does not run at {spelled}: {refused}"
    grown = []
    for output in outputs:
        axes = []
        for axis in output.axes:
            source = (axis.input, axis.axis)
            if source not in other.fields.get(output.output, {}):
                return f"{output.output!r} is not known at {spelled}"
            after = cut(other, output.output, source)
            if isinstance(after, WholeAxis):
                return _made_for_one_size(analysis, other, output.output, source) or after.reason
            if _geometry(after) != _geometry(axis) or after.cells != axis.cells_at(after.length):
                return _made_for_one_size(analysis, other, output.output, source) or (
                    f"at {spelled}, {output.output!r} has another receptive field: the network is made for one size"
                )
            axes.append(structs.replace(axis, smallest_tile=max(axis.smallest_tile, after.smallest_tile)))
        grown.append(structs.replace(output, axes=tuple(axes)))
    return tuple(grown)


def _made_for_one_size(analysis: Analysis, other: Analysis, output: str, source: InputAxis) -> str | None:
    """The first node on the way to an output that makes a map of one size from inputs of any; None where none does."""
    needed = other.needed_by(output)
    for node in other.shapes.nodes:
        for name in needed.keys() & set(node.outputs):
            shape = other.shapes.shapes.get(name)
            forms = [side.fields.get(name, {}).get(source) for side in (analysis, other)]
            if shape == analysis.shapes.shapes.get(name) and all(forms) and _form(forms[0]) != _form(forms[1]):
                always = f"{shape_text(shape)} at any input size"
                return f"{node.op} {node.label!r} makes {always}: it was exported for one size"
    return None


def _form(seen: AxisField | None) -> object:
    """What of a closed form does not depend on the size of the input."""
    form = None if seen is None else seen.form
    return (form.phases, form.step) if isinstance(form, Closed) else None


def _geometry(axis: TiledAxis) -> TiledAxis:
    """What does not depend on the size of the input."""
    return structs.replace(axis, length=0, cells=0, smallest_tile=0)


def _impossible(output: TiledOutput, reason: str) -> TiledOutput:
    whole = (*output.whole, *(WholeAxis(axis.input, axis.axis, reason) for axis in output.axes))
    return TiledOutput(output.output, (), whole, "; ".join(dict.fromkeys(axis.reason for axis in whole)))


def _with_smallest(output: TiledOutput, smallest: Mapping[LinkedAxes, int]) -> TiledOutput:
    """The output with the size of the smallest tile that serves all outputs."""
    sizes = {axis: at for link, size in smallest.items() for axis, at in link.at(size)}
    axes = (structs.replace(axis, smallest_tile=sizes[axis.input, axis.axis]) for axis in output.axes)
    return structs.replace(output, axes=tuple(axes))
