"""What `load` gives: the same graph as the ONNX library, without its weights, inlined and sorted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import TensorProto, helper, numpy_helper

from strideinspect.model.load import from_proto, load
from strideinspect.model.wire import reduce
from tests.model.test_inline import FUNCTIONS
from tests.model.wire_bytes import IR_10, OPSET_20, message, model, save, varint

LIGHT = sorted((Path(onnx.__file__).parent / "backend/test/data/light").glob("*.onnx"))
PAYLOADS = ("float_data", "int32_data", "int64_data", "uint64_data", "double_data", "string_data", "raw_data")


def weights(name: str) -> TensorProto:
    """2 KiB of different values."""
    return numpy_helper.from_array(np.arange(512, dtype=np.float32), name)


def everywhere() -> onnx.ModelProto:
    """Weights in an initializer, attributes, a sparse tensor and a subgraph, beside small ones that stay."""
    sparse = helper.make_sparse_tensor(
        weights("sparse"), numpy_helper.from_array(np.arange(512, dtype=np.int64), "places"), [4096]
    )

    def body(name: str) -> onnx.GraphProto:
        return helper.make_graph(
            [helper.make_node("Identity", [f"inside {name}"], [name])],
            "body",
            [],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [512])],
            [weights(f"inside {name}")],
        )

    custom = helper.make_node("Custom", ["w"], ["custom"], domain="own", tensors=[weights("one"), weights("two")])
    custom.attribute.append(helper.make_attribute("graphs", [body("b1")]))
    nodes = [
        helper.make_node("Constant", [], ["c"], value=weights("constant")),
        helper.make_node("Constant", [], ["s"], sparse_value=sparse),
        helper.make_node("If", ["flag"], ["i"], then_branch=body("b2"), else_branch=body("b3")),
        custom,
        helper.make_node("Sum", ["c", "i", "small", "w"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "everywhere",
        [helper.make_tensor_value_info("flag", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [512])],
        [weights("w"), numpy_helper.from_array(np.array([3.0], np.float32), "small")],
        sparse_initializer=[sparse],
        doc_string="long " * 1000,
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="test")


def tensors(graph: onnx.GraphProto) -> list[TensorProto]:
    """Every tensor of a graph and its subgraphs."""
    sparse = list(graph.sparse_initializer)
    found = list(graph.initializer)
    for attribute in (attribute for node in graph.node for attribute in node.attribute):
        found += [attribute.t] if attribute.HasField("t") else []
        found += attribute.tensors
        sparse += [attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []
        for subgraph in [attribute.g, *attribute.graphs]:
            found += tensors(subgraph)
    return found + [tensor for one in sparse for tensor in (one.values, one.indices)]


def without_payloads(proto: onnx.ModelProto) -> onnx.ModelProto:
    """A copy in which no tensor has values or metadata."""
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    for tensor in tensors(copy.graph):
        for name in (*PAYLOADS, "metadata_props"):
            tensor.ClearField(name)
    return copy


def test_the_graph_is_the_librarys_apart_from_payloads(tmp_path: Path) -> None:
    """Leaving payloads out changes nothing else, and only those over 1 KiB are left out."""
    path = save(tmp_path / "m.onnx", everywhere())
    loaded = load(path)
    assert without_payloads(loaded.proto) == without_payloads(onnx.load(path))
    left_out = [tensor.name for tensor in tensors(loaded.proto.graph) if loaded.is_left_out(tensor)]
    assert sorted(left_out) == sorted(tensor.name for tensor in tensors(everywhere().graph) if tensor.name != "small")
    assert (
        loaded.proto.ByteSize() < len("long " * 1000) + 12 * 200
    )  # twelve tensors, each with a note of where its payload lies


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_real_networks_load_as_they_are(path: Path) -> None:
    """The nine network graphs of the ONNX package, which have no large payload, are just what the library reads."""
    assert load(path).proto == onnx.load(path)


def test_the_onnx_package_has_its_nine_networks() -> None:
    """The test above has something to work on."""
    assert len(LIGHT) == 9


def test_weights_for_training_are_left_out_too(tmp_path: Path) -> None:
    """A model may bring graphs that set it up for training, with as many weights."""
    proto = everywhere()
    proto.training_info.add().initialization.initializer.append(weights("start"))
    loaded = load(save(tmp_path / "m.onnx", proto))
    start = loaded.proto.training_info[0].initialization.initializer[0]
    assert (start.name, loaded.is_left_out(start)) == ("start", True)


class CountingBytes(bytes):
    """Bytes that count how many of them are taken out."""

    taken = 0

    def __getitem__(self, key):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204
        """Count, then as bytes do."""
        part = super().__getitem__(key)
        self.taken += len(part) if isinstance(key, slice) else 1
        return part


def test_payloads_are_never_touched() -> None:
    """Of a model with 4 MiB of weights fewer bytes are read than its structure has twice over."""
    heavy = onnx.parser.parse_model('<ir_version: 10, opset_import: ["": 20]> g (float[1] x) => (y) { y = Add(x, w) }')
    structure = heavy.ByteSize()
    heavy.graph.initializer.append(numpy_helper.from_array(np.ones(1 << 20, np.float32), "w"))
    data = CountingBytes(heavy.SerializeToString())
    reduce(data, "key")
    assert data.taken < 2 * structure + 100


def test_a_file_beyond_protobufs_two_gibibytes_loads(tmp_path: Path) -> None:
    """Weights of 3 GiB, more than protobuf can hold, do not matter; nor does a table behind them."""
    table = numpy_helper.from_array(np.arange(300, dtype=np.int64), "table").SerializeToString()
    head = TensorProto(name="w", dims=[3 << 28], data_type=TensorProto.FLOAT).SerializeToString()
    tensor_start = head + b"\x4a" + varint(3 << 30)  # raw_data (9)
    nodes = message(1, helper.make_node("Gather", ["w", "table"], ["y"]).SerializeToString())
    graph_start = nodes + b"\x2a" + varint(len(tensor_start) + (3 << 30)) + tensor_start
    path = tmp_path / "m.onnx"
    with path.open("wb") as file:
        file.write(IR_10 + b"\x3a" + varint(len(graph_start) + (3 << 30) + len(message(5, table))) + graph_start)
        file.seek(3 << 30, 1)
        file.write(message(5, table) + OPSET_20)
    loaded = load(path)
    assert [tensor.name for tensor in loaded.proto.graph.initializer] == ["w", "table"]
    np.testing.assert_array_equal(loaded.values(loaded.proto.graph.initializer[1]), np.arange(300))


def test_a_graph_in_two_parts_is_one_graph(tmp_path: Path) -> None:
    """A sub-message field that occurs twice is merged, as protobuf says."""
    node = helper.make_node("Relu", ["x"], ["y"]).SerializeToString()
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1]).SerializeToString()
    parts = message(7, message(11, value)) + IR_10 + message(7, message(1, node))
    loaded = load(save(tmp_path / "m.onnx", parts + OPSET_20))
    assert [node.op_type for node in loaded.proto.graph.node] == ["Relu"]
    assert [value.name for value in loaded.proto.graph.input] == ["x"]


def test_fields_that_onnx_does_not_know_are_passed_over(tmp_path: Path) -> None:
    """Unknown numbers, strings and groups, also in front and with tags spelled longer than needed, do no harm."""
    group = b"\xf3\x06" + b"\x08\x01" + b"\x13\x14" + b"\x12\x02ab" + b"\x1d1234" + b"\xf4\x06"  # field 110
    unknown = group + b"\xf8\x06\x05" + b"\xfa\x06\x03abc" + b"\xf9\x0612345678"  # 111 three times
    data = unknown + b"\x88\x00\x0a" + message(7, unknown) + OPSET_20 + unknown  # ir_version with a tag of two bytes
    loaded = load(save(tmp_path / "m.onnx", data))
    assert (loaded.proto.ir_version, len(loaded.proto.graph.node)) == (10, 0)


def test_a_model_without_nodes_is_fine(tmp_path: Path) -> None:
    """An input handed straight to the output is a model."""
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1]).SerializeToString()
    loaded = load(save(tmp_path / "m.onnx", model(message(11, value) + message(12, value))))
    assert (len(loaded.proto.graph.node), loaded.size) == (0, len(model(message(11, value) + message(12, value))))


@pytest.mark.parametrize(("ir_version", "opset"), [(3, 1), (99, 20), (10, 999), (0, 20)])
def test_other_versions_load(tmp_path: Path, ir_version: int, opset: int) -> None:
    """Old, unknown and missing format versions are read as far as the graph is clear."""
    old = onnx.parser.parse_model(
        '<ir_version: 3, opset_import: ["": 1]> g (float[1] x, float[1] w) => (y) { y = Add(x, w) }'
    )
    old.ir_version, old.opset_import[0].version = ir_version, opset
    old.graph.initializer.append(numpy_helper.from_array(np.array([1.0], np.float32), "w"))  # IR 3: an input as well
    assert [value.name for value in load(save(tmp_path / "m.onnx", old)).proto.graph.input] == ["x", "w"]


def test_nodes_are_sorted_and_no_more_than_needed() -> None:
    """Where the order is off, a node moves behind what it reads; all others keep their order."""
    text = """<ir_version: 10, opset_import: ["": 20]>
        g (float[1] x) => (e) { a = Neg(c) b = Abs(x) c = Relu(x) e = Add(a, b) }"""
    assert [node.output[0] for node in from_proto(onnx.parser.parse_model(text)).proto.graph.node] == [
        "b",
        "c",
        "a",
        "e",
    ]


def test_subgraphs_are_sorted_and_what_they_read_counts() -> None:
    """A node whose subgraph reads an outer tensor runs after it, and the subgraph's own nodes are sorted too."""
    text = """<ir_version: 10, opset_import: ["": 20]> g (bool c, float[1] x) => (y) {
        y = If (c) <then_branch = t () => (float[1] p) { p = Relu(q) q = Neg(late) },
                    else_branch = e () => (float[1] r) { r = Neg(x) }>
        late = Abs(x) }"""
    graph = from_proto(onnx.parser.parse_model(text)).proto.graph
    assert [node.op_type for node in graph.node] == ["Abs", "If"]
    assert [node.op_type for node in graph.node[1].attribute[0].g.node] == ["Neg", "Relu"]


def test_a_node_is_found_in_the_file(tmp_path: Path) -> None:
    """The bytes at a node's offset decode to that node, whether it is large, small, moved or from a function's body."""
    text = FUNCTIONS.replace("VERSION", "20").replace("t = local", "z = Neg(y) t = local")
    path = save(tmp_path / "m.onnx", onnx.parser.parse_model(text))
    loaded = load(path)
    found = {}
    for node in loaded.proto.graph.node:
        start, length = loaded.node_offset(node) or (0, 0)
        written = onnx.NodeProto.FromString(path.read_bytes()[start : start + length])
        found[node.output[0]] = (written.op_type, written.output[0])
    assert found["z"] == ("Neg", "z")
    assert found["t"] == ("Relu", "b")  # the last node of `outer`
    assert found["y"] == ("LeakyRelu", "b")  # and of `inner`
    large = load(save(tmp_path / "large.onnx", everywhere()))
    start, length = large.node_offset(large.proto.graph.node[0]) or (0, 0)
    assert (
        everywhere().graph.node[0].SerializeToString() == (tmp_path / "large.onnx").read_bytes()[start : start + length]
    )
    assert from_proto(everywhere()).node_offset(everywhere().graph.node[0]) is None
