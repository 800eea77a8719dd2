"""Values given for inputs: constants of the analysis and of the run, which an If follows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from strideinspect import InputValues, Report, Verdict, inspect
from strideinspect.errors import InputValueError, UsageError
from strideinspect.model.input_values import with_values
from strideinspect.model.load import from_proto
from tests.rules.inspecting import of_rule

OPSET = '<ir_version: 8, opset_import: ["": 17]>'
RESIZED = f"""{OPSET} g (float[1,3,8,8] x, int64[4] sizes) => (float[1,3,h,w] y) {{
  y = Resize <mode = "nearest"> (x, , , sizes)
}}"""
SWITCHED = f"""{OPSET} g (float[1,1,8,8] x, int64 sr) => (float[1,1,h,w] y) <int64 fast = {{16000}}> {{
  is_fast = Equal (sr, fast)
  y = If (is_fast) <
    then_branch = g1 () => (float[1,1,4,4] a) {{ a = MaxPool <kernel_shape = [2,2], strides = [2,2]> (x) }},
    else_branch = g2 () => (float[1,1,2,2] b) {{ b = MaxPool <kernel_shape = [4,4], strides = [4,4]> (x) }}
  >
}}"""


def report(text: str, folder: Path, values: InputValues | None) -> Report:
    """The report on a model from text."""
    path = folder / "m.onnx"
    onnx.save(onnx.parser.parse_model(text), path)
    return inspect(path, input_values=values)


@pytest.mark.parametrize("values", [
    {"sizes": (1, 3, 16, 16)}, {"sizes": [1, 3, 16, 16]}, {"sizes": np.array([1, 3, 16, 16])}, "sizes=1,3,16,16",
    ["sizes=1, 3, 16, 16"],
])  # fmt: skip
def test_a_list_of_sizes(values: InputValues, tmp_path: Path) -> None:
    """However it is written, the Resize is to 16×16, in the analysis and in the run."""
    found = report(RESIZED, tmp_path, values)
    assert found.outputs[0].shape == (1, 3, 16, 16)
    assert (found.inputs[1].name, found.inputs[1].value) == ("sizes", (1, 3, 16, 16))
    assert found.verification.status is Verdict.AGREED
    assert of_rule(found, "missing-input-value") == []


def test_without_its_value(tmp_path: Path) -> None:
    """One finding names the input, and what nothing is known of."""
    found = report(RESIZED, tmp_path, None)
    (note,) = of_rule(found, "missing-input-value")
    assert note.message.startswith("input sizes has no value, which decides the output shape of Resize")
    assert note.help == "give it: --input-value sizes=VALUE"
    assert of_rule(found, "unknown-operator") == []


@pytest.mark.parametrize(("value", "output", "kernel"), [(16000, (1, 1, 4, 4), 2), ("8000", (1, 1, 2, 2), 4)])
def test_an_if_follows(value: object, output: tuple[int, ...], kernel: int, tmp_path: Path) -> None:
    """Only the branch that the value selects is there, and onnxruntime takes it too."""
    found = report(SWITCHED, tmp_path, {"sr": value})
    assert [node.kernel for node in found.nodes] == [(kernel, kernel)]
    assert found.outputs[0].shape == output
    assert (found.verification.status, found.verification.shapes.not_checked) == (Verdict.AGREED, 0)


def test_an_if_without_its_value(tmp_path: Path) -> None:
    """Both branches are reported, and the note names the input that decides between them."""
    found = report(SWITCHED, tmp_path, None)
    assert [node.kernel for node in found.nodes] == [(2, 2), (4, 4)]
    (note,) = of_rule(found, "missing-input-value")
    assert note.message == "input sr has no value, which decides which branch of If y runs, so both are reported"


FITTING: dict[str, tuple[str, object, object]] = {
    # the declaration, the value, what becomes of it
    "a whole number": ("int64 v", "16000", 16000),
    "a negative one": ("int32[1] v", -3, [-3]),
    "one for a list": ("int64[n] v", "7", [7]),
    "real numbers": ("float[n] v", "0.5,1e3", [0.5, 1000.0]),
    "a whole number as a real one": ("float v", 2, 2.0),
    "true": ("bool v", "true", True),
    "False": ("bool[2] v", (True, False), [True, False]),
    "a text": ("string v", "a,b", b"a,b"),
    "texts": ("string[2] v", "a,b", [b"a", b"b"]),
    "rows": ("int64[2,2] v", ((1, 2), (3, 4)), [[1, 2], [3, 4]]),
    "laid out": ("int64[1,n] v", "1,2,3", [[1, 2, 3]]),
    "nothing": ("float[0] v", (), []),
}


@pytest.mark.parametrize(("declared", "value", "expected"), FITTING.values(), ids=FITTING)
def test_values_take_the_inputs_type_and_shape(declared: str, value: object, expected: object) -> None:
    """The constant has the declared element type; a plain list is laid out in the declared shape."""
    proto = onnx.parser.parse_model(f"{OPSET} g ({declared}) => (float[] y) {{ y = Identity (v) }}")
    model = with_values(from_proto(proto), {"v": value})
    (tensor,) = model.proto.graph.initializer
    assert tensor.data_type == proto.graph.input[0].type.tensor_type.elem_type
    assert onnx.numpy_helper.to_array(tensor).tolist() == expected or [*tensor.string_data] == [
        *(expected if isinstance(expected, list) else [expected])
    ]


REFUSED: dict[str, tuple[str, dict[str, object], str, str]] = {
    "no such input": ("int64 sr", {"srs": 1}, "the model has no input 'srs'", "did you mean 'sr'?"),
    "nothing like it": ("int64 sr", {"zzz": 1}, "the model has no input 'zzz'", "its inputs are: sr"),
    "no whole number": ("int64 sr", {"sr": "1.5"}, "input 'sr' holds whole numbers (int64), not '1.5'", "write whole"),
    "no number": ("float sr", {"sr": "fast"}, "input 'sr' holds numbers (float32), not 'fast'", "write numbers"),
    "no truth": ("bool sr", {"sr": 2}, "input 'sr' holds true or false (bool), not 2", "write true or false"),
    "a truth": ("int64 sr", {"sr": True}, "input 'sr' holds whole numbers (int64), not True", "write whole"),
    "no text": ("string sr", {"sr": 3}, "input 'sr' holds texts, not 3", "quotation marks"),
    "too large": ("int8 sr", {"sr": 300}, "input 'sr' holds whole numbers (int8), not 300", "write whole"),
    "too few": ("int64[4] sr", {"sr": "1,2,3"}, "input 'sr' has the shape 4; 3 values were given", "give 4 values"),
    "too many": ("int64 sr", {"sr": "1,2"}, "input 'sr' has the shape scalar; 2 values were given", "give 1 value"),
    "other rows": ("int64[2,2] sr", {"sr": ((1, 2),)}, "a value of shape 1×2 was given", "give 4 values"),
    "ragged": ("int64[2,2] sr", {"sr": ((1, 2), (3,))}, "has rows of different lengths", ""),
}


@pytest.mark.parametrize(("declared", "values", "message", "advice"), REFUSED.values(), ids=REFUSED)
def test_refusals(declared: str, values: dict[str, object], message: str, advice: str) -> None:
    """What does not fit is refused with what the input holds, and what to write."""
    proto = onnx.parser.parse_model(f"{OPSET} g ({declared}) => (float[] y) {{ y = Identity (sr) }}")
    with pytest.raises(InputValueError) as error:
        with_values(from_proto(proto), values)
    assert message in error.value.message
    assert advice in error.value.help


@pytest.mark.parametrize("values", ["sr", "=3", ["sr=1", "sr=2"], {"sr": None}, {"sr": {"a": 1}}, 3])
def test_spellings_that_are_refused(values: InputValues, tmp_path: Path) -> None:
    """A value needs the name of its input, once, and is a number, a text or a list of them."""
    with pytest.raises(UsageError):
        report(RESIZED, tmp_path, values)
