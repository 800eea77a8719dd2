"""Pages of samples and of models made here, as files that a browser opens."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

from strideinspect import report_page
from strideinspect.results.report import Report
from tests.cli.process import SAMPLES
from tests.unverified import unverified

HOSTILE = "</script><img src=x onerror=document.title='taken'><!--\"'&"
"""A name that would end the script, load a picture and run code, if it were markup."""


def sample(name: str) -> Report:
    """The report of a sample, not verified."""
    return unverified(SAMPLES / f"{name}.onnx")


def page_of(folder: Path, *reports: Report) -> Path:
    """The page of reports, in a file of the folder."""
    file = folder / "report.html"
    file.write_text(report_page.html(reports), encoding="utf-8")
    return file


def deep_model(nodes: int) -> onnx.ModelProto:
    """Residual blocks of two convolutions, an activation after each, and a sum: as many nodes as asked for, or more."""
    made: list[onnx.NodeProto] = []
    weight = helper.make_tensor("w", TensorProto.FLOAT, (1, 1, 3, 3), [1.0] * 9)
    before = "image"
    for block in range(-(-nodes // 5)):
        names = [f"blocks.{block}.{part}" for part in ("conv1", "relu1", "conv2", "relu2", "add")]
        inputs = [[before, "w"], names[:1], [names[1], "w"], names[2:3], [names[3], before]]
        for operator, name, read in zip(("Conv", "Relu", "Conv", "Relu", "Add"), names, inputs, strict=True):
            node = helper.make_node(operator, read, [name], name=name)
            if operator == "Conv":
                node.attribute.append(helper.make_attribute("pads", [1, 1, 1, 1]))
            made.append(node)
        before = names[-1]
    return _model(made, [weight], before)


def hostile_model() -> onnx.ModelProto:
    """A convolution that drops a row, all of whose names are hostile."""
    weight = helper.make_tensor(f"w{HOSTILE}", TensorProto.FLOAT, (1, 1, 2, 2), [1.0] * 4)
    node = helper.make_node(
        "Conv", [HOSTILE, f"w{HOSTILE}"], [f"y{HOSTILE}"], name=f"conv{HOSTILE}", strides=[2, 2], doc_string=HOSTILE
    )
    model = _model([node], [weight], f"y{HOSTILE}", HOSTILE)
    model.producer_name = HOSTILE
    return model


def _model(
    nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto], output: str, image: str = "image"
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(image, TensorProto.FLOAT, (1, 1, 65, 65))],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
