"""A brute-force oracle for receptive fields: naive, slow, and owing nothing to the code under test.

It walks an ONNX graph in order and keeps for every element of every tensor the exact set of rows of one graph input
that the element depends on, in full and locally. Shapes and the values of steering inputs (pads, axes, sizes …) come
from a real run in onnxruntime; the shapes that the standard's formulas give are asserted against it on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnx
from numpy.typing import NDArray

from tests import oracle_elementwise, oracle_movement, oracle_reductions, oracle_resize, oracle_windows
from tests.oracle_runtime import Run, graph_inputs, run
from tests.oracle_sets import OPERATORS, Attribute, Booleans, OracleLimitError, Reads, Sees, Shape, Step, apply

FAMILIES = (oracle_elementwise, oracle_movement, oracle_reductions, oracle_resize, oracle_windows)

Hulls = tuple[tuple[int | None, ...], tuple[int | None, ...]]

_READS_SHAPE_ONLY = {"Shape", "Size"}


def _attribute(proto: onnx.AttributeProto) -> Attribute:
    value = onnx.helper.get_attribute_value(proto)
    if isinstance(value, bytes):
        return value.decode()
    if proto.type in {onnx.AttributeProto.INTS, onnx.AttributeProto.FLOATS}:
        return list(value)
    return value  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Oracle:
    """Dependency sets of one model at the shapes of one run."""

    model: onnx.ModelProto
    ran: Run

    @classmethod
    def of(cls, model: onnx.ModelProto, feeds: Mapping[str, NDArray[np.generic]] | None = None) -> Oracle:
        """Run the model on these values, or on random ones of the declared shapes."""
        return cls(model, run(model, None if feeds is None else dict(feeds)))

    @property
    def opset(self) -> int:
        """Version of the standard operator set."""
        return next(int(entry.version) for entry in self.model.opset_import if entry.domain in {"", "ai.onnx"})

    @cached_property
    def values(self) -> Mapping[str, NDArray[np.generic]]:
        """Every tensor: the weights, what was fed, what was computed."""
        held = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in self.model.graph.initializer}
        return {**held, **self.ran.feeds, **self.ran.values}

    @cached_property
    def constants(self) -> frozenset[str]:
        """Tensors that are the same whatever is fed."""
        found = {tensor.name for tensor in self.model.graph.initializer} | {""}
        for node in self.model.graph.node:
            if node.op_type in _READS_SHAPE_ONLY or all(name in found for name in node.input):
                found |= set(node.output)
        return frozenset(found)

    def step(self, node: onnx.NodeProto) -> Step:
        """A node with the shapes and values that its inputs had in the run."""
        return Step(
            op=node.op_type,
            version=self.opset,
            attributes={proto.name: _attribute(proto) for proto in node.attribute},
            inputs=tuple(self.values[name] if name else None for name in node.input),
            known=tuple(name in self.constants for name in node.input),
            outputs=len(node.output),
        )

    @cached_property
    def reads(self) -> Mapping[str, tuple[onnx.NodeProto, Reads]]:
        """For every tensor that depends on what is fed: the node that makes it, and what it reads."""
        found: dict[str, tuple[onnx.NodeProto, Reads]] = {}
        for node in self.model.graph.node:
            if all(name in self.constants for name in node.output):
                continue
            if node.domain not in {"", "ai.onnx"} or node.op_type not in OPERATORS:
                raise OracleLimitError(f"no dependency sets for {node.domain} {node.op_type}")
            for name, reads in zip(node.output, OPERATORS[node.op_type](self.step(node)), strict=True):
                if name:
                    ran = self.values[name].shape
                    assert reads.shape == ran, f"{node.op_type} {name}: {reads.shape} by the standard, {ran} as run"
                    found[name] = (node, reads)
        return found

    def sees(self, input: str, axis: int) -> dict[str, Sees]:
        """What every element of every tensor depends on, along one axis of one graph input."""
        pixels = self.ran.feeds[input].shape[axis]
        found: dict[str, Sees] = {}
        for value in graph_inputs(self.model):
            sets = np.zeros((*self.ran.feeds[value.name].shape, pixels), dtype=np.bool_)
            if value.name == input:
                rows = np.moveaxis(sets, axis, 0)  # a view
                for row in range(pixels):
                    rows[row, ..., row] = True
            found[value.name] = Sees(sets, sets, sets, frozenset({axis} if value.name == input else ()))
        for name, (node, reads) in self.reads.items():
            found[name] = apply(reads, [found.get(source) for source in node.input])
        return found

    def unseen(self, sees: Mapping[str, Sees], pixels: int) -> list[int]:
        """Rows on which no graph output depends."""
        seen = np.zeros(pixels, dtype=np.bool_)
        for output in self.model.graph.output:
            if output.name in sees:
                seen |= anywhere(sees[output.name].full)
        return [int(row) for row in np.flatnonzero(~seen)]


def anywhere(sets: Booleans) -> NDArray[np.bool_]:
    """Union over all elements."""
    return np.asarray(sets.reshape(-1, sets.shape[-1]).any(axis=0), dtype=np.bool_)


def hulls(sets: Booleans, axis: int) -> Hulls:
    """First and last row per index along one axis of the tensor, None where an index sees nothing."""
    along = np.moveaxis(sets, axis, 0).reshape(sets.shape[axis], -1, sets.shape[-1])
    rows = [np.flatnonzero(anywhere(seen)) for seen in along]
    first = tuple(int(seen[0]) if len(seen) else None for seen in rows)
    last = tuple(int(seen[-1]) if len(seen) else None for seen in rows)
    return first, last


def hull(sets: Booleans) -> tuple[int, int] | None:
    """First and last row of the whole tensor."""
    rows = np.flatnonzero(anywhere(sets))
    return (int(rows[0]), int(rows[-1])) if len(rows) else None


__all__ = ["FAMILIES", "Hulls", "Oracle", "OracleLimitError", "Reads", "Sees", "Shape", "anywhere", "hull", "hulls"]
