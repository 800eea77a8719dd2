"""Make an exported model small and portable: no weights worth carrying, no path of the machine that exported it.

Weights say nothing of which pixels a network reads, so every float or int8 tensor over `LIMIT` bytes becomes one
ConstantOfShape node of the same dimensions and type, as in the `light` models of the onnx package. PyTorch's newer
exporter notes the source line of every node; the notes stay, with paths relative to this repository, or to the
package that the file belongs to.
"""

from __future__ import annotations

import math
import re
import sys
import tempfile
from copy import deepcopy
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from onnx import AttributeProto, GraphProto, NodeProto, TensorProto, helper, numpy_helper

LIMIT = 1024
REPOSITORY = Path(__file__).resolve().parent.parent
FLOATS = {TensorProto.FLOAT: 4, TensorProto.DOUBLE: 8, TensorProto.FLOAT16: 2, TensorProto.BFLOAT16: 2}
BYTES = FLOATS | {TensorProto.INT8: 1, TensorProto.UINT8: 1}
# The fields that exporters write prose into; a name, a shape or an attribute never holds a path.
PROSE = {"doc_string", "value"}
INSTALLED = re.compile(r'"[^"\n]*/(?:site|dist)-packages/([^"\n]+)"')


def shrink(source: Path, target: Path) -> None:
    """Write `source` to `target` without its weights and without this machine's paths.

    Raises ValueError when a path of this machine is left anywhere in the file.
    """
    model = onnx.load(source)
    fill_weights(model.graph)
    clean(model)
    onnx.checker.check_model(model)
    payload = model.SerializeToString(deterministic=True)
    for path in machine_paths():
        if path.encode() in payload:
            raise ValueError(f"{target.name} still holds a path of this machine: {path}")
    target.write_bytes(payload)


def fill_weights(graph: GraphProto) -> None:
    """Replace each large initializer and Constant of `graph` and its subgraphs by a ConstantOfShape node."""
    small, fillers, nodes = [], [], []
    for tensor in graph.initializer:
        if is_large(tensor):
            shape, filler = constant_of_shape(tensor, tensor.name)
            small.append(shape)
            fillers.append(filler)
        else:
            small.append(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                fill_weights(attribute.g)
        values = [a.t for a in node.attribute if node.op_type == "Constant" and a.type == AttributeProto.TENSOR]
        if values and is_large(values[0]):
            shape, filler = constant_of_shape(values[0], node.output[0])
            small.append(shape)
            nodes.append(filler)
        else:
            nodes.append(node)
    # Clearing a field empties its elements too: copy them first.
    small, nodes = deepcopy(small), deepcopy(fillers + nodes)
    # Some exporters list initializers among the inputs; what a node computes cannot be one.
    filled = {filler.output[0] for filler in fillers}
    inputs = deepcopy([item for item in graph.input if item.name not in filled])
    graph.ClearField("input")
    graph.input.extend(inputs)
    graph.ClearField("initializer")
    graph.ClearField("node")
    graph.initializer.extend(small)
    graph.node.extend(nodes)


def is_large(tensor: TensorProto) -> bool:
    """Whether a tensor of weights takes more than `LIMIT` bytes."""
    return math.prod(tensor.dims) * BYTES.get(tensor.data_type, 0) > LIMIT


def constant_of_shape(tensor: TensorProto, name: str) -> tuple[TensorProto, NodeProto]:
    """Give the shape initializer and the node that stand for `tensor` under `name`.

    Vectors (batch norm scales and variances, biases) keep their mean; kernels and matrices become averages over what
    they read, so that activations neither vanish nor blow up on their way through a deep network. Quantised weights are
    all one step.
    """
    values = numpy_helper.to_array(tensor)
    if tensor.data_type not in FLOATS:
        level = 1.0
    elif values.ndim == 1:
        level = round(float(values.mean()), 3)
    else:
        level = 1 / (max(values.shape) if values.ndim == 2 else math.prod(values.shape[1:]))
    shape = numpy_helper.from_array(np.array(values.shape, np.int64), f"{name}_shape")
    value = numpy_helper.from_array(np.array([level]).astype(values.dtype), "value")
    return shape, helper.make_node("ConstantOfShape", [shape.name], [name], name=f"{name}_fill", value=value)


def clean(message: Message) -> None:
    """Make every path in the prose of a message, and of all messages inside it, neutral."""
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for child in value if field.is_repeated else [value]:
                clean(child)
        elif field.type == FieldDescriptor.TYPE_STRING and field.name in PROSE:
            setattr(message, field.name, neutral(value))


def neutral(prose: str) -> str:
    """Rewrite quoted paths: of installed files from their package on, of ours from the repository on."""
    return INSTALLED.sub(r'"\1"', prose).replace(f'"{REPOSITORY}/', '"')


def machine_paths() -> set[str]:
    """Give the directories of this machine that must not be in a published file."""
    homes = {Path(sys.prefix), Path(sys.base_prefix), Path.home(), Path(tempfile.gettempdir()), REPOSITORY, Path.cwd()}
    return {f"{home}/" for home in homes} | {"-packages/"}
