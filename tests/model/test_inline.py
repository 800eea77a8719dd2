"""Local functions: inlined as they are meant, and refused where that would be out of all proportion."""

from __future__ import annotations

import onnx
import onnx.parser
import pytest
from onnx import helper

from strideinspect.errors import UnreadableModelError
from strideinspect.model.load import from_proto

FUNCTIONS = """
<ir_version: 10, opset_import: ["": 20, "local": 1]>
main (float[1,4] x) => (float[1,4] y) { t = local.outer(x)  y = local.inner<slope = 0.5>(t) }
<domain: "local", opset_import: ["": VERSION, "local": 1]>
outer (a) => (b) { c = local.inner(a)  b = Relu(c) }
<domain: "local", opset_import: ["": VERSION]>
inner <slope: float = 0.25> (a) => (b) { b = LeakyRelu<alpha: float = @slope>(a) }
"""


@pytest.mark.parametrize("version", [20, 18])
def test_functions_are_inlined(version: int) -> None:
    """Calls, nested calls and attribute defaults go; LeakyRelu is the same at opset 18 as at the model's 20."""
    original = onnx.parser.parse_model(FUNCTIONS.replace("VERSION", str(version)))
    before = original.SerializeToString()
    nodes = from_proto(original).proto.graph.node
    assert [node.op_type for node in nodes] == ["LeakyRelu", "Relu", "LeakyRelu"]
    assert [node.attribute[0].f for node in nodes if node.attribute] == [0.25, 0.5]
    assert original.SerializeToString() == before


def test_a_function_of_another_version_stays_a_call() -> None:
    """LeakyRelu changed at opset 16: a function that means the one of opset 15 is not read as something else.

    Relu did not change between 14 and 20: the function around it is inlined.
    """
    proto = from_proto(onnx.parser.parse_model(FUNCTIONS.replace("VERSION", "15"))).proto
    assert [node.op_type for node in proto.graph.node] == ["inner", "Relu", "inner"]


def calling(depth: int, times: int) -> onnx.ModelProto:
    """Functions F0 … F`depth`, each calling the one before `times` over."""

    def chain(call: str, domain: str, count: int) -> list[onnx.NodeProto]:
        names = ["a", *(f"t{i}" for i in range(count - 1)), "b"]
        return [helper.make_node(call, [names[i]], [names[i + 1]], domain=domain) for i in range(count)]

    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("f", 1)]
    bodies = [chain("Relu", "", 1)] + [chain(f"F{i}", "f", times) for i in range(depth)]
    functions = [helper.make_function("f", f"F{i}", ["a"], ["b"], body, opsets) for i, body in enumerate(bodies)]
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "ab"]
    graph = helper.make_graph(chain(f"F{depth}", "f", 1), "g", values[:1], values[1:])
    return helper.make_model(graph, functions=functions, opset_imports=opsets, ir_version=10)


def test_functions_that_double() -> None:
    """Ten functions that each call the next twice are 1,024 nodes; forty would be 10¹² and are refused unbuilt."""
    assert len(from_proto(calling(10, 2)).proto.graph.node) == 2**10
    with pytest.raises(UnreadableModelError, match="would take more than 64 MiB"):
        from_proto(calling(40, 2))


@pytest.mark.parametrize("given", [True, False], ids=["given", "default"])
def test_functions_that_copy_a_megabyte(*, given: bool) -> None:
    """An attribute's text of 1 MiB in 100 places, at the call or as the function's default, is counted as often."""
    text = "x" * 2**20
    copying = [helper.make_node("Custom", [], [f"t{i}"], domain="own") for i in range(100)]
    for node in copying:
        node.attribute.add(name="text", ref_attr_name="text", type=onnx.AttributeProto.STRING)
    opsets = [helper.make_opsetid(domain, 1) for domain in ("own", "f")]
    function = helper.make_function("f", "Copy", [], ["t0"], copying, opsets, ["text"] if given else [])
    call = helper.make_node("Copy", [], ["y"], domain="f")
    (call.attribute if given else function.attribute_proto).append(helper.make_attribute("text", text))
    graph = helper.make_graph([call], "g", [], [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])])
    with pytest.raises(UnreadableModelError, match="would take more than 64 MiB"):
        from_proto(helper.make_model(graph, functions=[function], opset_imports=opsets, ir_version=10))


def test_functions_within_a_thousand_functions() -> None:
    """A long chain of calls is bounded too: fifty are inlined, a thousand are not."""
    assert [node.op_type for node in from_proto(calling(50, 1)).proto.graph.node] == ["Relu"]
    with pytest.raises(UnreadableModelError, match="call each other 1001 deep"):
        from_proto(calling(1000, 1))


def test_a_graph_given_to_functions_that_copy_it() -> None:
    """Functions that double the graph in their attribute grow by squaring: counted before it is done."""
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("f", 1)]

    def taking(operator: str, domain: str, names: list[str]) -> onnx.NodeProto:
        node = helper.make_node(operator, ["a"], ["b"], domain=domain)
        for name in names:
            node.attribute.add(name=name, ref_attr_name="body", type=onnx.AttributeProto.GRAPH)
        return node

    def given(level: int, body: onnx.GraphProto) -> onnx.NodeProto:
        return helper.make_node(f"F{level}", ["a"], ["b"], domain="f", body=body)

    branches = ["then_branch", "else_branch"]
    functions = [helper.make_function("f", "F0", ["a"], ["b"], [taking("If", "", branches)], opsets, ["body"])]
    value = helper.make_tensor_value_info("b", onnx.TensorProto.FLOAT, [1])
    for level in range(8):
        inner = helper.make_graph([taking(f"F{level}", "f", ["body"])], "inner", [], [value])
        functions.append(
            helper.make_function("f", f"F{level + 1}", ["a"], ["b"], [given(level, inner)], opsets, ["body"])
        )
    constant = helper.make_graph([helper.make_node("Constant", [], ["b"], value_float=1.0)], "c", [], [value])
    graph = helper.make_graph([given(8, constant)], "g", [helper.make_tensor_value_info("a", 9, [])], [value])
    proto = helper.make_model(graph, functions=functions, opset_imports=opsets, ir_version=10)
    with pytest.raises(UnreadableModelError, match="would take more than 64 MiB"):
        from_proto(proto)
