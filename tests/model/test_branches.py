"""If with a condition that is known at this size: the branch taken stands in its place."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.parser
import pytest

from strideinspect.model.shapes import Shapes
from tests.model.inferring import inferred
from tests.oracle_models import Constant, tensor
from tests.oracle_runtime import random_feeds, session_of

WEIGHTS: dict[str, Constant] = {"w": (1, 1, 3, 3), "half": [2.0]}


def model(condition: str, then: str, otherwise: str, after: str = "y = Relu (i)") -> onnx.ModelProto:
    """A model with one If over an 8×8 image: nodes for the condition `on`, two branches with output t and e."""
    parsed = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 18]>
    g (float[1,1,8,8] x) => (float[] y) {{
        {condition}
        i = If (on) <
            then_branch = then_graph () => (float[] t) {{ {then} }},
            else_branch = else_graph () => (float[] e) {{ {otherwise} }}
        >
        {after}
    }}""")
    parsed.graph.initializer.extend(tensor(name, value) for name, value in WEIGHTS.items())
    parsed.graph.initializer.append(onnx.numpy_helper.from_array(np.array(1, np.int64), "one"))
    parsed.graph.initializer.append(onnx.numpy_helper.from_array(np.array([8], np.int64), "eight"))
    parsed.graph.initializer.append(onnx.numpy_helper.from_array(np.array(2, np.int64), "two"))
    return parsed


TRUE = "c = Constant <value_int = 1> () on = Cast <to = 9> (c)"
FALSE = "c = Constant <value_int = 0> () on = Cast <to = 9> (c)"
POOL = "t = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)"
SAME = "e = Conv <pads = [1, 1, 1, 1]> (x, w)"
HEIGHT = "s = Shape (x) h = Gather <axis = 0> (s, two)"


def operators(shapes: Shapes) -> list[str]:
    """The operators that stand in the graph once branches are chosen, but for arithmetic."""
    aside = {"Constant", "Cast", "Shape", "Gather", "Equal", "Not"}
    return [node.op for node in shapes.nodes if node.op not in aside]


TAKEN = {
    "then": (TRUE, POOL, SAME, ["MaxPool", "Identity", "Relu"], (1, 1, 4, 4)),
    "else": (FALSE, POOL, SAME, ["Conv", "Identity", "Relu"], (1, 1, 8, 8)),
    "by the image's height": (
        f"{HEIGHT} on = Equal (h, eight)", POOL, SAME, ["MaxPool", "Identity", "Relu"], (1, 1, 4, 4),
    ),
    "by another height": (
        f"{HEIGHT} o = Equal (h, eight) on = Not (o)", POOL, SAME, ["Conv", "Identity", "Relu"], (1, 1, 8, 8),
    ),
    "several nodes, one name in both": (
        TRUE, "a = Relu (x) t = MaxPool <kernel_shape = [3, 3]> (a)", "a = Neg (x) e = Relu (a)",
        ["Relu", "MaxPool", "Identity", "Relu"], (1, 1, 6, 6),
    ),
    "a branch that makes nothing": (TRUE, "t = Identity (x)", SAME, ["Identity", "Identity", "Relu"], (1, 1, 8, 8)),
}  # fmt: skip


@pytest.mark.parametrize(("condition", "then", "otherwise", "left", "shape"), TAKEN.values(), ids=TAKEN)
def test_branch_taken(condition: str, then: str, otherwise: str, left: list[str], shape: tuple[int, ...]) -> None:
    """The nodes of the branch taken, in place of the If, and onnxruntime's shape behind it."""
    built = model(condition, then, otherwise)
    shapes = inferred(built)
    assert operators(shapes) == left
    (ran,) = session_of(built).run(["y"], random_feeds(built))
    assert shapes.shapes["y"] == ran.shape == shape


def test_condition_that_depends_on_the_size() -> None:
    """At another input size the other branch is taken."""
    built = model(f"{HEIGHT} on = Equal (h, eight)", POOL, SAME)
    for value in built.graph.input:
        value.type.tensor_type.shape.dim[2].dim_param = "h"
    assert inferred(built, {"x": (1, 1, 8, 8)}).shapes["y"] == (1, 1, 4, 4)
    assert inferred(built, {"x": (1, 1, 10, 8)}).shapes["y"] == (1, 1, 10, 8)


def test_nested() -> None:
    """A branch may choose again."""
    inner = f"""{TRUE.replace("c =", "d =").replace("(c)", "(d)").replace("on =", "also =")}
    t = If (also) <
        then_branch = a () => (float[] p) {{ p = MaxPool <kernel_shape = [5, 5]> (x) }},
        else_branch = b () => (float[] q) {{ q = Relu (x) }}
    >"""
    shapes = inferred(model(TRUE, inner, SAME))
    assert operators(shapes) == ["MaxPool", "Identity", "Identity", "Relu"]
    assert shapes.shapes["y"] == (1, 1, 4, 4)


def test_name_that_stands_outside_as_well() -> None:
    """A tensor of the branch does not overwrite one of the same name around it."""
    condition = f"{TRUE} a = MaxPool <kernel_shape = [3, 3]> (x)"
    built = model(condition, "a = Relu (x) t = Neg (a)", SAME, "z = Conv <pads = [2, 2, 2, 2]> (a, w) y = Add (i, z)")
    assert inferred(built).shapes["y"] == (1, 1, 8, 8)  # 8 − 2 + 4 − 2 = 8 beside the branch's 8


def test_constants_of_a_branch() -> None:
    """Initializers and Constants of the branch serve its own shape arithmetic."""
    then = "k = Constant <value_ints = [1, -1]> () t = Reshape (x, k)"
    assert inferred(model(TRUE, then, "k = Constant <value_ints = [64]> () e = Reshape (x, k)")).shapes["y"] == (1, 64)


BY_DATA = "m = ReduceMax <keepdims = 0> (x) z = Constant <value_float = 0.5> () on = Greater (m, z)"
JOINED = {
    "one shape": ("t = Relu (x)", SAME, (1, 1, 8, 8), {}),
    # The 9×9 window has no place in eight rows: if the model runs at this size, it takes the other branch.
    "a branch that cannot run": (
        "t = MaxPool <kernel_shape = [9, 9]> (x)", SAME, (1, 1, 8, 8), {"then": "MaxPool 't'"},
    ),
    "the other one": (SAME.replace("e =", "t ="), "e = Reshape (x, eight)", (1, 1, 8, 8), {"else": "Reshape 'e'"}),
    "two shapes": (POOL, SAME, None, {}),
}  # fmt: skip


@pytest.mark.parametrize(("then", "otherwise", "shape", "unfit"), JOINED.values(), ids=JOINED)
def test_condition_by_the_data(then: str, otherwise: str, shape: tuple[int, ...] | None, unfit: dict[str, str]) -> None:
    """Where the image decides both branches stand in the graph; what does not fit at this size is no problem."""
    shapes = inferred(model(BY_DATA, then, otherwise))
    assert shapes.shapes.get("y") == shape
    assert [node.key for node in shapes.nodes if node.op == "If"] == ["i"]
    assert {shapes.branches[key].name for key in ("t", "e")} == {"then", "else"}
    assert not shapes.problems
    assert {side.name: why.partition(":")[0] for side, why in shapes.unfit.items()} == unfit
    if shape is None:
        assert "its branches make 1×1×4×4 and 1×1×8×8" in shapes.unknown["i"]


def test_neither_branch_can_run() -> None:
    """Then it is a problem, and the If's."""
    large = "MaxPool <kernel_shape = [9, 9]> (x)"
    shapes = inferred(model(BY_DATA, f"t = {large}", f"e = {large}"))
    assert [(problem.node.key, problem.text) for problem in shapes.problems] == [
        ("i", "it has no branch that can run at this size")
    ]


def test_choice_within_a_choice() -> None:
    """A branch of a branch that cannot run leaves the outer branch its other one."""
    inner = """t = If (on) <
        then_branch = a () => (float[] p) { p = MaxPool <kernel_shape = [9, 9]> (x) },
        else_branch = b () => (float[] q) { q = Neg (x) }
    >"""
    shapes = inferred(model(BY_DATA, inner, SAME))
    assert shapes.shapes["y"] == (1, 1, 8, 8)
    assert [(side.key, side.name) for side in shapes.unfit] == [("t", "then")]
    assert shapes.branches["t"].key == "i"


def test_one_name_in_both_branches_and_around() -> None:
    """Three tensors of one name are three tensors."""
    condition = f"{BY_DATA} a = MaxPool <kernel_shape = [3, 3]> (x)"
    shapes = inferred(model(condition, "a = Relu (x) t = Neg (a)", "a = Abs (x) e = Conv <pads = [1, 1, 1, 1]> (a, w)"))
    assert [node.key for node in shapes.nodes if node.op in ("MaxPool", "Relu", "Abs") and node.key != "y"] == [
        "a", "i/then_branch/a", "i/else_branch/a",
    ]  # fmt: skip
    assert shapes.shapes["i/else_branch/a"] == (1, 1, 8, 8) != shapes.shapes["a"]
