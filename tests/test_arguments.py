"""Arguments as people write them: plain spellings are taken as they are meant, anything else is refused in words."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy
import onnx
import pytest
from msgspec import structs

import strideinspect
from strideinspect import Budget, Expectation, Settings, Severity, UsageError, inspect, inspect_many
from strideinspect.cli import options
from strideinspect.configuration.find import settings_for
from strideinspect.expectation import parsed
from strideinspect.testing import assert_clean
from tests.oracle_models import model_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A model of one pool over a 9×9 image, which drops nothing, alone in its folder."""
    file = tmp_path / "exports" / "model.onnx"
    file.parent.mkdir()
    onnx.save(model_of("y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x)", {"x": (1, 1, 9, 9)}), file)
    return file


SIZE_3 = Expectation("a:size=3", "a", (("size", (Fraction(3),)),))
MEANT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "one rule": ({"select": "coverage"}, {"select": ("coverage",)}),
    "rules as on the command line": ({"ignore": "field, coverage"}, {"ignore": ("field", "coverage")}),
    "a list": ({"select": ["field"]}, {"select": ("field",)}),
    "one pattern": ({"tensors": "layer3*"}, {"tensors": ("layer3*",)}),
    "one expectation": ({"expect": "a:size=3"}, {"expect": (SIZE_3,)}),
    "expectations as text": ({"expect": ["a:size=3"]}, {"expect": (SIZE_3,)}),
    "an expectation": ({"expect": SIZE_3}, {"expect": (SIZE_3,)}),
    "one shape": ({"input_shapes": [1, 3, 8, 9]}, {"input_shapes": {"": (1, 3, 8, 9)}}),
    "NumPy's numbers": ({"input_shapes": numpy.array([1, 8])}, {"input_shapes": {"": (1, 8)}}),
    "a shape as text": ({"input_shapes": "1,3,8,9"}, {"input_shapes": {"": (1, 3, 8, 9)}}),
    "a named shape as text": ({"input_shapes": "image=1,3"}, {"input_shapes": {"image": (1, 3)}}),
    "shapes as texts": ({"input_shapes": ["a=1,3", "b=2"]}, {"input_shapes": {"a": (1, 3), "b": (2,)}}),
    "a table with text": ({"input_shapes": {"a": "1,3", "b": [2]}}, {"input_shapes": {"a": (1, 3), "b": (2,)}}),
    "a severity by name": ({"fail_on": "warning"}, {"fail_on": Severity.WARNING}),
    "never": ({"fail_on": "never"}, {"fail_on": None}),
    "severities by name": ({"severity": {"field": "note"}}, {"severity": {"field": Severity.NOTE}}),
    "whole seconds": ({"verify_timeout": 5}, {"verify_timeout": 5.0}),
    "a file as text": ({"baseline": "accepted.json"}, {"baseline": Path("accepted.json")}),
    "budgets as a dict": ({"budgets": {"*": Budget(max_macs=9)}}, {"budgets": (("*", Budget(max_macs=9)),)}),
    "half a pixel": ({"budgets": {"*": Budget(0.5)}}, {"budgets": (("*", Budget(Fraction(1, 2))),)}),  # type: ignore[arg-type]
    "ignores as a dict": ({"per_node_ignores": {"a*": "field"}}, {"per_node_ignores": (("a*", ("field",)),)}),
}


@pytest.mark.parametrize(("given", "meant"), MEANT.values(), ids=MEANT)
def test_plain_spellings(given: dict[str, Any], meant: dict[str, Any]) -> None:
    """What a plain spelling means is what the exact one means, of the same type."""
    settings = Settings(**given)
    assert settings == Settings(**meant)
    for name, value in meant.items():
        assert getattr(settings, name) == value
        assert type(getattr(settings, name)) is type(value)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "rules": ({"select": 3}, r"select must be a list of texts, not 3; write select=\["),
    "a rule": ({"ignore": ["field", None]}, r"ignore .* holds None; write ignore="),
    "a set of bytes": ({"tensors": b"layer"}, r"tensors must be .* not b'layer'"),
    "an expectation": ({"expect": [3]}, "expect must be a list of texts, but holds 3"),
    "a word for a size": ({"input_shapes": [1, 3, "a"]}, r"size 'a' is not a whole number; write input_shapes="),
    "sizes as texts": ({"input_shapes": ["1", "3"]}, "size '1' is not a whole number"),
    "a broken size": ({"input_shapes": (1, 2.5)}, "size 2.5 is not a whole number"),
    "a truth for a size": ({"input_shapes": (True, 3)}, "size True is not a whole number"),
    "a size alone": ({"input_shapes": 224}, "224 is not a shape"),
    "a size without its shape": ({"input_shapes": {"image": 224}}, "224 is not a shape"),
    "a number for a name": ({"input_shapes": {0: (1, 3)}}, "0 is not an input's name"),
    "a shape as text": ({"input_shapes": "1x3x8x8"}, "'1x3x8x8' is not a whole number; write NAME=1,3,224,224"),
    "a severity": ({"fail_on": "warn"}, r'fail_on cannot be \'warn\'; write "note", "warning" or "error".*WARNING'),
    "a severity of a rule": ({"severity": {"field": "loud"}}, "severity of 'field' cannot be 'loud'"),
    "severities": ({"severity": "error"}, "severity must be a dict"),
    "yes": ({"verify": "yes"}, 'verify cannot be \'yes\'; write "none", "run" or "full"'),
    "a truth": ({"verify": False}, "verify cannot be False"),
    "no time": ({"verify_timeout": 0}, "verify_timeout cannot be 0; write a number of seconds above 0"),
    "time backwards": ({"verify_timeout": -1}, "verify_timeout cannot be -1"),
    "not a time": ({"verify_timeout": float("nan")}, "verify_timeout cannot be nan"),
    "all time": ({"verify_timeout": float("inf")}, "verify_timeout cannot be inf"),
    "erf as text": ({"erf": "yes"}, "erf cannot be 'yes'; write True or False"),
    "a time as text": ({"verify_timeout": "60"}, "verify_timeout cannot be '60'"),
    "budgets": ({"budgets": Budget(max_macs=9)}, "budgets must be pairs of a pattern and a value"),
    "a budget": ({"budgets": {"y": {"max_macs": 9}}}, r"budgets of 'y' must be a Budget; write Budget\("),
    "a bound": ({"budgets": {"y": Budget(max_unseen=-1)}}, "max_unseen in budgets of 'y' cannot be -1"),
    "a stride": ({"budgets": {"y": Budget(max_stride=Fraction(0))}}, "max_stride in budgets of 'y' cannot be"),
    "ignores": ({"per_node_ignores": "field"}, "per_node_ignores must be pairs"),
    "a file": ({"baseline": b"accepted.json"}, "the baseline must be a path"),
}


@pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant(given: dict[str, Any], message: str) -> None:
    """Any other value is refused when the settings are made, with what was given and how to write it."""
    with pytest.raises(UsageError, match=message):
        Settings(**given)


def test_changed_copies_are_checked() -> None:
    """A copy of settings with another value is checked like new ones."""
    settings = Settings(verify="none", select=("coverage",))
    with pytest.raises(UsageError, match="verify cannot be 'all'"):
        structs.replace(settings, verify="all")
    assert structs.replace(settings, verify="full") == Settings(verify="full", select=("coverage",))


@pytest.mark.parametrize("inspecting", [inspect, assert_clean, settings_for])
@pytest.mark.parametrize(("given", "message"), [
    (None, "the model must be a path .* not None"),
    (b"model.onnx", "the model must be a path .* not b'model.onnx'"),
    (["a.onnx", "b.onnx"], r"one model is inspected at a time; for several, write inspect_many\(\[...\]\)"),
    (onnx.ModelProto(), r"from a file, not from memory; write onnx.save\(model, path\) first"),
])  # fmt: skip
def test_models_that_are_no_paths(inspecting: Callable[..., object], given: Any, message: str) -> None:
    """What is not the path of one file is refused before anything is opened."""
    with pytest.raises(UsageError, match=message):
        inspecting(given)


@pytest.mark.parametrize(("options", "message"), [
    ({"paths": None}, "a model must be a path"),
    ({"paths": [None]}, "a model must be a path"),
    ({"jobs": 0}, "jobs cannot be 0; write a whole number, 1 or more"),
    ({"jobs": "4"}, "jobs cannot be '4'"),
    ({"jobs": 1.5}, "jobs cannot be 1.5"),
    ({"settings": {"verify": "none"}}, r"settings must be a Settings, not dict; write settings=Settings\(...\)"),
    ({"settings": lambda path: path}, "settings must be a Settings, not str"),
    ({"settings": Settings(select=("coverge",))}, r"there is no rule or group 'coverge'; did you mean coverage\?"),
])  # fmt: skip
def test_mistakes_of_a_fleet(options: dict[str, Any], message: str, path: Path) -> None:
    """A mistake that concerns all models is raised by the call, not once per model."""
    with pytest.raises(UsageError, match=message):
        inspect_many(**{"paths": [path], **options})


@pytest.mark.parametrize("as_text", [True, False])
def test_one_folder_is_one_path(as_text: bool, path: Path) -> None:  # noqa: FBT001
    """A folder by itself need not be put in a list."""
    folder = str(path.parent) if as_text else path.parent
    (report,) = inspect_many(folder, settings=Settings(verify="none"))
    assert report.path == str(path)


def test_a_function_for_settings_of_one_model(path: Path) -> None:
    """`settings_for` itself, which `inspect_many` takes, is refused with the call to write."""
    with pytest.raises(UsageError, match=r"not settings_for; write settings=settings_for\(path\)"):
        inspect(path, settings=settings_for)  # type: ignore[arg-type]


def test_empty_is_not_missing(path: Path) -> None:
    """An empty argument takes the place of what the settings have; one that is not given leaves it."""
    settings = Settings(
        select=("alignment",),
        tensors=("y",),
        expect=(parsed("y:size=4"),),
        input_shapes={"x": (1, 1, 10, 10)},
        verify="none",
    )
    kept = inspect(path, settings=settings)
    assert (kept.inputs[0].shape, [tensor.name for tensor in kept.tensors], kept.findings) == (
        (1, 1, 10, 10),
        ["y"],
        (),
    )
    emptied = inspect(path, settings=settings, tensors=(), input_shapes={}, select=())
    assert (emptied.inputs[0].shape, emptied.tensors) == ((1, 1, 9, 9), ())
    # The kernel of size 3 is what y sees, so that all rules find the expectation of 4 unmet, unless it is taken back.
    assert [finding.rule for finding in emptied.findings] == ["unmet-expectation"]
    assert inspect(path, settings=settings, select=(), expect=(), input_shapes={}).findings == ()


def test_arguments_of_inspect(path: Path) -> None:
    """Plain spellings do for the arguments of `inspect`, too, and a wrong one is refused there."""
    report = inspect(path, input_shapes="1,1,10,10", tensors="y", select="coverage", expect="y:size=3", verify="none")
    assert report.inputs[0].shape == (1, 1, 10, 10)
    assert [tensor.name for tensor in report.tensors] == ["y"]
    # floor((10 - 3) / 2) + 1 = 4 windows reach rows 0 to 8: row 9 is dropped.
    (finding,) = report.findings
    assert (finding.rule, finding.also[0].rule) == ("unseen-input", "floor-truncation")
    for wrong in ({"verify_timeout": 0}, {"verify": ""}, {"input_shapes": 0}):
        with pytest.raises(UsageError):
            inspect(path, **wrong)


@pytest.mark.parametrize("fail_on", ["warn", "", None])
def test_severity_of_a_test(fail_on: Any, path: Path) -> None:
    """A test that could never fail, for a severity that there is not, is refused."""
    with pytest.raises(UsageError, match="fail_on cannot be"):
        assert_clean(path, fail_on=fail_on, verify="none")


def test_shapes_read_as_the_command_line_reads_them() -> None:
    """Text means the same in both places, mistakes included, but for the option's name."""
    assert Settings(input_shapes=["a=1, 3", "2"]).input_shapes == options.input_shapes(["a=1, 3", "2"])  # type: ignore[arg-type]
    with pytest.raises(UsageError) as typed:
        options.input_shapes(["a=1,x"])
    with pytest.raises(UsageError) as called:
        strideinspect.Settings(input_shapes="a=1,x")  # type: ignore[arg-type]
    assert typed.value.message.removeprefix("--input-shape ") == called.value.message.removeprefix("input_shapes: ")
