"""Shape arithmetic: what a chain of small constants comes to, held against onnxruntime."""

from __future__ import annotations

import re

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from strideinspect.model.fold import _RULES  # to see that every rule is tested
from tests.model.inferring import inferred
from tests.oracle_models import Constant, model_of
from tests.oracle_runtime import run

INT64, FLOAT, INT32, BOOL = 7, 1, 6, 9


def single(value: float, dtype: type = np.int64) -> NDArray[np.generic]:
    """A number without axes."""
    return np.array(value, dtype)


CONSTANTS: dict[str, Constant] = {
    "a": [7, -7, 6, 0], "b": [2, 2, -3, 5], "m": np.arange(12, dtype=np.int64).reshape(3, 4), "f": [2.5, -1.5, 0.5],
    "g": [4.0, 9.0, 0.25], "zero": [0], "one": [1], "two": [2], "minus": [-1], "both": [0, 1], "order": [3, 0],
    "first": [3, -1], "last": [0, -9], "back": [-1, -2], "square": [2, -1], "keep": [0, -1], "tall": [5, 3, 4],
    "start": single(2), "stop": single(11), "step": single(3), "down": single(-2), "low": single(-2), "high": single(5),
    "half": single(0.5, np.float32), "past": [2, -(2**63)],
    "yes": np.array([True, False, True, True]), "no": np.array([False, False, True, True]),
}  # fmt: skip

# Nodes that end in y, by the rule that is under test.
BODIES = {
    "Constant": ["y = Constant <value_ints = [3, 1, 2]> ()", "y = Constant <value_float = 1.5> ()",
                 "y = Constant <value_floats = [1.5, 2.5]> ()", "y = Constant <value_int = -4> ()",
                 "y = Constant <value = int64[2] {4, 5}> ()"],
    "ConstantOfShape": ["y = ConstantOfShape (two)", "y = ConstantOfShape <value = int64[1] {7}> (both)"],
    "Identity": ["y = Identity (a)"],
    "Cast": [f"y = Cast <to = {INT64}> (f)", f"y = Cast <to = {FLOAT}> (a)", f"y = Cast <to = {BOOL}> (a)",
             f"y = Cast <to = {INT32}> (g)"],
    "Concat": ["y = Concat <axis = 0> (a, b, one)", "y = Concat <axis = -1> (m, m)"],
    "Gather": ["y = Gather (a, order)", "y = Gather <axis = 1> (m, order)", "y = Gather (a, low)",
               "y = Gather (m, minus)"],
    "Slice": ["y = Slice (a, one, minus)", "y = Slice (m, first, last, both, back)", "y = Slice (m, one, stops, one)",
              "y = Slice (m, first, past, both, back)"],
    "Squeeze": ["u = Unsqueeze (a, both) y = Squeeze (u, both)", "u = Unsqueeze (a, both) y = Squeeze (u)"],
    "Unsqueeze": ["y = Unsqueeze (a, both)", "y = Unsqueeze (a, minus)"],
    "Reshape": ["y = Reshape (m, square)", "y = Reshape (m, keep)", "y = Reshape (a, minus)"],
    "Transpose": ["y = Transpose (m)", "y = Transpose <perm = [0, 1]> (m)"],
    "Expand": ["y = Expand (m, tall)", "y = Expand (one, keep_size)"],
    "Range": ["y = Range (start, stop, step)", "y = Range (stop, start, down)"],
    "Tile": ["y = Tile (m, square_up)"],
    "Add": ["y = Add (a, b)"], "Sub": ["y = Sub (a, b)"], "Mul": ["y = Mul (m, b)"],
    # Whole numbers are divided toward zero: −7 / 2 = −3.
    "Div": ["y = Div (a, b)", "y = Div (f, g)"],
    # The remainder has the divisor's sign, unless fmod is asked for.
    "Mod": ["y = Mod (a, b)", "y = Mod <fmod = 1> (a, b)", "y = Mod <fmod = 1> (f, g)"],
    "Pow": ["y = Pow (b, two)", "y = Pow (g, half)"],
    "Sqrt": ["y = Sqrt (g)"],
    "Max": ["y = Max (a, b)", "y = Max (a, b, two)"], "Min": ["y = Min (a, b, two)"],
    "Clip": ["y = Clip (a, low, high)", "y = Clip (a, low)", "y = Clip (a, , high)"],
    "Relu": ["y = Relu (f)"], "Neg": ["y = Neg (a)"], "Abs": ["y = Abs (a)"],
    "Floor": ["y = Floor (f)"], "Ceil": ["y = Ceil (f)"],
    "Round": ["y = Round (f)"],  # halves to even: 2.5 → 2, −1.5 → −2, 0.5 → 0
    "Equal": ["y = Equal (a, b)"], "Less": ["y = Less (a, b)"], "LessOrEqual": ["y = LessOrEqual (a, b)"],
    "Greater": ["y = Greater (a, b)"], "GreaterOrEqual": ["y = GreaterOrEqual (a, b)"],
    "And": ["y = And (yes, no)"], "Or": ["y = Or (yes, no)"], "Not": ["y = Not (yes)"],
    "Where": ["y = Where (yes, a, b)"],
    "ReduceProd": ["y = ReduceProd (b)", "y = ReduceProd <keepdims = 0> (m, one)"],
    "ReduceSum": ["y = ReduceSum <keepdims = 0> (m, one)", "y = ReduceSum (m)"],
    "ReduceMax": ["y = ReduceMax <keepdims = 0> (m, minus)"], "ReduceMin": ["y = ReduceMin (a)"],
    "Shape": ["y = Shape (x)", "y = Shape <start = 1> (x)", "y = Shape <start = -3, end = -1> (x)",
              "y = Shape <end = 9> (x)"],
    "Size": ["y = Size (x)"],
    # Left to the ONNX library.
    "others": ["y = Sign (a)", "y = CumSum (a, axis)", "s = Shape (x) y = GatherElements (s, two)",
               "s = Shape (x) y, i = TopK (s, two)", "s = Shape (x) p, y = Split <num_outputs = 2> (s)"],
}  # fmt: skip
MORE: dict[str, Constant] = {
    **CONSTANTS, "stops": [3], "keep_size": [2, 3], "square_up": [2, 3], "axis": single(0),
}  # fmt: skip


@pytest.mark.parametrize("body", [body for bodies in BODIES.values() for body in bodies])
def test_values(body: str) -> None:
    """A folded constant is, element by element and type by type, what onnxruntime computes."""
    words = set(re.findall(r"\w+", body))
    used = {name: value for name, value in MORE.items() if name in words}
    model = model_of(f"{body} r = Relu (x)", {"x": (2, 3, 4, 5)}, constants=used)
    ran = typed(model, "y")
    folded = inferred(model).constants.known("y")
    assert folded is not None
    assert (folded.dtype, folded.shape) == (ran.dtype, ran.shape)
    np.testing.assert_array_equal(folded, ran)


def typed(model: onnx.ModelProto, name: str) -> NDArray[np.generic]:
    """A tensor as onnxruntime gives it, of whatever type."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.graph.output[0].name = "r"
    return run(copy).values[name]


def test_every_rule_is_held_against_onnxruntime() -> None:
    """The table above has a case for each operator that is folded here."""
    assert _RULES.keys() <= BODIES.keys()


FAR: dict[str, Constant] = {
    "none": single(0), "far": single(5000), "by": single(1), "seven": [7], "rows": [5000, 3], "last": [-1],
    "negative": [-1], "shape": [50, 100], "big": np.arange(5000, dtype=np.int64), "some": [3, 4000], "mark": [4998],
}  # fmt: skip
TABLES = {
    "arithmetic": "k = Range (none, far, by) s = Mul (k, seven) y = Add (s, big)",
    "spread": "k = Unsqueeze (big, last) y = Expand (k, rows)",
    "joined": "k = Unsqueeze (big, last) s = Neg (k) y = Concat <axis = -1> (k, s, k)",
    "a part": "k = Mul (big, seven) s = Reshape (k, shape) t = Reshape (s, negative) y = Gather (t, some)",
    "compared": f"m = Greater (big, mark) y = Cast <to = {INT64}> (m)",
}


@pytest.mark.parametrize("body", TABLES.values(), ids=TABLES)
def test_tables_are_computed_when_asked_for(body: str) -> None:
    """Too large to be worth it while shapes are computed, a table of indices is what onnxruntime computes."""
    words = set(re.findall(r"\w+", body))
    used = {name: value for name, value in FAR.items() if name in words}
    model = model_of(f"{body} r = Relu (x)", {"x": (2, 3)}, constants=used)
    ran = typed(model, "y")
    constants = inferred(model).constants
    assert constants.known("y") is None
    np.testing.assert_array_equal(constants["y"], ran)


def test_tables_of_the_data_are_not_computed() -> None:
    """What depends on an input's values is no constant; nor is the end of a very long chain, which is left alone."""
    live = f"c = Cast <to = {INT64}> (x) y = Add (big, c)"
    long = " ".join(f"a{k + 1} = Neg (a{k})" for k in range(5000))
    for body in (f"{live} z = Relu (x)", f"a0 = Neg (big) {long} y = Neg (a5000) z = Relu (x)"):
        constants = inferred(model_of(body, {"x": (1,)}, constants={"big": FAR["big"]}, outputs=["z"])).constants
        assert constants.get("y") is None


def test_a_table_that_does_not_fit() -> None:
    """A table with an index outside of what it picks from cannot be computed: it is not known, and nothing breaks."""
    model = model_of("y = Gather (big, outside) r = Relu (x)", {"x": (2,)}, outputs=["r"], constants={
        "big": FAR["big"], "outside": [5000],
    })  # fmt: skip
    assert inferred(model).constants.get("y") is None


BROKEN = {
    "an index outside": ("i = Gather (a, far) y = Reshape (x, i)", "'i'"),
    "a quotient by zero": ("i = Div (two, zero) y = Reshape (x, i)", "'i'"),
    "a remainder by zero": ("i = Mod (two, zero) y = Reshape (x, i)", "'i'"),
    "a step of zero": ("i = Slice (a, zero, two, zero, zero) y = Reshape (x, i)", "'i'"),
}


@pytest.mark.parametrize(("body", "named"), BROKEN.values(), ids=BROKEN)
def test_values_that_do_not_fit(body: str, named: str) -> None:
    """Arithmetic that cannot be done is a reason why the shape is unknown, and no crash."""
    constants: dict[str, Constant] = {"a": [1, 2], "far": [9], "zero": [0], "two": [2]}
    shapes = inferred(model_of(body, {"x": (2, 3)}, constants=constants))
    assert "y" not in shapes.shapes
    assert named in shapes.unknown["y"] or [problem.node.key for problem in shapes.problems] == ["i"]


def test_weights_are_not_folded() -> None:
    """Arithmetic over thousands of numbers is a model's business and no shape's."""
    model = model_of("v = Add (w, w) y = Conv (x, v)", {"x": (1, 8, 9, 9)}, constants={"w": (100, 8, 3, 3)})
    shapes = inferred(model)
    assert shapes.constants.known("v") is None
    assert shapes.shapes["y"] == (1, 100, 7, 7)
