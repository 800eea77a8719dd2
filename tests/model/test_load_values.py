"""`LoadedModel.values`: the values of any tensor, wherever and however they are stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import TensorProto, helper, numpy_helper

from strideinspect.errors import UnreadableModelError
from strideinspect.model.load import LoadedModel, from_proto, load
from tests.model.test_load import everywhere, tensors
from tests.model.wire_bytes import message, model, save, varint

TYPES = [name for name in TensorProto.DataType.keys() if name != "UNDEFINED"]  # noqa: SIM118 - an enum wrapper, no dict
STORAGES = [(kind, raw) for kind in TYPES for raw in (False, True) if kind != "STRING" or not raw]  # strings have one
COUNT = 20_000  # over 1 KiB even at two bits a value


def holding(tensor: TensorProto) -> onnx.ModelProto:
    """A model with this initializer."""
    graph = helper.make_graph([], "g", [], [], [tensor])
    return helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 20)])


def loaded(path: Path, tensor: bytes) -> tuple[LoadedModel, TensorProto]:
    """A loaded model with this initializer, and the tensor in it."""
    result = load(save(path / "m.onnx", model(message(5, tensor))))
    return result, result.proto.graph.initializer[0]


@pytest.mark.parametrize("count", [4, COUNT])
@pytest.mark.parametrize(("kind", "raw"), STORAGES)
def test_every_type_in_every_storage(tmp_path: Path, kind: str, raw: bool, count: int) -> None:  # noqa: FBT001
    """What comes out is what the ONNX library reads: each element type, in typed fields and raw, large and small."""
    data_type = TensorProto.DataType.Value(kind)
    words = kind == "STRING"
    values: list[Any] = [b"ab", "é".encode()] * (count // 2) if words else [i % 2 for i in range(count)]
    tensor = helper.make_tensor("t", data_type, [count // 2, 2], values)
    if raw:
        tensor = numpy_helper.from_array(numpy_helper.to_array(tensor), "t")
    path = save(tmp_path / "m.onnx", holding(tensor))
    model_without = load(path)
    initializer = model_without.proto.graph.initializer[0]
    assert model_without.is_left_out(initializer) == (count == COUNT)
    actual, expected = model_without.values(initializer), numpy_helper.to_array(onnx.load(path).graph.initializer[0])
    assert actual is not None
    assert (actual.dtype, actual.shape) == (expected.dtype, (count // 2, 2))
    np.testing.assert_array_equal(actual, expected)


FLOATS = np.arange(600, dtype="<f4")
LONGS = np.arange(600) * 7**9 - 3 * 7**11
HEAD = b"\x10\x01"  # data_type (2) FLOAT
DIMS = b"\x08" + varint(600)


def longs(*, packed: bool) -> bytes:
    """LONGS as int64_data (7)."""
    encoded = [varint(int(value) % 2**64) for value in LONGS]  # negative numbers count down from 2^64
    return message(7, b"".join(encoded)) if packed else b"".join(b"\x38" + one for one in encoded)


UNPACKED = b"".join(b"\x25" + FLOATS[i : i + 1].tobytes() for i in range(600))
SPELLINGS = {
    "packed": (HEAD + DIMS + message(4, FLOATS.tobytes()), FLOATS),
    "one tag per value": (HEAD + DIMS + UNPACKED, FLOATS),
    "payload first": (UNPACKED + DIMS + HEAD, FLOATS),
    "several packed parts": (message(4, FLOATS[:9].tobytes()) + DIMS + message(4, FLOATS[9:].tobytes()) + HEAD, FLOATS),
    "packed, then not": (message(4, FLOATS[:300].tobytes()) + DIMS + UNPACKED[300 * 5 :] + HEAD, FLOATS),
    "raw twice: the last counts": (HEAD + message(9, bytes(2400)) + DIMS + message(9, FLOATS.tobytes()), FLOATS),
    "tag of two bytes": (HEAD + DIMS + b"\xca\x00" + varint(2400) + FLOATS.tobytes(), FLOATS),
    "unknown fields between": (
        HEAD + UNPACKED[:1500] + b"\xf8\x06\x05" + UNPACKED[1500:] + b"\xfb\x06\xfc\x06" + DIMS,
        FLOATS,
    ),
    "int64 packed": (b"\x10\x07" + DIMS + longs(packed=True), LONGS),
    "int64, one tag per value": (longs(packed=False) + b"\x10\x07" + DIMS, LONGS),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_a_payload(tmp_path: Path, spelling: str) -> None:
    """Packed or not, in parts, in any order: the values are those that were written."""
    data, expected = SPELLINGS[spelling]
    result, tensor = loaded(tmp_path, data)
    assert result.is_left_out(tensor)
    assert list(tensor.dims) == [600]
    assert not any(tensor.float_data) and not tensor.int64_data and not tensor.raw_data  # noqa: PT018 - one claim
    np.testing.assert_array_equal(result.values(tensor), expected)


def test_weights_in_every_place(tmp_path: Path) -> None:
    """Initializers, attributes, sparse tensors and subgraphs: each tensor's values are those that the library reads."""
    path = save(tmp_path / "m.onnx", everywhere())
    result = load(path)
    pairs = list(zip(tensors(result.proto.graph), tensors(onnx.load(path).graph), strict=True))
    assert len(pairs) == 12  # w, small, constant, one, two, three copies of inside, two of values and places
    for ours, theirs in pairs:
        np.testing.assert_array_equal(result.values(ours), numpy_helper.to_array(theirs))


def test_weights_in_a_function_called_twice(tmp_path: Path) -> None:
    """Both copies of an inlined Constant know where their values lie."""
    text = """<ir_version: 10, opset_import: ["": 20, "f": 1]>
        main (float[600] x) => (y) { t = f.Add(x)  y = f.Add(t) }
        <domain: "f", opset_import: ["": 20]> Add (a) => (b) { c = Constant<value_float = 0.0>()  b = Add(a, c) }"""
    proto = onnx.parser.parse_model(text)
    constant = proto.functions[0].node[0]
    constant.attribute[0].CopyFrom(helper.make_attribute("value", numpy_helper.from_array(FLOATS, "")))
    result = load(save(tmp_path / "m.onnx", proto))
    copies = [node.attribute[0].t for node in result.proto.graph.node if node.op_type == "Constant"]
    assert len(copies) == 2
    for copy in copies:
        assert result.is_left_out(copy)
        np.testing.assert_array_equal(result.values(copy), FLOATS)


@pytest.mark.parametrize("location", ["missing.bin", "../../outside.bin", "m.onnx"])
def test_external_data_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str) -> None:
    """Values in another file are None, wherever that file is said to be; nothing is opened to find out."""
    tensor = TensorProto(name="w", dims=[4], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    result, tensor = loaded(tmp_path, tensor.SerializeToString())
    monkeypatch.setattr(Path, "open", None)
    monkeypatch.setattr("builtins.open", None)
    assert result.values(tensor) is None


def test_a_model_from_memory_has_its_values() -> None:
    """Nothing is left out of a model that never was a file."""
    result = from_proto(holding(numpy_helper.from_array(FLOATS, "w")))
    tensor = result.proto.graph.initializer[0]
    assert not result.is_left_out(tensor)
    np.testing.assert_array_equal(result.values(tensor), FLOATS)


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    """Offsets into a file that was written anew mean nothing: an error, not other values."""
    result, tensor = loaded(tmp_path, HEAD + DIMS + UNPACKED)
    with (tmp_path / "m.onnx").open("ab") as file:
        file.write(b"\xf8\x06\x05")
    with pytest.raises(UnreadableModelError, match="has changed since it was read"):
        result.values(tensor)
    (tmp_path / "m.onnx").unlink()
    with pytest.raises(UnreadableModelError, match="there is no file"):
        result.values(tensor)


def test_a_file_cannot_forge_where_values_lie(tmp_path: Path) -> None:
    """The key under which offsets are noted differs from load to load, so a note copied from a load means nothing."""
    first, tensor = loaded(tmp_path, HEAD + DIMS + UNPACKED)
    forged = TensorProto(name="small", dims=[1], data_type=TensorProto.FLOAT, float_data=[5.0])
    forged.metadata_props.extend(tensor.metadata_props)
    assert first.is_left_out(forged)
    second, small = loaded(tmp_path, forged.SerializeToString())
    np.testing.assert_array_equal(second.values(small), np.array([5.0], np.float32))


WRONG = {
    "too few values": HEAD + b"\x08" + varint(601) + UNPACKED,
    "raw bytes that are no whole number of values": HEAD + DIMS + message(9, bytes(2401)),
    "a negative dimension": HEAD + b"\x08" + varint(2**64 - 1) + UNPACKED,
    "a dimension that overflows": HEAD + b"\x08" + varint(2**62) * 1 + b"\x08" + varint(2**62) + UNPACKED,
    "an element type that there is not": b"\x10\x63" + DIMS + UNPACKED,
    "no element type": DIMS + UNPACKED,
    "four-bit values of a giant": b"\x10\x16" + b"\x08" + varint(2**40) + message(9, bytes(2000)),
    "packed floats cut within one": HEAD + DIMS + message(4, bytes(2399)),
    "text that is no text": b"\x10\x08" + b"\x08\x01" + message(6, b"\xff" * 2000),
}


@pytest.mark.parametrize("case", WRONG)
def test_values_that_do_not_fit(tmp_path: Path, case: str) -> None:
    """A tensor whose values are not what its type and shape promise is one clear error, when asked for."""
    result, tensor = loaded(tmp_path, WRONG[case] + message(8, b"weight"))
    with pytest.raises(UnreadableModelError, match="values of tensor 'weight' do not fit its type and shape"):
        result.values(tensor)


def test_a_payload_in_two_messages_is_refused(tmp_path: Path) -> None:
    """An attribute whose tensor is written twice, once large and once small, has no values that could be told."""
    large, small = (HEAD + DIMS + UNPACKED), TensorProto(dims=[], float_data=[1.0]).SerializeToString()
    attribute = message(1, b"value") + b"\xa0\x01\x04" + message(5, large) + message(5, small)
    node = message(2, b"c") + message(4, b"Constant") + message(5, attribute)
    result = load(save(tmp_path / "m.onnx", model(message(1, node))))
    with pytest.raises(UnreadableModelError, match="stored twice"):
        result.values(result.proto.graph.node[0].attribute[0].t)
