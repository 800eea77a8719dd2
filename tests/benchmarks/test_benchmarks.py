"""The benchmark's models are what they are called, and its short pass runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import onnx
import pytest

from benchmarks import many_sizes, networks, scaling
from benchmarks.builder import save_with_sparse_data
from strideinspect import inspect
from tests.some_slow import some_slow

ROOT = Path(__file__).parents[2]

NETWORKS: dict[str, tuple[Callable[[], onnx.ModelProto], int, int, int]] = {
    # windows, and size and stride of the last map's field
    "LeNet-5": (networks.lenet, 4, 16, 4),  # 5 → 6 → 14 → 16
    "ResNet-50": (networks.resnet50, 55, 427, 32),  # torchvision's: 53 convolutions; 427/32/213
    "DenseNet-121": (networks.densenet121, 125, 2071, 32),  # 120 convolutions; what running it shows
    "chain": (lambda: scaling.chain(100), 100, 201, 1),  # 1 + 2 · 100
    "merges": (lambda: scaling.merges(200), 200, 401, 1),  # the longest of 2^200 paths: 1 + 2 · 200
    "strided": (lambda: scaling.strided(512), 10, 125, 32),  # 1 + 2 · 2 · (1 + 2 + 4 + 8 + 16)
}


@pytest.mark.parametrize("name", some_slow(NETWORKS, {"ResNet-50", "DenseNet-121"}))
def test_models(name: str, tmp_path: Path) -> None:
    """Number of windows, and size and stride of the last one that has a field, as published or summed by hand."""
    make, windows, size, stride = NETWORKS[name]
    (tmp_path / "model.onnx").write_bytes(make().SerializeToString())
    report = inspect(tmp_path / "model.onnx", verify="none")
    last = [node.fields[0] for node in report.nodes if node.fields and node.fields[0].size is not None][-1]
    assert (len(report.nodes), last.size, last.stride) == (windows, size, Fraction(stride))


@pytest.mark.slow
def test_cost_of_many_sizes() -> None:
    """The least processor time of the runs, of an inspection and of the sizes, each of which takes some."""
    assert min(many_sizes.cost(many_sizes.MODEL, (224, 227), runs=1)) > 0


def test_hrnet_keeps_four_resolutions() -> None:
    """HRNet ends in maps of a quarter to a 32nd of the image, each with its own width, and over 300 convolutions."""
    model = networks.hrnet()
    onnx.checker.check_model(model)
    assert sum(node.op_type == "Conv" for node in model.graph.node) > 300
    assert {tensor.dims[0] for tensor in model.graph.initializer} >= {18, 36, 72, 144}


def test_sparse_data_take_no_room(tmp_path: Path) -> None:
    """Five gigabytes of external data are a hole in a file, and inspecting does not mind."""
    model = networks.lenet()
    largest = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    save_with_sparse_data(model, tmp_path / "model.onnx", largest.name, 5_000_000_000)
    data = (tmp_path / "model.data").stat()
    assert data.st_size == 5_000_000_000
    assert data.st_blocks * 512 < 1_000_000
    assert inspect(tmp_path / "model.onnx", verify="none").outputs[0].shape == (1, 10)


@pytest.mark.slow
def test_the_short_pass_runs() -> None:
    """`--quick` prints one table with the smallest cases, and says what it leaves out."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick"],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        check=True,
        text=True,
    )
    for word in ("LeNet-5", "static run", "full run", "onnxruntime", "100 windows in series"):
        assert word in done.stdout
    assert "left out: Polygraphy: no --peers environment was given" in done.stderr
