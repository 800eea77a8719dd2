"""Shapes of the sample models against the ONNX library's inference of whole models: one answer for each tensor."""

from __future__ import annotations

import onnx
import onnx.shape_inference
import pytest

from strideinspect.model.inputs import choose
from strideinspect.results.field import Shape
from tests.acceptance.runs import FILES, SLOW, path_of
from tests.model.inferring import inferred, network_of
from tests.some_slow import some_slow


def by_the_library(model: onnx.ModelProto, inputs: dict[str, Shape]) -> dict[str, Shape]:
    """Every tensor whose shape the library knows at these input sizes, which the model may leave open."""
    for entry in model.graph.input:
        if entry.name in inputs:
            kind = entry.type.tensor_type.elem_type
            entry.CopyFrom(onnx.helper.make_tensor_value_info(entry.name, kind, inputs[entry.name]))
    for entry in model.graph.output:
        entry.type.tensor_type.ClearField("shape")
    del model.graph.value_info[:]
    known = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    found = {}
    for entry in (*known.value_info, *known.output):
        dims = entry.type.tensor_type.shape.dim
        if entry.type.tensor_type.HasField("shape") and all(dim.HasField("dim_value") for dim in dims):
            found[entry.name] = tuple(dim.dim_value for dim in dims)
    return found


@pytest.mark.parametrize("name", some_slow(FILES, SLOW))
def test_one_answer(name: str) -> None:
    """Both infer node by node from the declared attributes, each with formulas of its own."""
    model = onnx.load(path_of(name))
    inputs = dict(choose(network_of(model), None).shapes)
    shapes = inferred(model).shapes
    both = {name: shape for name, shape in by_the_library(model, inputs).items() if name in shapes}
    assert both
    assert {name: shapes[name] for name in both} == both
