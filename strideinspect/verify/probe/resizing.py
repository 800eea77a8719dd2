"""Resize and Upsample: the indices that each output reads are observed by running onnxruntime's operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from msgspec import structs

from strideinspect.results.field import Shape
from strideinspect.verify.axis_questions import AxisQuestion, spacing
from strideinspect.verify.probe.call import Call, Operation, operators
from strideinspect.verify.probe.value import InexpressibleError, Value

_Constant = tuple[str, tuple[float, ...]]

_NOT_PER_AXIS: Final = ("axes", "scales", "keep_aspect_ratio_policy")


def questions(
    node: Operation, shapes: Mapping[str, Shape], values: Mapping[str, np.ndarray], opset: int
) -> dict[int, AxisQuestion]:
    """The questions about a Resize or Upsample, by axis that it changes; empty for other nodes.

    Raises InexpressibleError where the scales are not known, or depend on more than one axis.
    """
    if node.op_type not in {"Resize", "Upsample"}:
        return {}
    attributes = node.attributes
    before, after = shapes.get(node.input[0]), shapes.get(node.output[0])
    if before is None or after is None:
        raise InexpressibleError("its size was not observed")
    axes = [int(axis) % len(before) for axis in attributes.get("axes", range(len(before)))]
    if attributes.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise InexpressibleError("it keeps the aspect ratio, so its axes depend on each other")
    if node.op_type == "Upsample" or opset < 11:
        roi, scales, sizes = None, _floats(node, 1, values, attributes), None
    else:
        roi, scales, sizes = (_floats(node, k, values, {}) for k in (1, 2, 3))
    if scales is None and sizes is None:
        raise InexpressibleError("its scales are not known")
    crops = attributes.get("coordinate_transformation_mode") == "tf_crop_and_resize"
    asked = {}
    for place, axis in enumerate(axes):
        scale = None if scales is None else float(scales[place])
        if before[axis] == after[axis] and scale in {None, 1.0} and not crops:
            continue
        span = (float(roi[place]), float(roi[place + len(axes)])) if crops and roi is not None else None
        asked[axis] = _question(node, attributes, opset, (before[axis], after[axis]), scale, span)
    return asked


def _floats(
    node: Operation, position: int, values: Mapping[str, np.ndarray], attributes: Mapping[str, Any]
) -> list[float] | None:
    if "scales" in attributes:
        return [float(scale) for scale in attributes["scales"]]
    name = node.input[position] if position < len(node.input) else ""
    if not name:
        return None
    if name not in values:
        raise InexpressibleError(f"{name!r}, which decides its size, is not a known constant")
    array = values[name].reshape(-1)
    return [float(number) for number in array] if array.size else None


def _question(
    node: Operation,
    attributes: Mapping[str, Any],
    opset: int,
    sizes: tuple[int, int],
    scale: float | None,
    span: tuple[float, float] | None,
) -> AxisQuestion:
    kept = tuple((key, value) for key, value in attributes.items() if key not in _NOT_PER_AXIS)
    length, out = sizes
    reach = 6 * -(-length // max(1, out)) + 16
    op = node.op_type
    if node.domain:  # in a model saved by onnxruntime: a Resize with the defaults of the old Upsample
        kept = tuple({"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor", **dict(kept)}.items())
        if opset < 11:
            if ("coordinate_transformation_mode", "asymmetric") not in kept:
                raise InexpressibleError("the model's operator set has no equivalent Resize")
            kept = tuple(pair for pair in kept if pair[0] == "mode")
        op = "Resize"
    elif op == "Upsample" and "scales" in attributes:
        return AxisQuestion("Upsample", (*kept, ("scales", (1.0, 1.0, scale, 1.0))), length, reach, planar=True)
    factors: _Constant | None = None if scale is None else ("float32", (1.0, 1.0, scale, 1.0))
    if op == "Upsample" or opset < 11:
        return AxisQuestion(op, kept, length, reach, constants=(factors,), planar=True)
    roi: _Constant | None = None if span is None else ("float32", (0.0, 0.0, span[0], 0.0, 1.0, 1.0, span[1], 1.0))
    size = None if scale is not None else ("int64", (2 * spacing(length, reach), 1, out, 1))
    if opset < 13:  # before opset 13, an unused input is an empty tensor
        roi, factors = roi or ("float32", ()), factors or ("float32", ())
    constants = (roi, factors) if size is None else (roi, factors, size)
    return AxisQuestion(op, kept, length, reach, constants=constants, planar=True)


@operators("Resize", "Upsample", "com.microsoft.nchwc:Upsample")
def resize(call: Call) -> Sequence[Value | None]:
    """Reads every axis that changes according to its table."""
    call.only(0)
    value, shape = call.required(), call.shape_out()
    tables = call.tables()
    if not call.keeps(value, [k for k in tables if value.shape[k] == 1 < shape[k]]):
        return [None]
    roles = structs.replace(value.roles, collapsed=value.roles.collapsed - {k for k in tables if shape[k] > 1})
    for axis, table in tables.items():
        value = call.build.read(value, axis, table)
    return [structs.replace(value, roles=roles)]
