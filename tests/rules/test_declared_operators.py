"""Operators that the settings declare: their fields, their shapes, and what verification says of them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import onnx.parser
import pytest

from strideinspect import Operator, Settings, UsageError
from strideinspect.configuration.find import settings_for
from strideinspect.results.report import Report
from tests.oracle_models import tensor
from tests.rules.inspecting import inspected, of_rule

MODEL = """<ir_version: 8, opset_import: ["": 18, "my.vision": 1]>
agraph (float[1,1,16,16] x) => (float[] y) {{
  a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
  b = my.vision.Op {attributes} (a{more})
  y = Conv <pads = [1, 1, 1, 1]> (b, three)
}}"""
CONV = "<kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]>"

DECLARED = {
    # 2 pixels a window; behind it the 3×3 kernel sees 2 + 2·2 = 6.
    "elementwise": ("", ", vector", {"reads": "elementwise"}, (1, 1, 8, 8), 6, 2),
    # A 3×3/2 convolution of a map of stride 2 sees 2 + 2·2 = 6; the last one 6 + 2·4 = 14, at stride 4.
    "like Conv": (CONV, ", three", {"reads": "like Conv"}, (1, 1, 4, 4), 14, 4),
    "like MaxPool": (CONV, "", {"reads": "like MaxPool"}, (1, 1, 4, 4), 14, 4),
    "another number of channels": ("", "", {"reads": "elementwise", "shape": [0, 1, 8, 8]}, (1, 1, 8, 8), 6, 2),
}


def text_of(attributes: str, more: str) -> onnx.ModelProto:
    """The model with this operator in the middle."""
    model = onnx.parser.parse_model(MODEL.format(attributes=attributes, more=more))
    model.graph.initializer.extend([tensor("three", (1, 1, 3, 3)), tensor("vector", (8,))])
    return model


def report(model: onnx.ModelProto, table: dict[str, object], folder: Path) -> Report:
    """The report with the operator declared in the configuration."""
    shape = f", shape = {table['shape']}" if "shape" in table else ""
    declared = f'[operators]\n"my.vision:Op" = {{reads = "{table["reads"]}"{shape}}}\n'
    (folder / "strideinspect.toml").write_text(declared, encoding="utf-8")
    return inspected(model, folder, verify="run", settings=settings_for(folder / "model.onnx"))


@pytest.mark.parametrize(("attributes", "more", "table", "shape", "size", "stride"), DECLARED.values(), ids=DECLARED)
def test_a_declared_operator_is_followed(
    attributes: str,
    more: str,
    table: dict[str, object],
    shape: tuple[int, ...],
    size: int | None,
    stride: int,
    tmp_path: Path,
) -> None:
    """The field behind it is exact, as if the operator were the known one; nothing is reported as unknown."""
    found = report(text_of(attributes, more), table, tmp_path)
    assert of_rule(found, "unknown-operator") == []
    assert found.outputs[0].shape == shape
    assert [(field.size, field.stride) for field in found.outputs[0].fields] == [(size, Fraction(stride))] * 2


def test_what_cannot_be_run_is_not_checked(tmp_path: Path) -> None:
    """The operator has no kernel in onnxruntime, declared or not, and the report says so."""
    found = report(text_of("", ""), {"reads": "elementwise"}, tmp_path)
    assert found.verification.status == "not-checked"
    assert "my.vision" in (found.verification.reason or "")


WRONG = {
    "known": ("com.microsoft:Gelu", Operator(), "com.microsoft:Gelu is known and cannot be declared"),
    "like nothing": ("a:B", Operator("like Convv"), "like 'Convv', which is not a standard operator; did you mean"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "operator", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_declaration_is_refused(name: str, operator: Operator, message: str, tmp_path: Path) -> None:
    """An operator that is known needs no declaration, and an unknown one cannot stand for another."""
    with pytest.raises(UsageError) as raised:
        inspected(text_of("", ""), tmp_path, settings=Settings(operators={name: operator}))
    assert message in f"{raised.value.message}; {raised.value.help}"


TABLES = {
    'reads = "likewise"': "operators of 'a:B': reads cannot be 'likewise'",
    'shape = "other"': 'a:B: shape must be "same", or a list of sizes',
    "kernel = 3": "a:B: unknown key 'kernel'",
}


@pytest.mark.parametrize(("entry", "message"), TABLES.items())
def test_a_wrong_table_names_its_key(entry: str, message: str, tmp_path: Path) -> None:
    """A mistake in the configuration names the operator and the key."""
    (tmp_path / "strideinspect.toml").write_text(f'[operators]\n"a:B" = {{{entry}}}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="operators") as raised:
        settings_for(tmp_path / "model.onnx")
    assert message in raised.value.message
