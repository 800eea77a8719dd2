"""Reading an ONNX file without its weights."""

from __future__ import annotations

import mmap
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from msgspec import Struct
from onnx import numpy_helper

from strideinspect.errors import UnreadableModelError
from strideinspect.model.inline import STANDARD, inline_functions
from strideinspect.model.naming import make_names_unique
from strideinspect.model.topological_sort import sort_graph
from strideinspect.model.utf8 import check_model_text
from strideinspect.model.wire import WireError, may_have_subgraphs, node_spans, reduce

if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from numpy.typing import NDArray

_REMEDY: Final = "download or export it again"
_GRAPHS: Final = (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)
_PAYLOAD_FIELDS: Final = (
    *("float_data", "int32_data", "int64_data", "uint64_data", "double_data"),
    *("string_data", "raw_data"),
)


class LoadedModel(Struct, frozen=True, eq=False):
    """An ONNX model without its weights: local functions inlined, every graph in topological order.

    `path` is as given (empty for a model from memory) and `size` the file's bytes. Tensor payloads over 1 KiB are left
    in the file: read a tensor's values with `values`, never from the tensor itself.
    """

    path: str
    proto: onnx.ModelProto
    size: int
    _key: str = ""
    _changed_ns: int = 0
    _outputs: list[tuple[str, ...]] | None = None
    _offsets: dict[tuple[str, ...], tuple[int, int]] = {}

    def values(self, tensor: onnx.TensorProto) -> NDArray[Any] | None:
        """A tensor's values in the shape of its `dims`; None where they are in an external file (never opened).

        A payload that was left out is read from the file. Strings are returned as an object array, types that numpy
        does not have as those of ml_dtypes. Raises UnreadableModelError where the values do not fit the
        tensor's type and shape, and where the file has changed since.
        """
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            return None
        spans = self._spans(tensor)
        try:
            if min(tensor.dims, default=0) < 0:
                raise ValueError("a dimension is negative")  # noqa: TRY301
            return numpy_helper.to_array(self._whole(tensor, spans) if spans else tensor)
        except (ValueError, TypeError, KeyError, OverflowError, DecodeError) as error:
            where = self.path or "the model"
            raise UnreadableModelError(
                f"{where}: the values of tensor {tensor.name!r} do not fit its type and shape: {error}", _REMEDY
            ) from error

    def is_left_out(self, tensor: onnx.TensorProto) -> bool:
        """Whether the tensor's payload was left in the file, so that `values` reads it from there."""
        return bool(self._spans(tensor))

    def node_offset(self, node: onnx.NodeProto) -> tuple[int, int] | None:
        """First byte and length of the message of a node of the main graph in the file; None where unknown.

        For a node from a local function it is the one in the function's body. The first call parses the file again.
        """
        if self._key and not self._offsets:
            self._offsets.update(self._node_offsets())
        return self._offsets.get(tuple(node.output))

    def _node_offsets(self) -> dict[tuple[str, ...], tuple[int, int]]:
        """First byte and length of all nodes of the main graph, by the names of their outputs."""
        key = f"{self._key}.node"
        with self._open() as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if self._outputs is not None and len(spans := node_spans(data)) == len(self._outputs):
                return dict(zip(self._outputs, spans, strict=True))
            proto = onnx.ModelProto.FromString(reduce(data, key, trace_nodes=True))
        offsets = {}
        for node in inline_functions(self.path, proto).graph.node:
            for entry in node.metadata_props:
                if entry.key == key:
                    start, length = entry.value.split(":")
                    offsets[tuple(node.output)] = int(start), int(length)
        return offsets

    def _spans(self, tensor: onnx.TensorProto) -> list[tuple[int, int]]:
        """The parts of the file that hold the tensor's payload fields, in order; empty where they were not left out."""
        entries = [entry.value for entry in tensor.metadata_props if self._key and entry.key == self._key]
        bounds = [tuple(map(int, span.split(":"))) for entry in entries for span in entry.split(",")]
        return [(start, end) for start, end in bounds]

    def _whole(self, tensor: onnx.TensorProto, spans: list[tuple[int, int]]) -> onnx.TensorProto:
        """The tensor with its payload fields restored from the file."""
        if any(getattr(tensor, name) for name in _PAYLOAD_FIELDS):
            raise ValueError("they are stored twice")  # protobuf merged two messages, whose order is lost
        wire = [tensor.SerializeToString()]
        with self._open() as file:
            for start, end in spans:
                file.seek(start)
                wire.append(file.read(end - start))
        whole: onnx.TensorProto = onnx.TensorProto.FromString(b"".join(wire))
        return whole

    def _open(self) -> BinaryIO:
        """The file, unless it is no longer the one that was loaded."""
        try:
            file = Path(self.path).open("rb")  # noqa: SIM115 - the caller closes it
        except OSError as error:
            raise _cannot_read(self.path, error) from error
        status = os.fstat(file.fileno())
        if (status.st_size, status.st_mtime_ns) != (self.size, self._changed_ns):
            file.close()
            raise UnreadableModelError(f"{self.path} has changed since it was read", "run again")
        return file


def load(path: str | os.PathLike[str]) -> LoadedModel:
    """Read the model's structure; its weights stay in the file, and external data files are never opened.

    Raises UnreadableModelError where the file cannot be read, is not an ONNX model or is damaged, and where its graph
    is invalid: a tensor that nothing defines, two of the same name, a cycle, a function that calls itself.
    """
    name = os.fspath(path) or "."
    key = f"strideinspect.{os.urandom(8).hex()}"  # random, so that a file cannot contain forged entries
    try:
        mode = Path(name).stat().st_mode  # checked before opening, which would block on a pipe
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise _cannot_read(name, error) from error
    if not stat.S_ISREG(mode):
        raise _no_file(name, mode)
    try:
        with Path(name).open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_size == 0:
                raise UnreadableModelError(f"{name} is empty", _REMEDY)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                wire, proto = _parse(name, data, key)
    except OSError as error:
        raise _cannot_read(name, error) from error
    # Inlining functions loses the file's order of nodes: then each node has to be traced to its position.
    outputs = None if proto.functions else [tuple(node.output) for node in proto.graph.node]
    return LoadedModel(name, _prepare(name, wire, proto), status.st_size, key, status.st_mtime_ns, outputs)


def from_proto(proto: onnx.ModelProto) -> LoadedModel:
    """A model from memory as `load` would give it, weights included; `proto` is not changed. Raises as `load`."""
    wire = proto.SerializeToString()
    return LoadedModel("", _prepare("the model", wire, onnx.ModelProto.FromString(wire)), len(wire))


def _parse(name: str, data: mmap.mmap, key: str) -> tuple[bytes, onnx.ModelProto]:
    """The bytes and the message of the model without its weights. Raises UnreadableModelError naming the file type."""
    try:
        wire = reduce(data, key)
        proto = onnx.ModelProto.FromString(wire)
    except (WireError, DecodeError) as error:
        from strideinspect.model.file_type import describe  # models need it not

        if foreign := describe(data[:4096]):
            raise UnreadableModelError(f"{name} is not an ONNX model but {foreign[0]}", foreign[1]) from None
        reason = error if isinstance(error, WireError) else _what_is_wrong(data)
        raise UnreadableModelError(
            f"{name} is not an ONNX model, or is truncated or damaged: {reason}", _REMEDY
        ) from None
    if not proto.HasField("graph"):
        from strideinspect.model.file_type import describe

        what, remedy = describe(data[:4096]) or ("another protobuf file: it has no graph", "check which file was meant")
        raise UnreadableModelError(f"{name} is not an ONNX model but {what}", remedy)
    return wire, proto


def _what_is_wrong(data: mmap.mmap) -> str:
    """Why protobuf cannot decode the file: it does not say, so every message that can hold a node is checked."""
    try:
        reduce(data, "", enter=-1)
    except WireError as error:
        return str(error)
    return "its fields do not make sense"


def _prepare(name: str, wire: bytes, proto: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its functions inlined and its graphs checked and sorted; `wire` are its bytes."""
    if not proto.opset_import and not 1 <= proto.ir_version < 3:  # opset_import came with IR 3
        raise _no_operator_set(name)
    check_model_text(name, proto)
    proto = inline_functions(name, proto)
    nested = may_have_subgraphs(wire) and any(a.type in _GRAPHS for node in proto.graph.node for a in node.attribute)
    sort_graph(name, proto.graph, nested=nested)
    if nested:
        make_names_unique(proto.graph)
    versions = [entry.version for entry in proto.opset_import if entry.domain in STANDARD]
    if (
        proto.opset_import
        and max(versions, default=0) < 1
        and any(node.domain in STANDARD for node in proto.graph.node)
    ):
        raise _no_operator_set(name)
    return proto


def _no_operator_set(name: str) -> UnreadableModelError:
    return UnreadableModelError(
        f"{name} does not say which version of the ONNX operators it uses (opset_import): it is truncated or was "
        "written incorrectly",
        _REMEDY,
    )


def _no_file(name: str, mode: int) -> UnreadableModelError:
    if stat.S_ISDIR(mode):
        return UnreadableModelError(f"{name} is a directory", "give the .onnx file in it")
    return UnreadableModelError(
        f"{name} is not a regular file", "save the model to one; pipes and devices cannot be read"
    )


def _cannot_read(name: str, error: OSError | ValueError) -> UnreadableModelError:
    """The error for a failure of the operating system to read the file."""
    if isinstance(error, FileNotFoundError):
        return UnreadableModelError(f"there is no file {name}", "check the path")
    if isinstance(error, PermissionError):
        return UnreadableModelError(f"no permission to read {name}", "change the file's permissions")
    reason = getattr(error, "strerror", None) or str(error)
    return UnreadableModelError(f"cannot read {name!r}: {reason}", "check the path")
