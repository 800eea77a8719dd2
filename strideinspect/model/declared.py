"""The type and shape that a file declares for a tensor."""

from __future__ import annotations

import onnx
from msgspec import Struct


class Declared(Struct, frozen=True):
    """A tensor's declaration in the file: element type, and per axis a size, a symbol or None; `dims` None: no rank."""

    dtype: int
    dims: tuple[int | str | None, ...] | None

    @classmethod
    def of(cls, info: onnx.ValueInfoProto) -> Declared | None:
        """Read a tensor's declaration; None for sequences, maps and optionals."""
        if not info.type.HasField("tensor_type"):
            return None
        tensor = info.type.tensor_type
        if not tensor.HasField("shape"):
            return cls(tensor.elem_type, None)
        return cls(tensor.elem_type, tuple(_dimension(d) for d in tensor.shape.dim))

    def fixes(self, axis: int) -> bool:
        """Whether the file gives the size of an axis as a number."""
        return self.dims is not None and isinstance(self.dims[axis], int)


def _dimension(dim: onnx.TensorShapeProto.Dimension) -> int | str | None:
    if dim.HasField("dim_value"):
        return int(dim.dim_value) if dim.dim_value >= 0 else None  # some exporters write -1 for an open size
    return dim.dim_param or None
