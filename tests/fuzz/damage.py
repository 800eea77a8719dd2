"""Ways to damage a model: its bytes, its graph, its numbers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import AttributeProto

_NUMBERS = (0, 1, -1, 2, 3, 7, -2, 255, 2**31, 2**62, -(2**63), 10**6, 2**63 - 1)
_REALS = (0.0, -1.0, float("nan"), float("inf"), 1e30, 1e-30)
_WORDS = (b"SAME_UPPER", b"SAME_LOWER", b"VALID", b"\xff", b"", b"linear", b"cubic", b"reflect", b"ij,jk->ik", b"...")
_OPERATORS = (
    *("Conv", "MaxPool", "AveragePool", "LpPool", "ConvTranspose", "GlobalAveragePool", "Resize", "Pad", "Concat"),
    *("Reshape", "Slice", "Gather", "GatherND", "Einsum", "LSTM", "GRU", "If", "Loop", "Scan", "Transpose", "Split"),
    *("MatMul", "Gemm", "TopK", "CumSum", "DepthToSpace", "SpaceToDepth", "Tile", "Expand", "LRN", "ReduceMean"),
    *("GroupNormalization", "Squeeze", "Unsqueeze", "Range", "ConstantOfShape", "Div", "Mod", "Where", "Attention"),
    *("DFT", "STFT", "Col2Im", "RoiAlign", "GridSample", "NonMaxSuppression", "SequenceAt", "Upsample", "Unknown"),
)
_DOMAINS = ("", "com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc", "ai.onnx.ml", "nobody")


def damaged(data: bytes, draw: random.Random) -> bytes:
    """The model with something wrong: half of the time in its bytes, else in what they say."""
    if draw.random() < 0.3:
        return draw.choice(_BYTES)(data, draw)
    try:
        model = onnx.ModelProto.FromString(data)
    except DecodeError:
        return data
    for _ in range(draw.randint(1, 3)):
        node = _node(model.graph, draw)
        if node is not None:
            draw.choice(_GRAPH)(model, node, draw)
    found: bytes = model.SerializeToString()
    return found


def _node(graph: onnx.GraphProto, draw: random.Random) -> onnx.NodeProto | None:
    """Some node, now and then one of a body."""
    if not graph.node:
        return None
    node = draw.choice(graph.node)
    inner = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return _node(draw.choice(inner), draw) if inner and draw.random() < 0.5 else node


def _cut(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data))]


def _flipped(data: bytes, draw: random.Random) -> bytes:
    wrong = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        wrong[draw.randrange(len(wrong))] ^= 1 << draw.randrange(8)
    return bytes(wrong)


def _noise(data: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(data))
    return data[:start] + draw.randbytes(draw.randint(1, 64)) + data[start + draw.randint(0, 64) :]


def _repeated(data: bytes, draw: random.Random) -> bytes:
    first, second = sorted((draw.randrange(len(data)), draw.randrange(len(data))))
    return data[:second] + data[first:]


_BYTES: tuple[Callable[[bytes, random.Random], bytes], ...] = (_cut, _flipped, _noise, _repeated)


def _attribute(_: onnx.ModelProto, node: onnx.NodeProto, draw: random.Random) -> None:
    if not node.attribute:
        return
    found = draw.choice(node.attribute)
    if found.ints:
        found.ints[draw.randrange(len(found.ints))] = draw.choice(_NUMBERS)
        if draw.random() < 0.3:
            found.ints.append(1)
        elif draw.random() < 0.3:
            del found.ints[0]
    elif found.type == AttributeProto.INT:
        found.i = draw.choice(_NUMBERS)
    elif found.type == AttributeProto.FLOAT:
        found.f = draw.choice(_REALS)
    elif found.type == AttributeProto.STRING:
        found.s = draw.choice(_WORDS)
    elif found.floats:
        found.floats[draw.randrange(len(found.floats))] = draw.choice(_REALS)


def _kind(_: onnx.ModelProto, node: onnx.NodeProto, draw: random.Random) -> None:
    if node.attribute:
        draw.choice(node.attribute).type = draw.choice(AttributeProto.AttributeType.values())


def _dropped(_: onnx.ModelProto, node: onnx.NodeProto, draw: random.Random) -> None:
    if node.attribute:
        del node.attribute[draw.randrange(len(node.attribute))]


def _given(_: onnx.ModelProto, node: onnx.NodeProto, draw: random.Random) -> None:
    names = ("kernel_shape", "strides", "pads", "dilations", "axes", "perm", "output_shape", "split", "output_padding")
    count = draw.randint(0, 5)
    numbers = [draw.choice(_NUMBERS) if draw.random() < 0.4 else draw.randint(0, 4) for _ in range(count)]
    node.attribute.append(AttributeProto(name=draw.choice(names), type=AttributeProto.INTS, ints=numbers))


def _input(model: onnx.ModelProto, node: onnx.NodeProto, draw: random.Random) -> None:
    graph = model.graph
    names = [name for other in graph.node for name in other.output][:60] + [value.name for value in graph.input]
    names += [tensor.name for tensor in graph.initializer][:20]
    if node.input and draw.random() < 0.7:
        node.input[draw.randrange(len(node.input))] = draw.choice(["", *names])
    elif node.input and draw.random() < 0.5:
        del node.input[-1]
    else:
        node.input.append(draw.choice(["", *names]))


def _output(model: onnx.ModelProto, node: onnx.NodeProto, draw: random.Random) -> None:
    if draw.random() < 0.5:
        node.output.append(f"more {len(node.output)}")
    elif node.output:
        node.output[draw.randrange(len(node.output))] = draw.choice(["", *(v.name for v in model.graph.output)])


def _operator(_: onnx.ModelProto, node: onnx.NodeProto, draw: random.Random) -> None:
    node.op_type = draw.choice(_OPERATORS)
    if draw.random() < 0.2:
        node.domain = draw.choice(_DOMAINS)


def _tensor(model: onnx.ModelProto, node: onnx.NodeProto, draw: random.Random) -> None:
    constants = [attribute.t for attribute in node.attribute if attribute.HasField("t")]
    tensors = [*model.graph.initializer, *constants]
    if not tensors:
        return
    found = draw.choice(tensors)
    what = draw.randrange(4)
    if what == 0 and found.dims:
        found.dims[draw.randrange(len(found.dims))] = draw.choice(_NUMBERS)
    elif what == 1:
        found.data_type = draw.randrange(28)
    elif what == 2:
        found.dims.append(draw.choice(_NUMBERS))
    else:
        found.data_location = onnx.TensorProto.EXTERNAL
        found.external_data.add(key="location", value=draw.choice(["../outside.bin", "/etc/passwd", "nowhere", "."]))
        found.external_data.add(key="offset", value=str(draw.choice(_NUMBERS)))


def _size(model: onnx.ModelProto, _: onnx.NodeProto, draw: random.Random) -> None:
    values = [v for v in (*model.graph.input, *model.graph.output) if v.type.tensor_type.shape.dim]
    if values:
        dim = draw.choice(draw.choice(values).type.tensor_type.shape.dim)
        if draw.random() < 0.6:
            dim.dim_value = draw.choice(_NUMBERS)
        else:
            dim.dim_param = "n"


def _version(model: onnx.ModelProto, _: onnx.NodeProto, draw: random.Random) -> None:
    if model.opset_import:
        draw.choice(model.opset_import).version = draw.choice((1, 6, 7, 9, 10, 11, 13, 17, 19, 22, 24, 99, -1))


def _twice(model: onnx.ModelProto, node: onnx.NodeProto, draw: random.Random) -> None:
    copy = model.graph.node.add()
    copy.CopyFrom(node)
    if draw.random() < 0.7:
        copy.output[:] = [f"{name} again" for name in copy.output]


def _nested(model: onnx.ModelProto, node: onnx.NodeProto, draw: random.Random) -> None:
    """Give a node bodies: the graph that it stands in."""
    if model.graph.ByteSize() < 1 << 14:  # a copy of a copy grows
        for name in draw.choice((("then_branch", "else_branch"), ("body",))):
            body = AttributeProto(name=name, type=AttributeProto.GRAPH)
            body.g.CopyFrom(model.graph)
            node.attribute.append(body)


def _called(model: onnx.ModelProto, node: onnx.NodeProto, draw: random.Random) -> None:
    """Call a function of the model, or let one be defined by its own name."""
    if model.functions:
        function = draw.choice(model.functions)
        node.op_type, node.domain = function.name, function.domain
        if function.node and draw.random() < 0.5:
            inner = draw.choice(function.node)
            inner.op_type, inner.domain = draw.choice(model.functions).name, function.domain


_GRAPH: tuple[Callable[[onnx.ModelProto, onnx.NodeProto, random.Random], None], ...] = (
    *(_attribute, _attribute, _attribute, _kind, _dropped, _given, _given, _input, _input, _output, _operator),
    *(_operator, _tensor, _tensor, _size, _size, _version, _twice, _nested, _called),
)


def cases(models: dict[str, bytes], seed: int) -> Iterator[tuple[str, bytes]]:
    """Damaged models without end, each with the name of the sound one; the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - reproducible, not secret
    names = sorted(models)
    while True:
        name = draw.choice(names)
        yield name, damaged(models[name], draw)
