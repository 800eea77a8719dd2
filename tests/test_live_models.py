"""Models that live in a process: exported by their framework, inspected, and left as they were.

Neither framework is needed by the package or its tests. The stand-ins have the classes and functions that are called,
by the frameworks' own names; the real ones are used where they are installed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import onnx
import onnx.parser
import pytest

from strideinspect import UnsupportedModelError, UsageError, inspect_module

POOL = """<ir_version: 8, opset_import: ["": 18]>
g (float[1,1,10,10] image) => (float[1,1,4,4] y) { y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (image) }"""


class Module:
    """As torch.nn.Module, as far as it is asked."""

    __module__ = "torch.nn.modules.module"

    def __init__(self, *parts: Module) -> None:
        self.training = True
        self.parts = parts

    def modules(self) -> Iterator[Module]:
        """The module and all its parts."""
        yield self
        for part in self.parts:
            yield from part.modules()

    def eval(self) -> None:
        """Put all parts into evaluation mode."""
        for part in self.modules():
            part.training = False


class Net(Module):
    """A network of a user's own."""


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The arguments of every export by a stand-in for PyTorch, which writes a pool that drops row 9 of 10."""
    calls: list[Any] = []

    def export(module: Module, args: tuple[object, ...], file: str, **options: object) -> None:
        calls.append((args, options["kwargs"], [part.training for part in module.modules()]))
        if args == ("wrong",):
            raise RuntimeError("Failed. Next steps: …") from ValueError("expected 3 channels, but got 4\nand a trace")
        onnx.save(onnx.parser.parse_model(POOL), file)

    torch = ModuleType("torch")
    vars(torch).update(onnx=SimpleNamespace(export=export), no_grad=nullcontext)
    monkeypatch.setitem(sys.modules, "torch", torch)
    return calls


def test_report_of_a_module(exported: list[Any]) -> None:
    """The report bears the name of the class; the export is of evaluation, and every part gets its own mode back."""
    frozen = Module()
    frozen.training = False
    net = Net(Module(), frozen)
    report = inspect_module(net, "image", verify="none")
    assert (report.path, report.findings[0].rule) == ("Net", "unseen-input")
    assert exported == [(("image",), {}, [False, False, False])]
    assert [part.training for part in net.modules()] == [True, True, False]
    assert inspect_module(net, "image", name="stem", verify="none", select="stride-gap").findings == ()


@pytest.mark.parametrize(
    ("given", "args", "kwargs"),
    [("x", ("x",), {}), (("x", "y"), ("x", "y"), {}), (["x"], ("x",), {}), ({"image": "x"}, (), {"image": "x"})],
)
def test_example_inputs(given: object, args: tuple[str, ...], kwargs: dict[str, str], exported: list[Any]) -> None:
    """One input, several, or inputs by name."""
    inspect_module(Net(), given, verify="none")
    assert exported[0][:2] == (args, kwargs)


def test_export_that_fails(exported: list[Any]) -> None:
    """The first cause is said in a line, and the module is as it was."""
    net = Net()
    with pytest.raises(UnsupportedModelError, match=r"Net: .* export it to ONNX: expected 3 channels, but got 4;"):
        inspect_module(net, "wrong")
    assert net.training
    assert len(exported) == 1


def test_wrong_option(exported: list[Any]) -> None:
    """A value that an option cannot have is told before the export, which may take minutes."""
    with pytest.raises(UsageError, match="verify_timeout"):
        inspect_module(Net(), "image", verify_timeout=-1)
    assert exported == []


@pytest.mark.usefixtures("exported")
@pytest.mark.parametrize(
    ("module", "message"),
    [
        (Net, "give an instance, not the class"),
        ("model.onnx", r"for a file, call inspect\(path\)"),
        (Net(), "it needs example inputs"),
    ],
)
def test_what_cannot_be_inspected(module: object, message: str) -> None:
    """What was meant is said."""
    with pytest.raises(UsageError, match=message):
        inspect_module(module)


def test_module_of_the_real_pytorch() -> None:
    """AlexNet's first layers at 224: (224 - 11) / 4 leaves a remainder of 1, (54 - 3) / 2 one of 1."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; the package does not need it")
    pytest.importorskip("onnxscript", reason="PyTorch's exporter needs onnxscript")
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 11, 4), torch.nn.MaxPool2d(3, 2))
    report = inspect_module(net, torch.zeros(1, 3, 224, 224))
    dropped = [finding.node for finding in report.findings if finding.rule == "floor-truncation"]
    assert len(dropped) == 2
    assert net.training


def test_model_of_the_real_keras() -> None:
    """The same network and the same remainders in Keras, at the size that it was built with."""
    keras = pytest.importorskip("keras", reason="Keras is not installed; the package does not need it")
    pytest.importorskip("tf2onnx", reason="Keras' exporter needs tf2onnx")
    layers = [keras.Input((224, 224, 3)), keras.layers.Conv2D(4, 11, 4), keras.layers.MaxPool2D(3, 2)]
    report = inspect_module(keras.Sequential(layers))
    assert [finding.rule for finding in report.findings].count("floor-truncation") == 2
    assert report.path == "Sequential"


def test_no_file_is_left(tmp_path: Path, exported: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The temporary folder is removed, whatever happens."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    inspect_module(Net(), "image", verify="none")
    with pytest.raises(UnsupportedModelError):
        inspect_module(Net(), "wrong")
    assert list(tmp_path.iterdir()) == []
    assert len(exported) == 2
