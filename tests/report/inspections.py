"""Real inspections that the tests of the formats render: samples, and two small models made here.

They are verified by running unless the caller says otherwise. The version of onnxruntime and the seconds are taken
out, since they say nothing of the model. A function inspects once in a process; every caller gets the same frozen
report.
"""

from __future__ import annotations

from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import onnx
from msgspec import structs
from msgspec.structs import replace
from onnx import TensorProto, helper

from strideinspect import fleet, inspect
from strideinspect.baseline_file import Baseline
from strideinspect.model.node import PlacedNode
from strideinspect.policy.entry import entries
from strideinspect.reads.families import families
from strideinspect.reads.pooling import pooling
from strideinspect.reads.steps import Read, Sliding, Step
from strideinspect.repository import Repository
from strideinspect.results.report import FailedReport, Report
from strideinspect.settings import Settings
from tests.acceptance.runs import ALEXNET
from tests.cli.process import ROOT

FILES = Repository(ROOT)
"""The repository of the samples: `sample_models/pytorch_networks.py`, which the exports name, is in it."""


@cache
def sample(name: str, **settings: Any) -> Report:
    """The report on a sample model, inspected with these settings."""
    return _inspected(f"sample_models/{name}.onnx", **settings)


@cache
def alexnet() -> Report:
    """AlexNet of the onnx package at 224×224, whose numbers are published."""
    return replace(_inspected(ALEXNET), path="light_bvlc_alexnet.onnx")


def alexnet_stem() -> Report:
    """Four warnings, each at a line of this repository; three of them share their help."""
    return sample("alexnet-stem-dynamo")


def unet() -> Report:
    """An error at a line of this repository: at 100×100 the decoder comes back a row short (see the samples' page)."""
    return sample("unet-dynamic-dynamo", input_shapes="1,3,100,100")


def padded() -> Report:
    """A note at a node without a source."""
    return sample("conv-padded-stride2-torchscript")


@cache
def accepted() -> Report:
    """A warning that is new, beside one that a baseline accepts and an entry that no longer matches.

    The convolution loses row and column 9 of a 10×10 image: `floor-truncation` is accepted, `unseen-input` is not. The
    stale entry is of a layer that the model does not have.
    """
    name = "conv-10x10-valid-stride2-keras"
    known = [entry for entry in entries(sample(name), f"{name}.onnx") if entry.rule == "floor-truncation"]
    gone = [structs.replace(entry, layer=None, node="removed", output="removed:0") for entry in known]
    with TemporaryDirectory() as folder:
        baseline = Path(folder) / "baseline.json"
        baseline.write_text(Baseline(baseline, (*known, *gone)).text(), encoding="utf-8")
        return _inspected(f"sample_models/{name}.onnx", baseline=baseline)


@cache
def odd_names() -> Report:
    """What formats have to escape, in a file's, a domain's, a node's and a tensor's name; onnxruntime cannot run it.

    The pool of 2 with stride 2 drops the last of 5 rows. Its source is a file that is not in the repository.
    """
    pool = helper.make_node("MaxPool", ["x"], ["p"], name="[pool](x) <b>|`a`", kernel_shape=[2, 2], strides=[2, 2])
    trace = 'File "/elsewhere/100%,a:b.py", line 3, in forward\n    return self.pool(x)'
    pool.metadata_props.add(key="pkg.torch.onnx.stack_trace", value=trace)
    custom = helper.make_node("Custom", ["p"], ["y\n2"], domain="<my>|`ops`")
    graph = helper.make_graph(
        [pool, custom],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 5, 5])],
        [helper.make_tensor_value_info("y\n2", TensorProto.FLOAT, [1, 1, 2, 2])],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("<my>|`ops`", 1)]
    with TemporaryDirectory() as folder:
        (Path(folder) / "exports").mkdir()
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        onnx.save(model, Path(folder) / "exports" / "é 100%.onnx")
        return _inspected("exports/é 100%.onnx", folder=Path(folder))


@cache
def contradicted() -> Report:
    """A mistake put into the analysis, which onnxruntime contradicts: MaxPool is said to read all but its last tap.

    No model brings this about as long as the analysis is right.
    """

    def one_tap_short(placed: PlacedNode) -> tuple[Read, ...]:
        return tuple(structs.replace(read, steps=tuple(map(shorter, read.steps))) for read in pooling(placed))

    def shorter(step: Step) -> Step:
        return structs.replace(step, kernel=step.kernel - 1) if isinstance(step, Sliding) else step

    known = families()
    wrong = structs.replace(known["", "MaxPool"], describe=one_tap_short)
    pool = helper.make_node("MaxPool", ["x"], ["y"], name="pool", kernel_shape=[3], strides=[2])
    graph = helper.make_graph(
        [pool],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 7])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 3])],
    )
    with TemporaryDirectory() as folder, patch.dict(known, {("", "MaxPool"): wrong}):
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
        onnx.save(model, Path(folder) / "pool.onnx")
        return _inspected("pool.onnx", folder=Path(folder))


@cache
def broken() -> FailedReport:
    """An empty file."""
    with TemporaryDirectory() as folder, chdir(folder):
        Path("exports").mkdir()
        Path("exports/broken é.onnx").touch()
        found = fleet.outcome(fleet.Task("exports/broken é.onnx", Settings()))
    assert isinstance(found, FailedReport)
    return found


def several() -> tuple[Report | FailedReport, ...]:
    """Findings of every severity in every way that a place can be known, a baseline, and a file that is no model."""
    return (alexnet_stem(), unet(), padded(), accepted(), odd_names(), contradicted(), broken())


def _inspected(path: str, *, folder: Path = ROOT, **settings: Any) -> Report:
    """The report on a file whose path is relative to a folder."""
    with chdir(folder):
        report = inspect(path, settings=Settings(**settings))
    verification = report.verification
    runtime = verification.runtime and verification.runtime.split(" ")[0]
    return replace(report, verification=replace(verification, runtime=runtime, seconds=None))
