"""Reading an ONNX file without its weights."""

from __future__ import annotations

import mmap
import os
import stat
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from strideinspect.errors import UnreadableModelError
from strideinspect.model.foreign import describe
from strideinspect.model.inline import inline_functions
from strideinspect.model.order import sort_graph
from strideinspect.model.wire import WireError, reduce

_EXPORT_AGAIN: Final = "download or export it again"
_PAYLOAD_FIELDS: Final = (
    "float_data", "int32_data", "string_data", "int64_data", "raw_data", "double_data", "uint64_data"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """An ONNX model without its weights: local functions inlined, every graph in topological order.

    `path` is as given (empty for a model from memory) and `size` the file's bytes. Tensor payloads over 1 KiB are left
    in the file: ask `values` for any tensor's values, never the proto itself.
    """

    path: str
    proto: onnx.ModelProto
    size: int
    _key: str = field(default="", repr=False)
    _stamp: tuple[int, int] = field(default=(0, 0), repr=False)

    def values(self, tensor: onnx.TensorProto) -> np.ndarray | None:
        """A tensor's values, shaped by its `dims`; None where they live in an external file, which is never opened.

        Reads the file where the payload was left out, only those bytes. Strings come as an object array.
        Raises UnreadableModelError where the tensor is damaged, or the file has changed since it was loaded.
        """
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            return None
        entries = self._entries(tensor)
        try:
            return _to_array(self._whole(tensor, entries) if entries else tensor)
        except (ValueError, TypeError, KeyError, DecodeError) as error:
            raise UnreadableModelError(
                f"{self._label}: the values of tensor {tensor.name!r} do not fit its type and shape ({error})",
                _EXPORT_AGAIN,
            ) from error

    def is_left_out(self, tensor: onnx.TensorProto) -> bool:
        """Whether the tensor's payload was left in the file: then `values` reads it from there."""
        return bool(self._entries(tensor))

    def node_offset(self, node: onnx.NodeProto) -> tuple[int, int] | None:
        """Where the node lies in the file: first byte and length of its message. None where that is not known.

        Nodes of an inlined function are found in the function's body; nodes of small subgraphs are not traced.
        """
        entries = self._entries(node)
        if not entries:
            return None
        start, length = entries[-1].split(":")
        return int(start), int(length)

    @property
    def _label(self) -> str:
        return self.path or "the model"

    def _entries(self, message: onnx.TensorProto | onnx.NodeProto) -> list[str]:
        """What `reduce` wrote about this message; more than one where protobuf merged several."""
        return [entry.value for entry in message.metadata_props if self._key and entry.key == self._key]

    def _whole(self, tensor: onnx.TensorProto, entries: list[str]) -> onnx.TensorProto:
        """The tensor with its payload fields, as they stand in the file, put back."""
        if any(getattr(tensor, name) for name in _PAYLOAD_FIELDS):
            raise ValueError("it is given twice")
        wire = [tensor.SerializeToString()]
        with open(self.path, "rb") as file:
            status = os.fstat(file.fileno())
            if (status.st_size, status.st_mtime_ns) != self._stamp:
                raise UnreadableModelError(f"{self.path} has changed since it was read", "run again")
            for span in ",".join(entries).split(","):
                start, end = map(int, span.split(":"))
                file.seek(start)
                wire.append(file.read(end - start))
        return onnx.TensorProto.FromString(b"".join(wire))


def load(path: str | os.PathLike[str]) -> LoadedModel:
    """Read the model's structure; its weights stay in the file, and external data files are never opened.

    Raises UnreadableModelError where the file cannot be read, is no ONNX model or is damaged, and where its graph is
    none: a tensor that nothing provides, two nodes with the same output, a cycle, a function that calls itself.
    """
    name = os.fspath(path)
    key = f"strideinspect.{os.urandom(8).hex()}"  # drawn anew, so that no file can bring forged entries
    try:
        status = os.stat(name)
        if not stat.S_ISREG(status.st_mode):
            raise _not_a_file(name, stat.S_ISDIR(status.st_mode))
        with open(name, "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_size == 0:
                raise UnreadableModelError(f"{name} is empty", _EXPORT_AGAIN)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                proto = _parse(name, data, key)
    except FileNotFoundError:
        raise UnreadableModelError(f"there is no file {name}", "check the path") from None
    except PermissionError:
        raise UnreadableModelError(f"no permission to read {name}", "check the file's permissions") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise UnreadableModelError(f"cannot read {name!r}: {error}", "check the path") from error
    return LoadedModel(name, _prepare(name, proto), status.st_size, key, (status.st_size, status.st_mtime_ns))


def from_proto(proto: onnx.ModelProto) -> LoadedModel:
    """A model from memory, as `load` gives it; `proto` itself is left alone. Raises UnreadableModelError as `load`."""
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    return LoadedModel("", _prepare("the model", copy), 0)


def _parse(name: str, data: mmap.mmap, key: str) -> onnx.ModelProto:
    """The weightless model in `data`, or a clear error about what the file is instead."""
    try:
        proto = onnx.ModelProto.FromString(reduce(data, key))
    except (WireError, DecodeError) as error:
        foreign = describe(data[:4096])
        if foreign is not None:
            raise UnreadableModelError(f"{name} is no ONNX model but {foreign[0]}", foreign[1]) from None
        raise UnreadableModelError(
            f"{name} is no ONNX model, or is damaged or cut short: {error}", _EXPORT_AGAIN
        ) from None
    if not proto.HasField("graph"):
        what, remedy = describe(data[:4096]) or ("something else: it holds no graph", "check which file was meant")
        raise UnreadableModelError(f"{name} is no ONNX model but {what}", remedy)
    return proto


def _prepare(name: str, proto: onnx.ModelProto) -> onnx.ModelProto:
    """Check, inline, sort."""
    if not proto.opset_import and not 1 <= proto.ir_version < 3:  # before IR 3 there was no opset_import
        raise UnreadableModelError(
            f"{name} does not say which operator set it uses (no opset_import): it is cut short or was written wrongly",
            _EXPORT_AGAIN,
        )
    proto = inline_functions(name, proto)
    sort_graph(name, proto.graph)
    return proto


def _to_array(tensor: onnx.TensorProto) -> np.ndarray:
    if min(tensor.dims, default=0) < 0:
        raise ValueError("a dimension is negative")
    return numpy_helper.to_array(tensor)


def _not_a_file(name: str, is_directory: bool) -> UnreadableModelError:
    if is_directory:
        return UnreadableModelError(f"{name} is a directory", "give the .onnx file inside it")
    return UnreadableModelError(
        f"{name} is no regular file", "save it to a file first; pipes and devices cannot be read"
    )
