"""The output shapes of a Loop, from the shapes that its body produces. Source: ONNX operator Loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import onnx
from msgspec import Struct

from strideinspect.model.node import WITH_BODIES, Node, PlacedNode, Shape
from strideinspect.model.subgraphs import subgraphs
from strideinspect.model.window import is_window


class Known(Struct, frozen=True):
    """What is known of a tensor: its shape (None if unknown), its element type, and whether its value is true."""

    shape: Shape | None
    dtype: int
    true: bool = False


Run = Callable[[onnx.GraphProto, Mapping[str, Known]], Sequence[Known]]
"""Infers the outputs of a body from what is known of its inputs, by name."""


def loop_outputs(placed: PlacedNode, dtypes: Mapping[str, int], run: Run) -> tuple[list[Shape | None], list[int]]:
    """Shapes and element types of a Loop's outputs.

    A loop-carried value keeps its initial shape where the body does not change it. The first axis of a scan output is
    the number of iterations, where that is known.
    """
    node = placed.node
    body, given = node.graph("body"), node.proto.input[2:]
    if body is None or len(body.input) != len(given) + 2 or len(body.output) < len(given) + 1:
        return [None] * len(node.outputs), [onnx.TensorProto.FLOAT] * len(node.outputs)
    # The body runs only while the condition holds, so it is true inside.
    counter = (Known((), onnx.TensorProto.INT64), Known((), onnx.TensorProto.BOOL, true=True))
    carried = [Known(placed.shapes.get(name), dtypes.get(name, onnx.TensorProto.FLOAT)) for name in given]
    made = _turn(body, [*counter, *carried], run)
    if not _kept(carried, made):  # infer again, with the shapes that change taken as unknown
        carried = [k if k.shape == m.shape else Known(None, k.dtype) for k, m in zip(carried, made[1:], strict=False)]
        made = _turn(body, [*counter, *carried], run)
    if not _kept(carried, made):
        carried, made = [Known(None, k.dtype) for k in carried], [Known(None, k.dtype) for k in made]
    turns = _turns(placed) if made[0].true else None
    left = made[1 + len(carried) :]
    shapes = [k.shape for k in carried]
    shapes += [None if turns is None or k.shape is None else (turns, *k.shape) for k in left]
    return shapes, [k.dtype for k in (*carried, *left)]


def _turn(body: onnx.GraphProto, given: Sequence[Known], run: Run) -> Sequence[Known]:
    return run(body, dict(zip((value.name for value in body.input), given, strict=True)))


def _kept(carried: Sequence[Known], made: Sequence[Known]) -> bool:
    """Whether one iteration leaves the shapes of the loop-carried values as they are."""
    return all(before.shape == after.shape for before, after in zip(carried, made[1:], strict=False))


def _turns(placed: PlacedNode) -> int | None:
    """Number of iterations of a Loop whose body never ends it early; None where that is not known."""
    count = placed.constant(0)
    goes = placed.constant(1)
    if count is None or count.size != 1 or (placed.present(1) and (goes is None or not goes.all())):
        return None
    return max(0, int(count.reshape(-1)[0]))


def windows_inside(node: Node) -> Iterator[str]:
    """Operator and label of each window node in the bodies of a node, at any depth."""
    if not node.domain and node.op not in WITH_BODIES:
        return
    for graph in subgraphs(node.proto):
        for proto in graph.node:
            inner = Node.of(proto, {})
            if is_window(inner):
                yield f"{inner.op} {inner.label}"
            yield from windows_inside(inner)
