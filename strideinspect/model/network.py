"""The graph prepared for the analysis: wrapped nodes, declared types, and constants known without running."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

import numpy as np
import onnx
from msgspec import Struct
from numpy.typing import NDArray

from strideinspect.limits import (
    DEEPEST_TABLES,
    MOST_CONSTANT_INTEGERS,
    MOST_CONSTANT_REALS,
    MOST_STORED_INDICES,
    MOST_TABLE_ENTRIES,
)
from strideinspect.model.declared import Declared
from strideinspect.model.load import LoadedModel
from strideinspect.model.nchwc import DOMAIN, with_channels
from strideinspect.model.node import Node, Shape, UnresolvedError
from strideinspect.settings import Operator

INTEGERS = {
    onnx.TensorProto.INT64,
    onnx.TensorProto.INT32,
    onnx.TensorProto.BOOL,
    onnx.TensorProto.INT16,
    onnx.TensorProto.INT8,
    onnx.TensorProto.UINT8,
}

ConstantArray = NDArray[np.generic]


class _Later(Struct, frozen=True):
    """How to compute a constant from others, and the length of the longest chain of such constants behind it."""

    compute: Callable[[Mapping[str, ConstantArray]], ConstantArray]
    depth: int


class ConstantEntries(Struct, frozen=True):
    """Some constants: stored ones, values in memory, and tables that are yet to be computed."""

    tensors: Mapping[str, onnx.TensorProto]
    known: Mapping[str, ConstantArray]
    later: Mapping[str, _Later]


class Constants(Mapping[str, ConstantArray]):
    """Known constants by name; an integer table is read from the file, or computed, on first access.

    `external` names those whose values are in another file, which are never known.
    """

    def __init__(self, model: LoadedModel, tensors: Mapping[str, onnx.TensorProto]) -> None:
        self._model = model
        self._tensors = dict(tensors)
        self.external = {name for name, tensor in tensors.items() if _is_external(tensor)}
        self._known: dict[str, ConstantArray] = {}
        self._later: dict[str, _Later] = {}
        self._computed_entries = 0

    def add(self, name: str, value: ConstantArray) -> None:
        """Add a folded value."""
        self._known[name] = value

    def declare(self, name: str, tensor: onnx.TensorProto) -> None:
        """Add a constant whose values are read when they are needed."""
        self._tensors[name] = tensor
        if _is_external(tensor):
            self.external.add(name)

    def put_off(
        self, name: str, sources: Iterable[str], compute: Callable[[Mapping[str, ConstantArray]], ConstantArray]
    ) -> None:
        """Add a table that is computed from others when it is needed; not added unless these are constants."""
        depth = 1
        for source in filter(None, sources):
            later = self._later.get(source)
            if later is not None:
                depth = max(depth, later.depth + 1)
            elif source not in self._known and not (source in self._tensors and _is_table(self._tensors[source])):
                return
        if depth <= DEEPEST_TABLES:
            self._later[name] = _Later(compute, depth)

    def copy(self) -> Constants:
        """The same constants, to which others can be added."""
        twin = Constants(self._model, {})
        twin._tensors = dict(self._tensors)
        twin.external = set(self.external)
        twin._known = dict(self._known)
        twin._later = dict(self._later)
        twin._computed_entries = self._computed_entries
        return twin

    def entries(self, names: Iterable[str]) -> ConstantEntries | None:
        """What is known of these, to be entered again elsewhere; None where nothing is."""
        found = ConstantEntries(
            {name: self._tensors[name] for name in names if name in self._tensors},
            {name: self._known[name] for name in names if name in self._known},
            {name: self._later[name] for name in names if name in self._later},
        )
        return found if found.tensors or found.known or found.later else None

    def enter(self, entries: ConstantEntries) -> None:
        """Enter what was known elsewhere."""
        for name, tensor in entries.tensors.items():
            self.declare(name, tensor)
        self._known.update(entries.known)
        self._later.update(entries.later)

    def has_any(self, names: Iterable[str]) -> bool:
        """Whether one of these is a constant, read or computed or not."""
        return any(map(self.has, names))

    def has(self, name: str) -> bool:
        """Whether this is a constant, read or computed or not."""
        return name in self._known or name in self._tensors or name in self._later

    def known(self, name: str) -> ConstantArray | None:
        """The value if it is in memory or small, else None; large tables are not read."""
        value = self._known.get(name)
        if value is None and name in self._tensors:
            tensor = self._tensors[name]
            if _count(tensor) <= (MOST_CONSTANT_INTEGERS if tensor.data_type in INTEGERS else MOST_CONSTANT_REALS):
                value = self._read(name, tensor)
        return value

    def _read(self, name: str, tensor: onnx.TensorProto) -> ConstantArray | None:
        value = self._model.values(tensor)
        if value is not None:
            self._known[name] = value
        return value

    def __getitem__(self, name: str) -> ConstantArray:
        value = self.known(name)
        later = self._later.get(name)
        if value is None and later is not None and self._computed_entries < MOST_TABLE_ENTRIES:
            value = self._known[name] = _computed(name, later, self)
            self._computed_entries += value.size
        if value is None and name in self._tensors:
            tensor = self._tensors[name]
            if _is_table(tensor):
                value = self._read(name, tensor)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter({**self._tensors, **self._known, **self._later})

    def __len__(self) -> int:
        return len({**self._tensors, **self._known, **self._later})


def _computed(name: str, later: _Later, constants: Constants) -> ConstantArray:
    try:
        return later.compute(constants)
    except UnresolvedError as error:  # the value is unknown, and the node fails when the model runs
        raise KeyError(name) from error


def _is_external(tensor: onnx.TensorProto) -> bool:
    return tensor.data_location == onnx.TensorProto.EXTERNAL


def _is_table(tensor: onnx.TensorProto) -> bool:
    return tensor.data_type in INTEGERS and _count(tensor) <= MOST_STORED_INDICES


def _count(tensor: onnx.TensorProto) -> int:
    count = 1
    for dim in tensor.dims:
        count *= dim
    return count


class Network(Struct, frozen=True):
    """A graph prepared once, to be placed at any input size.

    `inputs` leaves out those that are initializers too (IR 3). `weights` maps every initializer to its shape and
    element type; `declared` every tensor whose type the file gives. `operators` says how foreign operators read.
    """

    model: LoadedModel
    opsets: Mapping[str, int]
    nodes: tuple[Node, ...]
    inputs: Mapping[str, Declared]
    outputs: tuple[str, ...]
    weights: Mapping[str, tuple[Shape, int]]
    declared: Mapping[str, Declared]
    constants: Constants
    operators: Mapping[str, Operator] = MappingProxyType({})


def prepare(model: LoadedModel, operators: Mapping[str, Operator] = MappingProxyType({})) -> Network:
    """Wrap the nodes and collect what the file declares about its tensors; `operators` are those of the settings."""
    graph = model.proto.graph
    opsets = {("" if o.domain == "ai.onnx" else o.domain): int(o.version) for o in model.proto.opset_import}
    initializers = {t.name: t for t in graph.initializer}
    weights = {name: (tuple(t.dims), t.data_type) for name, t in initializers.items()}
    for sparse in graph.sparse_initializer:
        weights[sparse.values.name] = (tuple(sparse.dims), sparse.values.data_type)
    declared = {}
    for info in (*graph.value_info, *graph.output, *graph.input):
        declaration = Declared.of(info)
        if declaration is not None:
            declared[info.name] = declaration
    nodes = tuple(Node.of(n, opsets) for n in graph.node)
    return Network(
        model=model,
        opsets=opsets,
        nodes=with_channels(nodes, weights) if DOMAIN in opsets else nodes,
        inputs={i.name: declared.get(i.name, Declared(0, None)) for i in graph.input if i.name not in weights},
        outputs=tuple(o.name for o in graph.output),
        weights=weights,
        declared=declared,
        constants=Constants(model, initializers),
        operators=operators,
    )
