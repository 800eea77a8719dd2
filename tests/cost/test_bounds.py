"""What is read, visited and kept in memory, counted."""

from __future__ import annotations

import ctypes
import mmap
import pickle
import sys
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import pytest

from strideinspect import inspect
from strideinspect.fields import actual, node_reads
from strideinspect.fields.axes import StepContext
from strideinspect.fields.node_reads import described
from strideinspect.limits import LARGEST_FIELD_ARRAY
from strideinspect.model.inference import infer
from strideinspect.model.load import from_proto
from strideinspect.model.network import prepare
from strideinspect.model.node import PlacedNode
from strideinspect.reads import resizing
from strideinspect.reads.families import describe
from strideinspect.reads.steps import Table
from strideinspect.results.field import Positions
from tests.oracle_models import model_of

WEIGHTS = 500_000_000


def sparse_model(path: Path) -> None:
    """A model whose dense layer has 500 MB of weights inside the file, which are a hole in it."""
    rows = WEIGHTS // 4 // 1000
    model = model_of(
        "c = Conv (image, w) f = Flatten (c) s = Slice (f, starts, ends, axes) y = MatMul (s, dense)",
        {"image": (1, 1, 400, 400)},
        constants={"w": (1, 1, 3, 3), "starts": [0], "ends": [rows], "axes": [1]},
    )
    tensor = onnx.TensorProto(name="dense", data_type=onnx.TensorProto.FLOAT, dims=(rows, 1000)).SerializeToString()
    # A second graph message, which protobuf joins to the first, holds the initializer (5) with its raw data (9) last.
    wire = tensor + b"\x4a" + varint(WEIGHTS)
    inner = b"\x2a" + varint(len(wire) + WEIGHTS) + wire
    wire = model.SerializeToString() + b"\x3a" + varint(len(inner) + WEIGHTS) + inner
    path.write_bytes(wire)
    with path.open("r+b") as file:
        file.truncate(len(wire) + WEIGHTS)


def varint(number: int) -> bytes:
    """A number as protobuf writes it: seven bits to a byte."""
    high, low = divmod(number, 128)
    return bytes([low | 128]) + varint(high) if high else bytes([low])


def resident(path: Path) -> int:
    """How many bytes of a file the system holds in memory, because somebody has read them."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as data:
        pages = (ctypes.c_ubyte * (len(data) // mmap.PAGESIZE + 1))()
        start = (ctypes.c_ubyte * len(data)).from_buffer(data)
        answer = ctypes.CDLL(None, use_errno=True).mincore(ctypes.byref(start), ctypes.c_size_t(len(data)), pages)
        del start
    assert answer == 0
    return int(np.count_nonzero(np.frombuffer(bytes(pages), dtype=np.uint8) & 1)) * mmap.PAGESIZE


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux which pages of a file were read")
@pytest.mark.parametrize("verify", ["none", "run"])
def test_weights_are_not_read(verify: Literal["none", "run"], tmp_path: Path) -> None:
    """Of 500 MB of weights at most what the system reads ahead is read, verified or not."""
    path = tmp_path / "model.onnx"
    sparse_model(path)
    report = inspect(path, verify=verify)
    assert report.outputs[0].shape == (1, 1000)
    assert verify == "none" or report.verification.status == "agreed"
    assert resident(path) < 1_000_000


def residual(blocks: int) -> onnx.ModelProto:
    """Two-way merges in series: 2^blocks paths."""
    body = "".join(f"c{i} = Conv <pads = [1, 1, 1, 1]> (a{i}, w) a{i + 1} = Add (a{i}, c{i})\n" for i in range(blocks))
    return model_of(
        f"a0 = Relu (image) {body} y = Relu (a{blocks})", {"image": (1, 1, 8, 8)}, constants={"w": (1, 1, 3, 3)}
    )


def test_every_node_is_visited_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 2^200 paths every node is described once, and the last window takes as many steps as the first."""
    onnx.save(residual(200), tmp_path / "model.onnx")
    described: Counter[str] = Counter()
    steps: Counter[str] = Counter()
    apply = actual.apply

    def counted(placed: PlacedNode) -> Any:
        described[placed.node.key] += 1
        return describe(placed)

    def stepped(step: Any, seen: Any, context: StepContext) -> Any:
        steps[context.tensor] += 1
        return apply(step, seen, context)

    monkeypatch.setattr(node_reads, "describe", counted)
    monkeypatch.setattr(actual, "apply", stepped)
    inspect(tmp_path / "model.onnx", verify="none")
    assert len(described) == 402
    assert set(described.values()) == {1}
    # Two windows and the channels, from two image axes.
    assert [steps[f"c{i}"] for i in range(1, 200)] == [6] * 199


def test_arrays_are_bounded(tmp_path: Path) -> None:
    """An image of 2^26 pixels in one row gets no array of fields: the report says why, and memory stays small."""
    model = model_of(
        "c = Conv (image, w) f = Flatten (c) y = Relu (f)", {"image": (1, 1, 8192, 8192)}, constants={"w": (1, 1, 1, 1)}
    )
    onnx.save(model, tmp_path / "model.onnx")
    tracemalloc.start()
    try:
        report = inspect(tmp_path / "model.onnx", verify="none")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    reasons = [field.reason or "" for field in report.outputs[0].fields]
    assert all("array of 67,108,864 entries" in reason for reason in reasons)
    assert len(reasons) == 2
    assert peak < 2 * 4 * LARGEST_FIELD_ARRAY  # one array of the bound: two numbers of four bytes per entry


def tables(length: int) -> list[Table]:
    """What two rounds of halving and doubling read along both axes of an image."""
    body = "d0 = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (image) u0 = Resize (d0, , scales)"
    body += " d1 = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (u0) y = Resize (d1, , scales)"
    model = model_of(body, {"image": (1, 1, length, length)}, constants={"scales": np.array([1, 1, 2, 2], np.float32)})
    network = prepare(from_proto(model))
    nodes, _ = described(infer(network, {"image": (1, 1, length, length)}))
    return [step for node in nodes for read in node.reads for step in read.steps if isinstance(step, Table)]


def test_equal_tables_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows and columns of both Resizes share one table, which nobody can change; a very long one is not kept."""
    found = tables(64)
    assert len(found) == 4
    assert {(id(table.taps), id(table.periodic_form)) for table in found} == {
        (id(found[0].taps), id(found[0].periodic_form))
    }
    assert not found[0].taps.flags.writeable
    monkeypatch.setattr(resizing, "LONGEST_CACHED_AXIS", 63)
    assert len({id(table.taps) for table in tables(64)}) == 4


def test_positions_are_packed() -> None:
    """Many positions take four bytes a number, survive the way between processes, and compare by what they say."""
    positions = Positions.of(range(100_000), (None if i % 2 else i for i in range(100_000)))
    assert len(positions.firsts) + len(positions.lasts) == 800_000
    assert positions.last[:4] == (0, None, 2, None)
    assert pickle.loads(pickle.dumps(positions)) == positions  # noqa: S301  # written a moment ago
    assert positions != Positions.of(range(100_000), range(100_000))
