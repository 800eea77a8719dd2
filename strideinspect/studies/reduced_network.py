"""A network reduced to its windows, inputs and outputs, as it is compared with another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from strideinspect.analysis import Analysis
from strideinspect.model.node import Shape
from strideinspect.report.layer_names import layer_names
from strideinspect.results.field import Field, InputAxis
from strideinspect.results.graph_nodes import WindowNode
from strideinspect.studies.matching import FlowNode
from strideinspect.studies.seen_axes import SeenAxis
from strideinspect.studies.window_geometry import WindowGeometry, geometry, is_global


class ReducedNetwork(Struct, frozen=True):
    """One of the two networks: its analysis, its windows but for the global ones, and its flow.

    The flow begins with the graph inputs that have spatial axes, then come the windows, then the graph outputs.
    """

    analysis: Analysis
    inputs: tuple[str, ...]
    windows: tuple[WindowNode, ...]
    geometries: tuple[WindowGeometry, ...]
    layers: Mapping[str, str]
    flow: tuple[FlowNode, ...]

    @classmethod
    def of(cls, analysis: Analysis) -> ReducedNetwork:
        """Reduce the graph: what lies between two windows is left out, global poolings included."""
        inputs = tuple(name for name, axes in analysis.spatial_axes.items() if axes)
        windows = tuple(window for window in analysis.windows if not is_global(window))
        geometries = tuple(map(geometry, windows))
        layers = layer_names(windows)
        before = _before(analysis, inputs, windows)
        after: list[set[int]] = [set() for _ in before]
        for position, others in enumerate(before):
            for other in others:
                after[other].add(position)
        outputs = analysis.network.outputs
        names = [*inputs, *(layers[window.output] for window in windows), *outputs]
        levels = len(geometries[0].labels) if geometries else 1
        ends: tuple[None, ...] = (None,) * levels  # always in pairs, so that their labels are never compared
        labels = [*[ends] * len(inputs), *(own.labels for own in geometries), *[ends] * len(outputs)]
        neutral = [*[False] * len(inputs), *(own.neutral for own in geometries), *[False] * len(outputs)]
        flow = tuple(map(FlowNode, names, labels, before, map(frozenset, after), neutral))
        return cls(analysis, inputs, windows, geometries, layers, flow)

    @property
    def size(self) -> Shape:
        """The shape of the first input with spatial axes."""
        return next((self.analysis.sizes[name] for name in (*self.inputs, *self.analysis.sizes)), ())

    @property
    def axes(self) -> list[InputAxis]:
        """The spatial axes of the inputs, in an order that does not depend on the layout."""
        return [(name, axis) for name in self.inputs for axis in self.analysis.spatial_axes[name]]

    def window_at(self, position: int) -> int | None:
        """The number of the window at a position of the flow; None for an input or output."""
        number = position - len(self.inputs)
        return number if 0 <= number < len(self.windows) else None

    def without(self, pairs: Mapping[int, int]) -> list[WindowNode]:
        """The windows that are in no pair."""
        return [window for i, window in enumerate(self.windows, len(self.inputs)) if i not in pairs]

    def seen(self, tensor: str) -> list[SeenAxis]:
        """What is known of a tensor per axis; where it is global, of the last map before it."""
        fields = {(f.input, f.axis): f for f in self.analysis.tensor(tensor).fields}
        return [SeenAxis.of(self._with_position(fields.get(source), source)) for source in self.axes]

    def before(self, window: WindowNode) -> list[SeenAxis]:
        """The same of the map over which a window slides, before Pad nodes that count as the window's own."""
        if window.output not in self.analysis.shapes.geometries:
            return []
        seen = self.seen(self.analysis.data_tensor(window))
        if window.pad_nodes is None:
            return seen
        added = dict(zip(window.spatial_axes, window.pad_nodes[0], strict=True))
        return [one.after(added.get(one.node_axis, 0)) if one.node_axis is not None else one for one in seen]

    def _with_position(self, field: Field | None, source: InputAxis) -> Field | None:
        if field is None or field.size is not None or field.last_local is None:
            return field
        last = self.analysis.tensor(field.last_local.tensor).fields
        return next((f for f in last if (f.input, f.axis) == source), field)


def _before(analysis: Analysis, inputs: Sequence[str], windows: Sequence[WindowNode]) -> list[frozenset[int]]:
    """Per node of the flow the nodes that hand it their maps, directly or through what is no window.

    Sets are kept as bits: of thousands of nodes in a chain of merges each has hundreds before it.
    """
    number = {window.output: len(inputs) + i for i, window in enumerate(windows)}
    behind = {name: 1 << i for i, name in enumerate(inputs)}
    before = dict.fromkeys(range(len(inputs)), 0)
    for item in analysis.reads:
        node = item.node
        used = dict.fromkeys(read.input for read in item.reads) if item.known else range(len(node.inputs))
        position = number.get(node.key)
        own = analysis.shapes.geometries.get(node.key)
        through = around = 0
        for index in used:
            mask = behind.get(node.inputs[index], 0)
            if position is not None and own is not None and index == own.data:
                through |= mask
            else:
                around |= mask  # the summand that is fused into a convolution goes around its window
        if position is None:
            found = around
        else:
            before[position] = through if own is not None else around
            found = 1 << position | (around if own is not None else 0)
        for name in filter(None, node.outputs):
            # A scalar holds no map: the scale of a dynamic quantisation goes around the window to what is behind it.
            behind[name] = found if analysis.shapes.shapes.get(name) != () else 0
    for position in number.values():
        before.setdefault(position, 0)
    masks = [before[i] for i in range(len(inputs) + len(windows))]
    masks += [behind.get(name, 0) for name in analysis.network.outputs]
    return [frozenset(_bits(mask)) for mask in masks]


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
