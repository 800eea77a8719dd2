"""Every model in the onnx package: inspected without a fall, every claim held against onnxruntime and brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from strideinspect import inspect
from strideinspect.errors import StrideinspectError
from strideinspect.results.report import Report, Severity
from strideinspect.results.verdict import Verdict
from tests.graph_builder import REFUSED
from tests.onnx_package.cases import CONVERTED, LIGHT, MODULES, PackageCase, converted_case, node_cases
from tests.oracle import Oracle, OracleLimitError
from tests.oracle_runtime import Run, graph_inputs, random_feeds, run, session_of
from tests.properties.comparing import check_actual, claims
from tests.some_slow import some_slow

MOST = 200_000
"""Elements of the largest tensor, and that times the pixels of an axis, up to which the oracle is asked."""


def report_on(model: onnx.ModelProto, folder: Path) -> Report:
    """Inspect without running, asking for every tensor."""
    path = folder / "model.onnx"
    onnx.save(model, path)
    return inspect(path, verify="none", tensors=["*"])


def check_shapes(report: Report, ran: Run) -> None:
    """Every shape that is stated is the one that onnxruntime ran; those of window nodes are all stated."""
    for node in report.nodes:
        assert node.output_shape == ran.values[node.output].shape, node
    for tensor in (*report.tensors, *report.outputs):
        # A size may depend on values (NonZero); then nothing is stated.
        if tensor.shape is not None and tensor.name in ran.values:
            assert tensor.shape == ran.values[tensor.name].shape, tensor.name


def check_fields(report: Report, oracle: Oracle) -> int:
    """Every field is the oracle's, index by index; how many were compared."""
    seen = {}
    found = 0
    elements = max((oracle.values[made].size for made in oracle.reads), default=0)
    for name, field in claims(report):
        if elements * oracle.ran.feeds[field.input].shape[field.axis] > MOST:
            continue
        key = (field.input, field.axis)
        if key not in seen:
            seen[key] = oracle.sees(*key)
        check_actual((name, field), seen[key][name])
        found += 1
    return found


def check(case: PackageCase, folder: Path) -> None:
    """A case with its parameters constant; skipped, once inspected, where onnxruntime or the oracle cannot follow.

    An input without elements is legal: there is nothing to see in it, and nothing that onnxruntime contradicts.
    """
    model, feeds = case.fixed()
    if any(0 in value.shape for value in feeds.values()):
        report = report_on(model, folder)
        assert report.verification.status is not Verdict.CONTRADICTED
        assert [*report.at_least(Severity.ERROR)] == []
        return
    try:
        report = report_on(model, folder)
    except StrideinspectError as error:
        pytest.skip(f"not inspected: {error.message}")
    try:
        ran = run(model, feeds)
    except REFUSED as refusal:
        pytest.skip(f"onnxruntime refuses it: {str(refusal).strip()[-80:]}")
    check_shapes(report, ran)
    if max(value.size for value in ran.values.values()) > MOST:
        return
    try:
        check_fields(report, Oracle(model, ran))
    except OracleLimitError as limit:
        pytest.skip(f"shapes agree; no oracle for the fields: {limit}")


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_operators(module: str, tmp_path: Path, subtests: pytest.Subtests) -> None:
    """The package's own cases of one operator each."""
    cases = node_cases(module)
    assert cases
    for case in cases:
        with subtests.test(case.name):
            check(case, tmp_path)


@pytest.mark.parametrize(
    "folder", some_slow(CONVERTED, {*CONVERTED} - {*CONVERTED[::4]}), ids=lambda folder: folder.name
)
def test_what_pytorch_exported_long_ago(folder: Path, tmp_path: Path) -> None:
    """Converted modules and operators of operator sets 6 to 9."""
    check(converted_case(folder), tmp_path)


def needed(model: onnx.ModelProto, outputs: list[str]) -> onnx.ModelProto:
    """The model with just the nodes that these tensors come from, and them as its outputs."""
    wanted, nodes = set(outputs), []
    for node in reversed(model.graph.node):
        if wanted & set(node.output):
            nodes.append(node)
            wanted |= set(node.input)
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.node[:], copy.graph.output[:]
    copy.graph.node.extend(reversed(nodes))
    copy.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in outputs)
    return copy


@pytest.mark.slow
@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_networks(path: Path) -> None:
    """Nine real networks: the shape of every window's output is the one that onnxruntime ran."""
    report = inspect(path, verify="none")
    windows = {node.output: node.output_shape for node in report.nodes}
    model = needed(onnx.load(path), list(windows))  # without the classifiers and their 500 MB of weights
    feeds = {name: value for name, value in random_feeds(model).items() if np.size(value)}
    ran = session_of(model).run(list(windows), feeds)
    assert {name: value.shape for name, value in zip(windows, ran, strict=True)} == windows
    slid = {"Conv", "MaxPool", "AveragePool", "GlobalAveragePool"}
    assert windows.keys() >= {node.output[0] for node in model.graph.node if node.op_type in slid}
    assert {value.name for value in graph_inputs(model)} >= {given.name for given in report.inputs}
