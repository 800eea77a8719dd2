"""The models that the onnx package carries, each with one input to look at and all else fixed."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import onnx
from numpy.typing import NDArray

from tests.oracle_runtime import Values, graph_inputs

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"
LIGHT = sorted((DATA / "light").glob("light_*.onnx"))
CONVERTED = sorted(path.parent for path in DATA.glob("pytorch-*/*/model.onnx"))

# Modules of onnx.backend.test.case.node whose operators slide, resize, pad or move.
MODULES = (
    "averagepool", "batch_normalization", "center_crop_pad", "col2im", "concat", "conv", "convinteger", "convtranspose",
    "cumsum", "deformconv", "depthtospace", "expand", "flatten", "gather", "gemm", "globalaveragepool", "globalmaxpool",
    "groupnormalization", "instance_normalization", "layernormalization", "lppool", "lrn", "matmul", "maxpool",
    "maxunpool", "pad", "qlinearconv", "reducemean", "reshape", "resize", "slice", "softmax", "spacetodepth", "split",
    "squeeze", "tile", "transpose", "unsqueeze", "upsample",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PackageCase:
    """A model and values for all of its inputs."""

    name: str
    model: onnx.ModelProto
    feeds: Values

    def fixed(self) -> tuple[onnx.ModelProto, Values]:
        """The model with all inputs made constant but the first with axes: pads, scales and weights are known then.

        In front of it comes a window of one pixel, which makes positions of its axes and changes nothing else.
        """
        fed = next((name for name, value in self.feeds.items() if value.ndim > 1), next(iter(self.feeds)))
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        model.ir_version = min(model.ir_version, 10)  # onnxruntime lags behind
        rank = self.feeds[fed].ndim - 2
        if 0 < rank <= 3 and self.feeds[fed].dtype == np.float32:
            for node in model.graph.node:
                node.input[:] = ["windowed" if name == fed else name for name in node.input]
            window = onnx.helper.make_node("MaxPool", [fed], ["windowed"], kernel_shape=[1] * rank)
            model.graph.node.insert(0, window)
        for name, value in self.feeds.items():
            if name != fed:
                model.graph.initializer.append(onnx.numpy_helper.from_array(value, name))
        kept = [value for value in model.graph.input if value.name == fed]
        del model.graph.input[:]
        model.graph.input.extend(kept)
        return model, {name: value for name, value in self.feeds.items() if name == fed}


def _no_values(*arguments: Any, **options: Any) -> NDArray[np.float32]:
    """In place of the package's reference pooling: an output of the right shape."""
    del options
    shape, out = arguments[1], arguments[4]
    return np.zeros((*shape[:2], *out), dtype=np.float32)


@cache
def node_cases(module: str) -> tuple[PackageCase, ...]:
    """The onnx package's own tests of single operators in one of MODULES; those spelled out as functions included.

    Its import computes what every case should give, which is why no test is named after a case.
    """
    quick = mock.patch("onnx.reference.ops.op_pool_common.pool", _no_values)  # 20 s of arithmetic that nobody looks at
    with warnings.catch_warnings(), quick:
        warnings.simplefilter("ignore")  # their reference computations divide by zero and the like
        package = importlib.import_module("onnx.backend.test.case.node")
        cases = package._NodeTestCases  # noqa: SLF001 — collect_testcases would run all 1,900
        before = len(cases)
        importlib.import_module(f"{package.__name__}.{module}")
    found = []
    for case in cases[before:]:
        pairs = zip(case.model.graph.input, case.data_sets[0][0], strict=True)
        feeds: Values = {value.name: np.asarray(stored) for value, stored in pairs}
        if feeds:
            found.append(PackageCase(case.name, case.model, feeds))
    return tuple(found)


def converted_case(folder: Path) -> PackageCase:
    """A model that PyTorch once exported, with the inputs stored beside it."""
    model = onnx.load(folder / "model.onnx")
    feeds: Values = {}
    for place, value in enumerate(graph_inputs(model)):
        stored = onnx.TensorProto()
        stored.ParseFromString((folder / "test_data_set_0" / f"input_{place}.pb").read_bytes())
        feeds[value.name] = onnx.numpy_helper.to_array(stored)
    return PackageCase(folder.name, model, feeds)
