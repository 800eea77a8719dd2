"""What the rules may look at: one model at one size, with everything that the earlier rooms found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from strideinspect.fields import liveness
from strideinspect.fields.closed_form import Closed
from strideinspect.fields.coverage import lost, padding_mask, used_taps
from strideinspect.fields.forward import Fields, InputAxis, NodeReads
from strideinspect.fields.holes import holes_of, may_have_holes
from strideinspect.fields.index_masks import Masks, runs, unmarked
from strideinspect.fields.merging import MapMerge, merges
from strideinspect.fields.unknown import unknown_reads
from strideinspect.model.ambiguity import Outcome, readings
from strideinspect.model.inference import infer
from strideinspect.model.node import Node, Shape
from strideinspect.model.shapes import Problem, Shapes
from strideinspect.results.field import Field, Span
from strideinspect.results.report import (
    Finding,
    Input,
    Severity,
    TensorReport,
    Unseen,
    WindowNode,
)
from strideinspect.results.report import Source as CodeSource
from strideinspect.results.verdict import Verdict, Verification
from strideinspect.rules.advice import Advice
from strideinspect.rules.wording import by, contradiction
from strideinspect.settings import Settings

INT64 = 7
"""onnx.TensorProto.INT64: what addresses are made of, and no map is."""

Vector = NDArray[np.bool_]


@dataclass(frozen=True)
class Inspection:
    """One model at one input size.

    `seen` and `read` are marks per tensor; `touched` are those of each window node's input, by its first output;
    `tensor` gives any tensor by its name or its node's.
    """

    shapes: Shapes
    described: Sequence[NodeReads]
    sources: Sequence[InputAxis]
    fields: Fields
    seen: Mapping[str, Masks]
    read: Mapping[str, Masks]
    touched: Mapping[str, Masks]
    inputs: Sequence[Input]
    windows: Sequence[WindowNode]
    outputs: Sequence[TensorReport]
    unseen: Sequence[Unseen]
    code: Callable[[Node], CodeSource | None]
    advise: Callable[[str, tuple[int, ...], str], Advice | None]
    tensor: Callable[[str], TensorReport | None]
    settings: Settings
    verification: Verification | None = None

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Every node by its first output."""
        return {node.key: node for node in self.shapes.nodes}

    @cached_property
    def producers(self) -> dict[str, Node]:
        """Every tensor's node."""
        return {name: node for node in self.shapes.nodes for name in node.outputs if name}

    @property
    def problems(self) -> Sequence[Problem]:
        """Nodes that cannot run at this size."""
        return self.shapes.problems

    def data_tensor(self, window: WindowNode) -> str:
        """The tensor that a window node slides over."""
        return self.nodes[window.output].inputs[self.shapes.geometries[window.output].data]

    def unsliced(self, tensor: str) -> str:
        """The tensor of which this one is a slice, or a slice of a slice; itself where it is none."""
        while (node := self.producers.get(tensor)) is not None and node.op in {"Slice", "Unsqueeze"}:
            tensor = node.inputs[0]
        return tensor

    def lost(self, window: WindowNode) -> tuple[tuple[int, Vector, Vector], ...]:
        """Per spatial axis of a window node: the axis, the pixels dropped at the end and the gaps that nobody reads.

        A window on which no output depends loses nothing.
        """
        if window.output not in self.seen:
            return ()
        found = self.shapes.geometries[window.output]
        tensor = self.data_tensor(window)
        result = []
        for axis, slid in zip(found.axes, found.windows, strict=True):
            empty = padding_mask(self.fields, tensor, axis, slid.length)
            left = lost(slid, self.touched[window.output][axis], empty)
            unread = unmarked(self.read, tensor, axis, slid.length)
            result.append((axis, left.pixels & unread, left.gaps & unread))
        return tuple(result)

    @staticmethod
    def runs(vector: Vector) -> tuple[Span, ...]:
        """Marked indices as ranges."""
        return runs(vector)

    @staticmethod
    def alike(marked: Iterable[tuple[int, Vector]]) -> list[tuple[list[int], Vector]]:
        """Axes of the node's input with the same marked indices and the same extent, those with none left out."""
        groups: list[tuple[list[int], Vector]] = []
        for axis, vector in marked:
            if not vector.any():
                continue
            twin = next((axes for axes, other in groups if np.array_equal(other, vector)), None)
            if twin is None:
                groups.append(([axis], vector))
            else:
                twin.append(axis)
        return groups

    def advice(self, window: WindowNode, axes: Sequence[int], aim: str) -> Advice | None:
        """Advice for the input axes that run along these axes of the node."""
        tensor = self.data_tensor(window)
        behind = [source for source, seen in self.fields.get(tensor, {}).items() if seen.actual.axes & frozenset(axes)]
        if not behind:
            return None
        name = behind[0][0]
        return self.advise(name, tuple(axis for owner, axis in behind if owner == name), aim)

    @cached_property
    def merges(self) -> tuple[MapMerge, ...]:
        """Where maps with a position meet. What MaxPool says of where its maxima were (int64) is no map."""
        found = merges(self.described, self.fields)
        return tuple(m for m in found if self.shapes.dtypes.get(m.node.outputs[0]) != INT64)

    def readings(self) -> Iterator[tuple[Node, dict[str, Outcome]]]:
        """Nodes of which the standard, the ONNX library and onnxruntime say different things at this size."""
        for node in self.shapes.nodes:
            said = readings(self.shapes, node)
            if said:
                yield node, said

    def fields_before(self, window: WindowNode) -> list[tuple[int | None, int]]:
        """Per spatial axis of a window node the theoretical field of its input and the extent of the image."""
        extents = {given.name: given.shape for given in self.inputs}
        found: list[tuple[int | None, int]] = []
        for (name, axis), seen in self.fields.get(self.data_tensor(window), {}).items():
            if seen.actual.local is not None and seen.actual.axes & frozenset(window.spatial_axes):
                size = seen.form.size if isinstance(seen.form, Closed) else None
                found.append((size, extents[name][axis]))
        return found

    def holes(self) -> Iterator[tuple[TensorReport, Field, int, tuple[Span, ...]]]:
        """Outputs whose middle index does not depend on everything inside its field: with index and missing ranges."""
        if not may_have_holes(self.shapes):
            return
        outputs = [output for output in self.outputs if output.shape is not None]
        found = holes_of(self.shapes, self.described, self.fields, [output.name for output in outputs])
        for output in outputs:
            for field in output.fields:
                if (field.input, field.axis) in found[output.name]:
                    yield output, field, *found[output.name][field.input, field.axis]

    def needed_by(self, output: str) -> Mapping[str, Masks]:
        """Per tensor that one output depends on the indices that it depends on."""
        return liveness.seen(self.shapes, self.described, [output])

    def unseen_by(self, output: str) -> Iterator[tuple[str, int, tuple[Span, ...]]]:
        """Spatial indices of the inputs on which one output does not depend: input, axis, ranges."""
        needed = self.needed_by(output)
        for given in self.inputs:
            for axis in given.spatial_axes if given.name in needed else ():
                ranges = runs(unmarked(needed, given.name, axis, given.shape[axis]))
                if ranges:
                    yield given.name, axis, ranges

    def overhang(self, window: WindowNode) -> tuple[int, ...]:
        """Per spatial axis how far the last window reaches past the padded map."""
        if window.dropped is None:
            return ()
        return tuple(w.overhang for w in self.shapes.geometries[window.output].windows)

    def used_taps(self, window: WindowNode) -> tuple[int, ...] | None:
        """Per spatial axis how many taps touch a pixel at some position; None where that is no question."""
        if window.dropped is None:
            return None
        return tuple(used_taps(w) for w in self.shapes.geometries[window.output].windows)

    def shrunk_axes(self, window: WindowNode) -> tuple[int, ...]:
        """Axes of extent 1, brought there by ordinary windows, over which a wider window slides."""
        if window.dropped is None or window.input_shape is None:
            return ()
        found = self.shapes.geometries[window.output]
        seen = self.fields.get(self.data_tensor(window), {})
        extents = {given.name: given.shape for given in self.inputs}
        return tuple(
            axis
            for axis, w in zip(found.axes, found.windows, strict=True)
            if w.length == 1
            and w.kernel > 1
            and any(axis in s.actual.axes and extents[name][from_] > 1 for (name, from_), s in seen.items())
        )

    def declared_conflicts(self) -> Iterator[tuple[str, Shape, Shape]]:
        """Tensors whose declared shape differs from the computed one: name, declared, computed.

        At another input size than the file declares, its declarations hold for nothing.
        """
        if self.shapes.resized:
            return
        for name, declared in self.shapes.network.declared.items():
            computed = self.shapes.shapes.get(name)
            if computed is None or declared.dims is None or name in self.shapes.network.inputs:
                continue
            agree = len(declared.dims) == len(computed) and all(
                not isinstance(d, int) or d == c for d, c in zip(declared.dims, computed, strict=True)
            )
            if not agree:
                yield name, tuple(d if isinstance(d, int) else -1 for d in declared.dims), computed

    @cached_property
    def fitting_help(self) -> str:
        """What to do where branches do not fit: sizes at which they do, where whole strides are such sizes."""
        strides = {abs(field.stride) for window in self.windows for field in window.fields if field.stride is not None}
        widest = int(max((s for s in strides if s.denominator == 1), default=1))
        listed: list[str] = []
        for up in (0, 1):
            near = {
                given.name: tuple(
                    (n + up * (widest - 1)) // widest * widest if axis in given.spatial_axes else n
                    for axis, n in enumerate(given.shape)
                )
                for given in self.inputs
            }
            sizes = [near[given.name][axis] for given in self.inputs for axis in given.spatial_axes]
            if min(sizes, default=0) and not infer(self.shapes.network, near).problems:
                listed.append(by(sizes) if len(set(sizes)) > 1 else str(sizes[0]))
        if not listed:
            return "give both branches the same size, or pad or crop before the merge"
        return f"use sizes that divide by {widest}, such as {' or '.join(dict.fromkeys(listed))}"

    def unknown_reads(self) -> Iterator[tuple[Node, str]]:
        """Nodes of which nobody can say what they read, or what comes of it, with the reason."""
        return unknown_reads(self.shapes, self.described, self.fields)

    def contradictions(self, claim: str, rule: str | None = None) -> Iterator[Finding]:
        """What running contradicts of one kind of claim, as findings of its own rule or of another."""
        for check in self.verification.details if self.verification is not None else ():
            if check.claim == claim and check.verdict is Verdict.CONTRADICTED:
                node = self.producers.get(check.output)
                yield Finding(
                    rule=rule or f"{claim}-contradicted",
                    severity=Severity.ERROR,
                    message=contradiction(f"{node.op} {node.label}" if node else check.output, check),
                    help="one of the two is wrong: please report this model's structure",
                    node=check.node,
                    output=None if claim == "unseen" else check.output,
                    input=check.output if claim == "unseen" else None,
                    source=self.code(node) if node else None,
                )
