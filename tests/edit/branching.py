"""Models with layers where no edit reaches them: in the branches of an If, which an input decides, in a function."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

from tests.oracle_models import model_of


def branching(attribute: str, value: str, outside: str = "NOTSET") -> onnx.ModelProto:
    """`a` is a convolution of stride 2, and so is the one in a branch, which has this attribute; 40×36 pixels."""
    model = model_of(
        f'a = Conv <strides = [2, 2], auto_pad = "{outside}"> (x, w) y = Relu (a)',
        {"x": (1, 1, 40, 36)},
        constants={"w": (4, 1, 3, 3), "v": (4, 4, 3, 3)},
    )
    model.graph.node[0].name = "a"
    branches = {
        f"{name}_branch": helper.make_graph(
            [
                helper.make_node(
                    "Conv", ["a", "v"], [f"made_{name}"], name=f"inside_{name}", strides=[2, 2], **{attribute: value}
                )
            ],
            name,
            [],
            [helper.make_tensor_value_info(f"made_{name}", TensorProto.FLOAT, None)],
        )
        for name in ("then", "else")
    }
    model.graph.node[1].CopyFrom(helper.make_node("If", ["flag"], ["y"], name="if", **branches))
    model.graph.input.append(helper.make_tensor_value_info("flag", TensorProto.BOOL, []))
    return model


def calling() -> onnx.ModelProto:
    """The only convolution is in a local function; 40×36 pixels."""
    inner = helper.make_node("Conv", ["x", "w"], ["y"], name="inside", strides=[2, 2])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    model = model_of("y = Relu (x)", {"x": (1, 1, 40, 36)}, constants={"w": (4, 1, 3, 3)})
    model.graph.node[0].CopyFrom(helper.make_node("Block", ["x", "w"], ["y"], domain="own"))
    model.opset_import.append(opsets[1])
    model.functions.append(helper.make_function("own", "Block", ["x", "w"], ["y"], [inner], opsets[:1]))
    return model
