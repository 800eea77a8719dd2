"""Names of tensors, nodes and layers, as options and settings take them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import onnx
import onnx.parser
import pytest
from msgspec import structs
from msgspec.structs import replace

from strideinspect import Budget, Finding, Report, Settings, Severity, Source, UsageError, inspect
from strideinspect.policy import choices
from strideinspect.results.layer_paths import enclosing
from strideinspect.results.one_cause import places_of
from tests.cli.process import SAMPLES

BROKEN = """
<ir_version: 8, opset_import: ["": 18]>
agraph (float[1,1,9,9] x) => (float[N,C,H,W] out, float[1,1,4,4] half) {
  half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
  sum = Add (x, half)
  out = Relu (sum)
}
"""
"""9 rows and 4 rows do not add up: nothing is known of `sum` and `out`."""


def asked(name: str, *tensors: str) -> Report:
    """A report on a sample model that is asked for these tensors."""
    return inspect(SAMPLES / f"{name}.onnx", verify="none", settings=Settings(tensors=tensors))


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A model two of whose tensors cannot be computed."""
    onnx.save(onnx.parser.parse_model(BROKEN), tmp_path / "broken.onnx")
    return tmp_path / "broken.onnx"


@pytest.mark.parametrize(("pattern", "fields"), [
    # Of a whole fire module only what leaves it: the concatenation, 7 + 2·4 = 15 pixels at a stride of 4.
    ("features.3", [(15, 4)]),
    ("features.3.squeeze", [(7, 4)]),
    # Its squeeze, two expansions, their activations, and the concatenation.
    ("features.3*", [(7, 4), (7, 4), (7, 4), (7, 4), (15, 4), (15, 4), (15, 4)]),
])  # fmt: skip
def test_layers_of_both_exporters(pattern: str, fields: list[tuple[int | None, Fraction | None]]) -> None:
    """A layer path stands for what leaves the layer, the same for PyTorch's two exporters; weights are left out."""
    for exporter in ("dynamo", "torchscript"):
        report = asked(f"squeezenet11-{exporter}", pattern)
        assert [(t.fields[0].size, t.fields[0].stride) for t in report.tensors] == fields
        assert report.unmatched == ()


def test_layers_of_keras() -> None:
    """The older path with slashes names modules as well: the last 3×3 layer of DenseNet-121's fifth block."""
    report = asked("densenet121-keras", "densenet121_1/conv5_block16_2_conv_1")
    (tensor,) = report.tensors
    assert tensor.fields[0].size == report.node(tensor.name).fields[0].size


@pytest.mark.parametrize("name", ["out", "sum"])
def test_tensor_that_cannot_be_computed(name: str, broken: Path) -> None:
    """It is still a name, and the report says why nothing is known of it."""
    (tensor,) = inspect(broken, verify="none", tensors=[name]).tensors
    assert (tensor.name, tensor.shape, tensor.reason) == (name, None, "Add 'sum' cannot run at this size")


def test_input_is_a_tensor(broken: Path) -> None:
    """A pixel of the input depends on itself alone."""
    (tensor,) = inspect(broken, verify="none", tensors=["x"]).tensors
    assert [(field.size, field.stride) for field in tensor.fields] == [(1, Fraction(1))] * 2


def test_what_matches_nothing(broken: Path) -> None:
    """Patterns of the settings that match nothing are in the report, each with the nearest name; an argument raises."""
    settings = Settings(
        tensors=("hlaf", "o*"),
        per_node_ignores=(("layer3*", ("coverage",)), ("half", ("coverage",))),
        budgets=(("*", Budget(max_stride=Fraction(64))), ("logits", Budget(max_stride=Fraction(8)))),
    )
    report = inspect(broken, verify="none", settings=settings)
    assert [structs.astuple(one) for one in report.unmatched] == [
        ("tensors", "hlaf", "half"),
        ("per_node_ignores", "layer3*", ""),
        ("budgets", "logits", ""),
    ]
    assert [tensor.name for tensor in report.tensors] == ["out"]
    with pytest.raises(UsageError, match="no tensor, node or layer is called 'hlaf'; did you mean half"):
        inspect(broken, verify="none", tensors=["hlaf"])


def test_expected_of_a_layer() -> None:
    """An expectation may name a layer; one that several tensors leave has to name one of them."""
    path = SAMPLES / "squeezenet11-dynamo.onnx"
    # 31 pixels after the pool features.5 (15 + 2·4 = 23, 23 + 2·4 = 31), and 2·8 more in features.6.
    assert inspect(path, verify="none", select=["budget"], expect="features.6:size=47,stride=8").findings == ()
    (finding,) = inspect(path, verify="none", select=["budget"], expect="features.3.expand:size=1").findings
    assert finding.message.startswith("there is no tensor, node or layer 'features.3.expand'; the outputs are: ")


def test_expected_of_what_cannot_be_computed(broken: Path) -> None:
    """What is unknown is not as expected, and the finding says why it is unknown."""
    report = inspect(broken, verify="none", select=["unmet-expectation"], expect="out:size=3")
    why = "Add 'sum' cannot run at this size"
    assert [finding.message for finding in report.findings] == [f"out: its size is unknown ({why}), not 3"]


def test_ignored_in_a_module() -> None:
    """The path of a module ignores a rule in all layers inside, and in no layer whose name merely begins alike."""
    layers = ("layer2.0.conv1", "layer2.1", "layer20.0", "layer3.0.conv1", "layer4")
    found = tuple(
        Finding("stride-gap", Severity.NOTE, "a gap", node=layer, source=Source(None, None, layer)) for layer in layers
    )
    report = replace(asked("conv-7x7-stride2-dynamo"), findings=found)
    kept = choices.applied(report, {}, [("layer2", ["stride-gap"]), ("layer3.*", ["stride-gap"])]).findings
    assert [place.node for finding in kept for place in places_of(finding)] == ["layer20.0", "layer4"]


@pytest.mark.parametrize(("path", "around"), [
    ("layer3.0.conv1", ("layer3", "layer3.0", "layer3.0.conv1")),
    ("block1/conv", ("block1", "block1/conv")),
    ("conv", ("conv",)),
])  # fmt: skip
def test_enclosing(path: str, around: tuple[str, ...]) -> None:
    """A path names the modules around a layer, with dots or slashes between them."""
    assert enclosing(path) == around
