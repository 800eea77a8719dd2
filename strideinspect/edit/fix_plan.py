"""What can be mended in a model: every fix is tried on the graph in memory before it is proposed.

Safe fixes leave every bit of every output as it was: the end of an input on which no output depends is cropped, and
`auto_pad` is written as pads. Unsafe ones change values: an input or a layer is padded with zeros at its end, so that
its last pixels are used. Fixes hold for one size, so that only inputs of fixed sizes are mended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from strideinspect.analysis import Analysis, Memo
from strideinspect.edit import input_edits
from strideinspect.edit.edits import Edit, InsertNodes, SetAttribute, editable, edited
from strideinspect.fields.index_masks import unmarked
from strideinspect.limits import MOST_PADDING_TRIED
from strideinspect.model.geometry import Geometry, Kind
from strideinspect.model.inference import infer
from strideinspect.model.load import LoadedModel
from strideinspect.model.network import prepare
from strideinspect.model.node import Shape
from strideinspect.results.fixes import Fix
from strideinspect.results.graph_nodes import WindowNode
from strideinspect.settings import Operator
from strideinspect.spelling import along, axes_nouns, count, listed, per_axis, percent, spans


class Plan(Struct, frozen=True):
    """Fixes and their edits, pair by pair."""

    steps: tuple[tuple[Fix, tuple[Edit, ...]], ...]

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """What they do."""
        return tuple(fix for fix, _ in self.steps)

    @property
    def edits(self) -> list[Edit]:
        """All edits in their order."""
        return [edit for _, edits in self.steps for edit in edits]


class FixableModel(Struct, frozen=True):
    """A model as it is, its analysis, and the operators that the settings declare."""

    model: LoadedModel
    analysis: Analysis
    operators: Mapping[str, Operator]

    def with_edits(self, edits: Sequence[Edit]) -> Analysis:
        """The analysis of the model with these edits, at the same input size."""
        network = prepare(edited(self.model, edits), self.operators)
        return Analysis(infer(network, self.analysis.sizes), self.analysis.assumed)

    def runs(self, there: Analysis) -> bool:
        """Whether every node runs that did before."""
        known = {problem.node.key for problem in self.analysis.problems}
        return all(problem.node.key in known for problem in there.problems)

    def is_fixed(self, name: str, axis: int) -> bool:
        """Whether the file fixes the size of an axis of an input."""
        dims = self.analysis.network.inputs[name].dims
        size = None if dims is None else dims[axis]
        return isinstance(size, int) and size > 0


def plan(fixable: FixableModel, *, unsafe: bool) -> Plan:
    """The safe fixes; with `unsafe` also the others, which make some of the safe ones needless."""
    steps: list[tuple[Fix, tuple[Edit, ...]]] = []

    def current() -> Analysis:
        return fixable.with_edits(Plan(tuple(steps)).edits) if steps else fixable.analysis

    if unsafe:
        steps += _padded_inputs(fixable)
        there = current()
        for key in [window.output for window in there.windows]:
            window = next(window for window in there.windows if window.output == key)
            found = [*_padded_layer(fixable, there, Plan(tuple(steps)).edits, window)]
            steps += found
            there = current() if found else there  # what is lost behind a layer depends on how it is padded
    steps += _cropped_inputs(fixable, current(), Plan(tuple(steps)).edits)
    steps += _explicit_padding(fixable, current())
    return Plan(tuple(steps))


def _trailing(fixable: FixableModel, analysis: Analysis, name: str) -> dict[int, int]:
    """The axes of an input whose end reaches no output, with the first index of that end."""
    return {
        unseen.axis: unseen.ranges[-1][0]
        for unseen in analysis.unseen
        if unseen.input == name
        and fixable.is_fixed(name, unseen.axis)
        and unseen.ranges[-1][1] == analysis.sizes[name][unseen.axis] - 1
    }


def _cropped_inputs(
    fixable: FixableModel, analysis: Analysis, edits: Sequence[Edit]
) -> Iterator[tuple[Fix, tuple[Edit, ...]]]:
    for given in analysis.inputs:
        sizes = _trailing(fixable, analysis, given.name)
        own = input_edits.cropped(analysis.network, given.name, sizes) if sizes else []
        there = fixable.with_edits([*edits, *own]) if own else analysis
        alike = [out.shape for out in there.outputs] == [out.shape for out in analysis.outputs]
        if not own or not fixable.runs(there) or not alike:
            continue
        axes = [given.spatial_axes.index(axis) for axis in sizes]
        ranges = {spans([(start, given.shape[axis] - 1)]) for axis, start in sizes.items()}
        saved = 1 - (there.totals.macs or 0) / (analysis.totals.macs or 1)
        fewer = f": {percent(saved)} fewer multiply-adds" if saved > 0 and analysis.totals.macs else ""
        most = max(given.shape[axis] - start for axis, start in sizes.items())
        nouns = axes_nouns(axes, len(given.spatial_axes), most)
        text = f"crops {nouns} {listed(sorted(ranges))} of {given.name}, on which no output depends{fewer}"
        yield Fix("crop-unseen", safe=True, text=text, nodes=_inserted(own)), tuple(own)


def _padded_inputs(fixable: FixableModel) -> Iterator[tuple[Fix, tuple[Edit, ...]]]:
    analysis = fixable.analysis
    memo = Memo.of(analysis.network)
    for given in analysis.inputs:
        axes = [*_trailing(fixable, analysis, given.name)]
        together = [axes] if axes else []
        for chosen in [*together, *([axis] for axis in axes if len(axes) > 1)]:
            found = _padding_that_helps(fixable, given.name, chosen, memo)
            if found is None:
                continue
            amount, own = found
            positions = [given.spatial_axes.index(axis) for axis in chosen]
            nouns = axes_nouns(positions, len(given.spatial_axes), amount)
            sizes = along([str(given.shape[axis] + amount) if axis in chosen else "" for axis in given.spatial_axes])
            text = f"pads {given.name} with {amount} {nouns} of zeros at the end, to {sizes}"
            yield Fix("pad-input", safe=False, text=text, nodes=_inserted(own)), tuple(own)
            break  # the readers of an input are renamed once


def _padding_that_helps(
    fixable: FixableModel, name: str, axes: Sequence[int], memo: Memo
) -> tuple[int, list[Edit]] | None:
    """The smallest padding of these axes at which all of them is used and every node runs."""
    analysis = fixable.analysis
    shape = analysis.sizes[name]
    for amount in range(1, MOST_PADDING_TRIED + 1):
        # A larger input is the same network, which is much cheaper to look at than one with a Pad node.
        larger = tuple(size + amount if axis in axes else size for axis, size in enumerate(shape))
        # Where it has to run as a whole, the first node that stops it decides.
        there = analysis.at({name: larger}, whole=bool(analysis.problems), memo=memo)
        if not fixable.runs(there) or _loses(there, name, axes, shape):
            continue
        own = input_edits.padded(analysis.network, name, len(shape), dict.fromkeys(axes, amount))
        there = fixable.with_edits(own) if own else analysis
        if own and fixable.runs(there) and not _loses(there, name, axes, shape):
            return amount, own
    return None


def _loses(analysis: Analysis, name: str, axes: Sequence[int], shape: Shape) -> bool:
    """Whether no output depends on some of the first indices along these axes, as many as the shape has."""
    return any(
        unseen.input == name and unseen.axis in axes and unseen.ranges[0][0] < shape[unseen.axis]
        for unseen in analysis.unseen
    )


def _inserted(edits: Sequence[Edit]) -> tuple[str, ...]:
    """The last of the inserted nodes, which does the work."""
    return tuple(edit.nodes[-1].name for edit in edits if isinstance(edit, InsertNodes))


def _padded_layer(
    fixable: FixableModel, analysis: Analysis, edits: Sequence[Edit], window: WindowNode
) -> Iterator[tuple[Fix, tuple[Edit, ...]]]:
    geometry = analysis.shapes.geometries.get(window.output)
    if window.output not in editable(fixable.model):
        return
    if geometry is None or window.dropped is None or geometry.kind not in (Kind.CONVOLUTION, Kind.POOL):
        return
    if not all(fixable.is_fixed(name, axis) for name, axes in analysis.spatial_axes.items() for axis in axes):
        return
    lost = [_unused(analysis, window, position) for position in range(len(window.kernel))]
    if not any(lost):
        return
    more = [w.stride - w.truncated if any_lost else 0 for w, any_lost in zip(geometry.windows, lost, strict=True)]
    ends = [w.end + extra for w, extra in zip(geometry.windows, more, strict=True)]
    if geometry.kind is Kind.POOL and any(end >= w.kernel for end, w in zip(ends, geometry.windows, strict=True)):
        return
    own = _pads(analysis, window.output, [w.begin for w in geometry.windows], ends)
    there = fixable.with_edits([*edits, *own])
    if fixable.runs(there):
        text = f"pads {window.op} {window.label} with {per_axis(more)} at the end, so that it uses all of its map"
        yield Fix("pad-layer", safe=False, text=text, nodes=(window.label,)), tuple(own)


def _unused(analysis: Analysis, window: WindowNode, position: int) -> int:
    """How many of the pixels that a window drops along an axis no other node uses."""
    dropped = window.dropped.pixels[position] if window.dropped is not None else 0
    if not dropped:
        return 0
    tensor, axis = analysis.data_tensor(window), window.spatial_axes[position]
    length = analysis.shapes.shapes[tensor][axis]
    return int(unmarked(analysis.used, tensor, axis, length)[length - dropped :].sum())


def _explicit_padding(fixable: FixableModel, analysis: Analysis) -> Iterator[tuple[Fix, tuple[Edit, ...]]]:
    if not all(fixable.is_fixed(name, axis) for name, axes in analysis.spatial_axes.items() for axis in axes):
        return
    own: list[Edit] = []
    labels = []
    reached = editable(fixable.model)
    for key, geometry in analysis.shapes.geometries.items():
        if key not in reached:
            continue
        node = analysis.nodes[key]
        if node.text("auto_pad", "NOTSET").startswith("SAME") and _has_pads(geometry):
            own += _pads(analysis, key, [w.begin for w in geometry.windows], [w.end for w in geometry.windows])
            labels.append(node.label)
    if own:
        text = f"writes the auto_pad of {count(len(labels), 'layer')} as pads, which every runtime understands alike"
        yield Fix("explicit-padding", safe=True, text=text, nodes=tuple(labels)), tuple(own)


def _has_pads(geometry: Geometry) -> bool:
    """Whether the padding can be written as it is: not negative, and nothing beyond it."""
    plain = geometry.kind in (Kind.CONVOLUTION, Kind.POOL)
    return plain and all(w.begin >= 0 and w.end >= 0 and not w.overhang for w in geometry.windows)


def _pads(analysis: Analysis, key: str, begin: Sequence[int], end: Sequence[int]) -> list[Edit]:
    edits: list[Edit] = [SetAttribute(key, "pads", (*begin, *end))]
    return [SetAttribute(key, "auto_pad", None), *edits] if analysis.nodes[key].has("auto_pad") else edits
