"""Values given for graph inputs: stored in the model as constants, which the analysis and the run then share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from msgspec import structs
from numpy.typing import NDArray
from onnx import numpy_helper

from strideinspect.errors import InputValueError
from strideinspect.model.declared import Declared
from strideinspect.model.load import LoadedModel
from strideinspect.nearest_name import nearest_name
from strideinspect.spelling import count, shape_text

_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_KINDS = {"b": "true or false", "i": "whole numbers", "u": "whole numbers, 0 or more", "f": "numbers"}
"""What the values of an input are, by the kind of its NumPy type."""


def with_values(model: LoadedModel, values: Mapping[str, object]) -> LoadedModel:
    """The model in which these inputs are constants. `values` are single values, nested sequences or texts "1,3,16".

    Raises InputValueError for a name that no input has, and for a value that does not fit the input's type or shape.
    """
    if not values:
        return model
    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    store_values(proto.graph, values)
    return structs.replace(model, proto=proto)


def store_values(graph: onnx.GraphProto, values: Mapping[str, object]) -> None:
    """Make these inputs of a graph constants: each becomes an initializer. Raises as `with_values`."""
    tensors = [_tensor(_entry(graph, name), value) for name, value in values.items()]
    others = [tensor for tensor in graph.initializer if tensor.name not in values]
    del graph.initializer[:]
    graph.initializer.extend((*others, *tensors))


def _entry(graph: onnx.GraphProto, name: str) -> onnx.ValueInfoProto:
    entries: dict[str, onnx.ValueInfoProto] = {entry.name: entry for entry in graph.input}
    if name not in entries:
        near = nearest_name(name, entries)
        inputs = f"its inputs are: {', '.join(entries)}" if entries else "it has no inputs"
        raise InputValueError(f"the model has no input {name!r}", f"did you mean {near!r}?" if near else inputs)
    return entries[name]


def _tensor(entry: onnx.ValueInfoProto, value: object) -> onnx.TensorProto:
    declared = Declared.of(entry)
    if declared is None:
        raise InputValueError(f"input {entry.name!r} is not a tensor, so it cannot be given a value", "leave it out")
    is_text = declared.dtype == onnx.TensorProto.STRING
    if isinstance(value, str) and (declared.dims != () or not is_text) and "," in value:
        value = [part if is_text else part.strip() for part in value.split(",")]
    try:
        given: NDArray[Any] = np.array(value, dtype=object)
    except ValueError:
        given = np.array(None, dtype=object)
    if any(isinstance(item, list | tuple) or item is None for item in given.reshape(-1)):
        raise InputValueError(f"the value given for input {entry.name!r} has rows of different lengths", "")
    array = np.array([_converted(entry.name, declared.dtype, item) for item in given.reshape(-1)], dtype=object)
    fitted = array.reshape(_fitting(entry.name, declared.dims, given.shape))
    if is_text:
        texts = [str(v).encode() for v in array]
        return onnx.TensorProto(name=entry.name, data_type=declared.dtype, dims=fitted.shape, string_data=texts)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(declared.dtype)
    try:
        return numpy_helper.from_array(fitted.astype(dtype), entry.name)
    except OverflowError:
        raise _wrong(entry.name, declared.dtype, max(array, key=abs)) from None


def _converted(name: str, kind: int, item: object) -> object:
    """One value as the element type of the input has it. Raises InputValueError for one of another type."""
    if kind == onnx.TensorProto.STRING:
        if isinstance(item, str):
            return item
        raise InputValueError(f"input {name!r} holds texts, not {item!r}", "write it in quotation marks")
    # Types that NumPy does not have, such as bfloat16, are numbers too.
    letter = onnx.helper.tensor_dtype_to_np_dtype(kind).kind.replace("V", "f")
    try:
        if letter == "b":
            return item if isinstance(item, bool) else _TRUTH[str(item).lower()]
        if isinstance(item, bool):
            raise TypeError(item)  # noqa: TRY301
        number = float(item) if letter == "f" else int(item) if isinstance(item, str) else item  # type: ignore[arg-type]
        if letter != "f" and (not isinstance(number, int) or (letter == "u" and number < 0)):
            raise ValueError(item)  # noqa: TRY301
    except (ValueError, KeyError, TypeError):
        raise _wrong(name, kind, item) from None
    return number


def _wrong(name: str, kind: int, item: object) -> InputValueError:
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind)
    wanted = _KINDS.get(dtype.kind.replace("V", "f"), "numbers")
    return InputValueError(f"input {name!r} holds {wanted} ({dtype}), not {item!r}", f"write {wanted}")


def _fitting(name: str, dims: tuple[int | str | None, ...] | None, given: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the input for values of this shape. Raises InputValueError where they do not fit.

    A plain list is laid out in the declared shape, whose last open axis takes up what is left.
    """
    if dims is None:
        return given
    sizes = [dim if isinstance(dim, int) else None for dim in dims]
    if len(given) == len(sizes) and all(size in (None, n) for size, n in zip(sizes, given, strict=True)):
        return given
    number = math.prod(given)
    fixed = math.prod(size for size in sizes if size is not None)
    left_open = [axis for axis, size in enumerate(sizes) if size is None]
    fits = fixed and number % fixed == 0 if left_open else number == fixed
    if len(given) > 1 or not fits:
        what = f"a value of shape {shape_text(given)}" if len(given) > 1 else count(number, "value")
        were = "was" if len(given) > 1 or number == 1 else "were"
        raise InputValueError(
            f"input {name!r} has the shape {shape_text(dims)}; {what} {were} given",
            f"give {count(fixed, 'value')}" if not left_open else "give values that fill this shape",
        )
    return tuple(
        size if size is not None else number // fixed if axis == left_open[-1] else 1 for axis, size in enumerate(sizes)
    )
