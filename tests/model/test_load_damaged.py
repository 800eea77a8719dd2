"""Files that are no model, or a broken or hostile one: one clear error each, and never anything else."""

from __future__ import annotations

import os
import random
import zipfile
from pathlib import Path

import onnx
import onnx.parser
import pytest
from onnx import helper

from strideinspect.errors import UnreadableModelError
from strideinspect.model.load import LoadedModel, from_proto, load
from tests.model.wire_bytes import IR_10, OPSET_20, message, model, save, varint

HEADER = '<ir_version: 10, opset_import: ["": 20, "f": 1]> '
SMALL = """g (bool c, float[1,2,4,4] x) => (float[1,2,4,4] y) <float[2] b = {1, 2}> {
    k = Constant<value = float[1] {3}>()
    t = Conv<kernel_shape = [1,1]>(x, w, b)
    s = f.Scale<by = 2.0>(t)
    y = If (c) <then_branch = yes () => (float[1,2,4,4] p) { p = Mul(s, k) },
                else_branch = no () => (float[1,2,4,4] q) { q = Relu(s) }> }
    <domain: "f", opset_import: ["": 20]>
    Scale <by> (a) => (d) { f = Constant<value_float: float = @by>() d = Mul(a, f) }"""


def small() -> onnx.ModelProto:
    """Weights, a subgraph and a function in few bytes; the last field written is `opset_import`."""
    proto = onnx.parser.parse_model(HEADER + SMALL)
    proto.graph.initializer.append(helper.make_tensor("w", onnx.TensorProto.FLOAT, [2, 2, 1, 1], [0.5] * 4))
    return proto


def refused(path: Path) -> str:
    """The message with which the file is refused."""
    with pytest.raises(UnreadableModelError) as caught:
        load(path)
    assert caught.value.help
    return caught.value.message


def examine(path: Path) -> bool:
    """Use all of a file's model; whether it could be loaded. Any other exception than ours goes through."""
    try:
        loaded = load(path)
    except UnreadableModelError:
        return False
    for node in loaded.proto.graph.node:
        loaded.node_offset(node)
    for tensor in loaded.proto.graph.initializer:
        try:
            loaded.values(tensor)
        except UnreadableModelError:
            continue
    return True


def test_truncated_at_every_byte(tmp_path: Path) -> None:
    """A model that ends with its opset_import is whole or an error: no prefix passes for a model."""
    proto = small()
    own, standard = (message(8, entry.SerializeToString()) for entry in reversed(proto.opset_import))
    proto.ClearField("opset_import")
    whole = proto.SerializeToString() + own + standard
    assert examine(save(tmp_path / "m.onnx", whole))
    passing = [end for end in range(len(whole)) if examine(save(tmp_path / "m.onnx", whole[:end]))]
    assert passing == []


@pytest.mark.parametrize("seed", range(2))
def test_flipped_bits(tmp_path: Path, seed: int) -> None:
    """Whatever bit is wrong, the file loads or is refused, and both happen."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    whole = small().SerializeToString()
    outcomes = set()
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 1, 3))):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        outcomes.add(examine(save(tmp_path / "m.onnx", bytes(data))))
    assert outcomes == {True, False}


def test_random_bytes(tmp_path: Path) -> None:
    """Noise, with and without a model's first bytes, is no model."""
    rng = random.Random(0)  # noqa: S311 - no secret
    for _ in range(200):
        noise = rng.randbytes(rng.randrange(1, 300))
        assert not examine(save(tmp_path / "m.onnx", noise))
        examine(save(tmp_path / "m.onnx", IR_10 + message(7, noise) + OPSET_20))


FOREIGN = {
    "git-lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "Git LFS pointer"),
    "html": (b"\n<!DOCTYPE html>\n<html><body>Not found</body></html>", "web page"),
    "text": ("Modèle: see README\n".encode() * 400, "text file"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
    "tflite": (b"\x1c\0\0\0TFL3" + bytes(100), "TensorFlow Lite"),
    "ort": (b"\x1c\0\0\0ORTM" + bytes(100), r"onnxruntime \.ort"),
    "saved-model": (b"\x08\x01\x12\xc8\x01\x0a\xc5\x01" + bytes(196) + b"\0", "SavedModel"),
    "safetensors": (b"\x40\0\0\0\0\0\0\0" + b'{"weight": {}}', "safetensors"),
    "gzip": (b"\x1f\x8b\x08" + bytes(100), "compressed file"),
    "tar": (b"m.onnx" + bytes(251) + b"ustar" + bytes(250), "tar archive"),
    "pickle": (b"\x80\x02}q\0.", "Python pickle"),
    "tensor": (helper.make_tensor("t", 1, [1], [1.0]).SerializeToString(), "no graph|not an ONNX model"),
    "nothing": (b"", "is empty"),
    "zeros": (bytes(100), "not an ONNX model"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_files_of_other_kinds_are_named(tmp_path: Path, kind: str) -> None:
    """A file that is something else is told by what it is, and what to do about it."""
    data, expected = FOREIGN[kind]
    with pytest.raises(UnreadableModelError, match=expected):
        load(save(tmp_path / "m.onnx", data))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("net/data.pkl", "PyTorch"),
        ("net/.format_version", "PyTorch"),
        ("metadata.json", "Keras"),
        ("m.onnx", "zip archive"),
    ],
)
def test_zip_archives_are_told_apart(tmp_path: Path, entry: str, expected: str) -> None:
    """torch.save and Keras write zip archives; the first entry tells which."""
    with zipfile.ZipFile(tmp_path / "m.onnx", "w") as archive:
        archive.writestr(entry, b"0" * 100)
    assert expected in refused(tmp_path / "m.onnx")


def test_paths_that_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, a directory, no regular file, unreadable, no path at all: each said in plain words, none waits."""
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "missing.onnx").startswith("there is no file")
    assert refused(tmp_path).endswith("is a directory")
    assert refused(tmp_path / "pipe").endswith("is not a regular file")
    assert "cannot read" in refused(Path("a\0b.onnx"))
    assert "cannot read" in refused(tmp_path / ("x" * 5000))
    path = save(tmp_path / "m.onnx", small())

    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    assert refused(path).startswith("no permission to read")


BROKEN_GRAPHS = {
    "(float[1] x) => (y) { y = Add(x, lost) }": "Add 'y' uses 'lost', but nothing defines it",
    "(float[1] x) => (y, z) { y = Relu(x) }": "output list of graph 'g' uses 'z'",
    "(float[1] x) => (y) { y = Relu(x) y = Neg(x) }": "Neg 'y' produces 'y', but another tensor has that name",
    "(float[1] x) => (x) { x = Relu(x) }": "Relu 'x' produces 'x'",
    "(float[1] x) => (y) <float[1] w = {1}> { w = Relu(x) y = Neg(w) }": "Relu 'w' produces 'w'",
    "(float[1] x) => (y) { a = Add(x, b) b = Neg(a) y = Relu(b) }": "Add 'a' depends on its own result (a cycle)",
    "(float[1] x) => (y) { y = Add(x, y) }": "Add 'y' depends on its own result",
    "(bool x) => (y) { y = If(x) <then_branch = t () => (a) { a = Neg(lost) }, else_branch = e () => (x) { }> }": (
        "Neg 'a' uses 'lost'"
    ),
    "(bool x) => (y) { y = If(x) <then_branch = t () => (a) { a = Neg(y) }, else_branch = e () => (x) { }> }": (
        "If 'y' depends on its own result"
    ),
    '(float[1] x) => (y) { y = f.A(x) } <domain: "f", opset_import: ["": 20, "f": 1]> A (a) => (b) { b = f.A(a) }': (
        "local function f.A calls itself"
    ),
}


@pytest.mark.parametrize("graph", BROKEN_GRAPHS)
def test_broken_graphs(graph: str) -> None:
    """What is wrong with a graph is said by the names of its node and tensor."""
    with pytest.raises(UnreadableModelError) as caught:
        from_proto(onnx.parser.parse_model(f"{HEADER} g {graph}"))
    assert BROKEN_GRAPHS[graph] in caught.value.message


@pytest.mark.parametrize("opsets", [[], [("f", 1)], [("", 0), ("f", 1)]])
def test_no_operator_set(opsets: list[tuple[str, int]]) -> None:
    """Without the version of the standard nobody can say what its operators do."""
    proto = small()
    proto.ClearField("opset_import")
    proto.opset_import.extend(helper.make_opsetid(*opset) for opset in opsets)
    with pytest.raises(UnreadableModelError, match="which version of the ONNX operators"):
        from_proto(proto)


@pytest.mark.parametrize("where", [b"Conv", b"main_graph", b"here", b"note"])
def test_names_that_are_no_text(tmp_path: Path, where: bytes) -> None:
    """Names and notes that are not UTF-8 are refused: protobuf would hand them out as bytes."""
    proto = small()
    proto.graph.name, proto.graph.node[0].name = "main_graph", "here"
    proto.graph.node[1].metadata_props.add(key="source", value="note")
    broken = b"\xff" + where[1:]
    data = proto.SerializeToString().replace(where, broken)
    assert f"{broken!r} is not UTF-8 text" in refused(save(tmp_path / "m.onnx", data))


@pytest.mark.parametrize("where", [b"image", b"height", b"hidden", b"result"])
def test_tensors_that_are_no_text(tmp_path: Path, where: bytes) -> None:
    """The same for tensors and symbolic sizes, in a graph that is in order."""
    text = "g (float[height] image) => (float[height] result) { hidden = Relu(image) result = Neg(hidden) }"
    data = onnx.parser.parse_model(HEADER + text).SerializeToString()
    broken = b"\xff" + where[1:]
    assert f"{broken!r} is not UTF-8 text" in refused(save(tmp_path / "m.onnx", data.replace(where, broken)))


def nested(depth: int) -> bytes:
    """A model of subgraphs within subgraphs."""
    body = message(1, message(1, b"x") + message(2, b"r") + message(4, b"Relu"))
    for _ in range(depth):
        attribute = message(1, b"then_branch") + b"\xa0\x01\x05" + message(6, body)
        body = message(1, message(1, b"x") + message(2, b"r") + message(4, b"If") + message(5, attribute))
    return model(body + message(11, message(1, b"x")))


@pytest.mark.parametrize("depth", [33, 40, 1000])
def test_subgraphs_nested_too_deep(tmp_path: Path, depth: int) -> None:
    """Protobuf allows 99 messages within messages, which are 32 subgraphs; more are refused, not followed."""
    assert examine(save(tmp_path / "m.onnx", nested(32)))
    assert "nested too deep" in refused(save(tmp_path / "m.onnx", nested(depth)))


HOSTILE = {
    "groups within groups": (b"\x5b" * 1_000_000, "no field starts"),
    "a group that never ends": (b"\x5b\x08\x01", "ends within a field"),
    "a group's end without a start": (b"\x5c", "no field starts"),
    "a number of eleven bytes": (b"\x0a" + b"\xff" * 10 + b"\x01", "longer than ten bytes"),
    "a length of 2^63": (b"\x0a" + varint(2**63), "runs past the end"),
    "a node longer than its graph": (message(7, b"\x0a\x05a"), "runs past the end"),
    "field number zero": (b"\x02\x01a", "not an ONNX model"),
    "millions of fields": (message(7, b"\x0a\x00" * 2_500_000), "more than 2,000,000 fields"),
    "millions of strings": (message(7, message(5, b"\x32\x00" * 2_500_000)), "more than 2,000,000 fields"),
}


@pytest.mark.parametrize("case", [
    pytest.param(case, marks=pytest.mark.slow if case.startswith("millions") else ()) for case in HOSTILE
])  # fmt: skip
def test_hostile_encodings(tmp_path: Path, case: str) -> None:
    """Encodings made to hurt a reader end soon, with the place that is wrong."""
    data, expected = HOSTILE[case]
    assert expected in refused(save(tmp_path / "m.onnx", IR_10 + data))


def test_a_weight_cut_off_within_its_payload(tmp_path: Path) -> None:
    """The last bytes of a large weight are missing: noticed, though they are never read."""
    weight = helper.make_tensor("w", onnx.TensorProto.FLOAT, [1000], bytes(4000), raw=True).SerializeToString()
    whole = OPSET_20 + IR_10 + message(7, message(5, weight))
    assert isinstance(load(save(tmp_path / "m.onnx", whole)), LoadedModel)
    for missing in (1, 500, 3999):
        assert "runs past the end" in refused(save(tmp_path / "m.onnx", whole[:-missing]))


def test_garbage_behind_a_model(tmp_path: Path) -> None:
    """Bytes behind the model that are no protobuf fields are noticed."""
    assert "no field starts" in refused(save(tmp_path / "m.onnx", small().SerializeToString() + bytes(3)))
