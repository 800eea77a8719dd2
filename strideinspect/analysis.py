"""One network at one input size: shapes are computed at once, everything else on first use.

The inspection, the advice on sizes, the claims for verification and the rules all use an Analysis, so that shapes,
reads and fields are combined in one place. A study that compares sizes uses several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from strideinspect.fields.axis_field import Fields
from strideinspect.fields.forward import propagate
from strideinspect.fields.index_masks import Masks, runs, unmarked
from strideinspect.fields.liveness import read_indices, seen, seen_again
from strideinspect.fields.mask_memo import MaskMemo
from strideinspect.fields.merging import MapMerge, merges
from strideinspect.fields.node_reads import NodeReads, ReadsGroup, ReadsMemo, grouped
from strideinspect.fields.spatial_axes import spatial_axes
from strideinspect.fields.tensor_fields import TensorFields
from strideinspect.model.inference import infer
from strideinspect.model.network import Network
from strideinspect.model.node import Node, Shape
from strideinspect.model.open_sizes import InputSizes, Origin
from strideinspect.model.shapes import Problem, Shapes
from strideinspect.model.source import source_of
from strideinspect.model.stretches import ShapesMemo
from strideinspect.model.tensor_names import named
from strideinspect.results.field import InputAxis, Span
from strideinspect.results.ladder import LadderStep
from strideinspect.results.report import Input, Source, TensorReport, Unseen, WindowNode
from strideinspect.results.totals import Totals
from strideinspect.windows.ladder_steps import ladder
from strideinspect.windows.map_paths import map_paths
from strideinspect.windows.model_cost import totals
from strideinspect.windows.window_nodes import reached, window_nodes

INT64 = 7
"""onnx.TensorProto.INT64: the type of indices; no feature map has it."""

_LAYOUTS = {
    (4, (2, 3)): "NCHW",
    (4, (1, 2)): "NHWC",
    (3, (2,)): "NCW",
    (3, (1,)): "NWC",
    (5, (2, 3, 4)): "NCDHW",
    (5, (1, 2, 3)): "NDHWC",
}


class Memo(Struct, frozen=True):
    """What is known of nodes at sizes of one network, for use at others; filled by use."""

    shapes: ShapesMemo
    reads: ReadsMemo
    masks: MaskMemo

    @classmethod
    def of(cls, network: Network) -> Memo:
        """One of which nothing is known yet."""
        return cls(ShapesMemo.of(network), ReadsMemo(), MaskMemo())


class Analysis(Struct, frozen=True, eq=False, dict=True):  # `dict`: what is computed on demand is kept
    """One network at one input size.

    `shapes` holds the shape of every tensor, computed at once; make one with `Analysis.of`. `assumed` are, per graph
    input, the axes whose size the program chose, with where it is from. `only` limits `fields` to these axes of the
    graph inputs, where not all are wanted. `memo` is shared by analyses of one network. Masks are boolean vectors
    per axis of a tensor, by tensor name.
    """

    shapes: Shapes
    assumed: Mapping[str, Mapping[int, Origin]] = {}
    only: tuple[InputAxis, ...] | None = None
    memo: Memo | None = None

    @classmethod
    def of(cls, network: Network, sizes: InputSizes, *, whole: bool = True) -> Analysis:
        """The network with these shapes of its graph inputs; `at` explains `whole`."""
        return cls(infer(network, sizes.shapes, go_on=whole), sizes.assumed)

    def at(
        self,
        sizes: Mapping[str, Shape],
        *,
        only: Sequence[InputAxis] | None = None,
        whole: bool = True,
        memo: Memo | None = None,
    ) -> Analysis:
        """The same network with other shapes of some of its graph inputs.

        Without `whole`, shape inference stops at the first node that cannot run, enough to rule out the size. A `memo`
        makes many sizes of one network cheaper.
        """
        kept = None if memo is None else memo.shapes
        shapes = infer(self.network, {**self.sizes, **sizes}, go_on=whole, memo=kept)
        return Analysis(shapes, self.assumed, None if only is None else tuple(only), memo)

    @property
    def network(self) -> Network:
        """The network, as the file has it."""
        return self.shapes.network

    @property
    def problems(self) -> Sequence[Problem]:
        """Nodes that cannot run at this size."""
        return self.shapes.problems

    @cached_property
    def sizes(self) -> dict[str, Shape]:
        """The shape of every graph input."""
        return {name: self.shapes.shapes[name] for name in self.network.inputs}

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Every node, by its first output."""
        return {node.key: node for node in self.shapes.nodes}

    @cached_property
    def producers(self) -> dict[str, Node]:
        """The node that computes each tensor."""
        return {name: node for node in self.shapes.nodes for name in node.outputs if name}

    @cached_property
    def _described(self) -> tuple[tuple[ReadsGroup, ...], frozenset[str]]:
        return grouped(self.shapes, ReadsMemo() if self.memo is None else self.memo.reads)

    @property
    def read_groups(self) -> tuple[ReadsGroup, ...]:
        """The reads in groups; with a `memo`, what is the same at several sizes is the same object there."""
        return self._described[0]

    @cached_property
    def reads(self) -> tuple[NodeReads, ...]:
        """What each node reads of the tensors that depend on a graph input's values, in graph order."""
        return tuple(item for group in self.read_groups for item in group.reads)

    @cached_property
    def makers(self) -> dict[str, NodeReads]:
        """The node that computes each tensor, with its reads."""
        return {name: item for item in self.reads for name in item.node.outputs if name}

    @property
    def data_dependent(self) -> frozenset[str]:
        """The tensors whose values depend on a graph input's values."""
        return self._described[1]

    @cached_property
    def spatial_axes(self) -> dict[str, tuple[int, ...]]:
        """Per graph input the axes along which a first window slides."""
        return spatial_axes(self.shapes, self.reads)

    @cached_property
    def input_axes(self) -> tuple[InputAxis, ...]:
        """The axes of graph inputs for which fields are computed: all spatial ones, or `only` these."""
        if self.only is not None:
            return self.only
        return tuple((name, axis) for name, axes in self.spatial_axes.items() for axis in axes)

    @cached_property
    def fields(self) -> Fields:
        """Per tensor and input axis the receptive field: actual and in closed form."""
        return propagate(self.shapes, self.reads, self.input_axes)

    @cached_property
    def tensor_fields(self) -> TensorFields:
        """The fields of any tensor, as the report has them."""
        return TensorFields(self.shapes, self.fields)

    @cached_property
    def needed(self) -> dict[str, Masks]:
        """Per tensor the indices on which some graph output depends; no entry for a tensor that no output needs."""
        if self.memo is None:
            return seen(self.shapes, self.reads, self.network.outputs)
        return seen_again(self.shapes, self.read_groups, self.network.outputs, self.memo.masks)

    def needed_by(self, output: str) -> dict[str, Masks]:
        """Per tensor the indices on which one graph output depends."""
        return seen(self.shapes, self.reads, [output])

    @cached_property
    def used(self) -> dict[str, Masks]:
        """Per tensor the indices that some node uses on a path to an output."""
        return read_indices(self.shapes, self.reads, self.network.outputs)

    @cached_property
    def reached(self) -> dict[str, Masks]:
        """Per window node, by its first output, the indices of its input that its windows cover."""
        return reached(self.shapes, self.reads)

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """The graph inputs as the report has them."""
        return tuple(
            Input(
                name,
                shape,
                axes,
                assumed=tuple(origins),
                layout=_LAYOUTS.get((len(shape), axes), ""),
                origins=tuple(map(str, origins.values())),
            )
            for name, shape in self.sizes.items()
            for axes, origins in [(self.spatial_axes[name], self.assumed.get(name, {}))]
        )

    @cached_property
    def windows(self) -> tuple[WindowNode, ...]:
        """The window nodes in graph order, as the report has them."""
        return window_nodes(
            self.shapes,
            self.reads,
            self.fields,
            self.tensor_fields,
            self.reached,
            self.spatial_axes,
            self.data_dependent,
        )

    @cached_property
    def ladder(self) -> tuple[LadderStep, ...]:
        """How the map changes on the way from each graph input with spatial axes to the outputs."""
        paths = {
            name: map_paths(self.shapes, self.reads, self.fields, name, axes)
            for name, axes in self.spatial_axes.items()
            if axes
        }
        return ladder(paths, self.network.outputs, {window.output for window in self.windows})

    @cached_property
    def totals(self) -> Totals:
        """Parameters, multiply-adds and activations of the whole model, for a batch of 1."""
        batches = (shape[0] for n, shape in self.sizes.items() if (axes := self.spatial_axes[n]) and 0 not in axes)
        batch = next(batches, 1)
        return totals(self.shapes, self.data_dependent, batch, len(self.windows))

    @cached_property
    def outputs(self) -> tuple[TensorReport, ...]:
        """The graph outputs as the report has them."""
        return tuple(self.tensor(name) for name in self.network.outputs)

    @cached_property
    def unseen(self) -> tuple[Unseen, ...]:
        """Spatial indices of the graph inputs on which no output depends; an input that nothing uses is left out."""
        return self._unseen(self.needed)

    def unseen_by(self, output: str) -> tuple[Unseen, ...]:
        """Spatial indices of the graph inputs on which one output does not depend."""
        return self._unseen(self.needed_by(output))

    def _unseen(self, needed: Mapping[str, Masks]) -> tuple[Unseen, ...]:
        unseen = []
        for given in self.inputs:
            for axis in given.spatial_axes if given.name in needed else ():
                ranges: tuple[Span, ...] = runs(unmarked(needed, given.name, axis, given.shape[axis]))
                if ranges:
                    unseen.append(Unseen(given.name, axis, ranges))
        return tuple(unseen)

    @cached_property
    def merges(self) -> tuple[MapMerge, ...]:
        """Merges of maps that have a position. Indices returned by a MaxPool (int64) are not a map."""
        found = merges(self.reads, self.fields, self.shapes.shapes)
        return tuple(m for m in found if self.shapes.dtypes.get(m.node.outputs[0]) != INT64)

    def tensor(self, name: str) -> TensorReport:
        """A tensor's shape and fields, by the tensor's own name."""
        return self.tensor_fields.report(name)

    def find(self, name: str) -> tuple[TensorReport, ...]:
        """The tensors with this name, or of the node or layer with it."""
        return tuple(map(self.tensor, named(self.shapes, name)))

    def data_tensor(self, window: WindowNode) -> str:
        """The name of the tensor over which a window node slides."""
        return self.nodes[window.output].inputs[self.shapes.geometries[window.output].data]

    def source_of(self, tensor: str) -> Source | None:
        """The source code of the node that computes a tensor, if the exporter recorded it."""
        node = self.producers.get(tensor)
        return None if node is None else source_of(node)
