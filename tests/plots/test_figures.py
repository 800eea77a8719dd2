"""Figures: every kind in every format, the same bytes twice, names as text, and why there is nothing to draw."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest

from strideinspect import Report, UsageError, erf, inspect, plotting
from strideinspect.cli.app import run
from strideinspect.plots import figures
from tests.cli.process import SAMPLES
from tests.oracle_models import model_of
from tests.page.pages import HOSTILE, hostile_model, sample
from tests.some_slow import some_slow

pytest.importorskip("matplotlib", reason="matplotlib is not installed")
from matplotlib.patches import Circle, Rectangle

BEGINNINGS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.fixture(autouse=True, scope="module")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where matplotlib keeps its list of fonts."""
    os.environ.setdefault("MPLCONFIGDIR", str(tmp_path_factory.mktemp("matplotlib")))


SUFFIXES = some_slow(figures.SUFFIXES, {*figures.SUFFIXES} - {"svg"})
"""Pixels are compressed, and fonts taken apart, for half a second a figure."""


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", some_slow(figures.KINDS, {*figures.KINDS} - {"ladder"}))
def test_equal_bytes(kind: str, suffix: str) -> None:
    """Each kind is drawn in each format, and drawn again it has the same bytes."""
    report = sample("alexnet-stem-dynamo")
    first, second = (figures.written(report.plot(kind), suffix) for _ in range(2))
    assert first == second
    assert first.startswith(BEGINNINGS[suffix])


@pytest.mark.parametrize("kind", some_slow(figures.KINDS, {*figures.KINDS} - {"fields"}))
def test_hostile_names(kind: str, tmp_path: Path) -> None:
    """A name that would be markup, or mathematics, is text."""
    model = hostile_model()
    model.graph.node[0].name = f"$\\frac${HOSTILE}"
    onnx.save(model, tmp_path / "model.onnx")
    drawn = figures.written(inspect(tmp_path / "model.onnx", verify="none").plot(kind), "svg").decode()
    assert "<img" not in drawn
    assert "<script" not in drawn


def test_the_layer_that_is_asked_for() -> None:
    """Boxes and contributions are those of a layer, by its name, its node's or its output's."""
    report = sample("resnet18-dynamo")
    titles = {report.plot("boxes", layer).axes[0].get_title() for layer in ("maxpool", report.nodes[1].output)}
    assert titles == {"maxpool"}


@pytest.mark.parametrize(
    ("name", "kind", "layer", "message"),
    [
        ("wavenet-dynamo", "ladder", None, "never changes"),
        ("wavenet-keras", "boxes", None, "has one axis"),
        ("alexnet-stem-dynamo", "boxes", "conv9", "no layer is called 'conv9'"),
        ("alexnet-stem-dynamo", "fields", "conv1", "leave --layer out"),
        ("alexnet-stem-dynamo", "pie", None, "'pie' is not a kind of plot"),
    ],
)
def test_nothing_to_draw(name: str, kind: str, layer: str | None, message: str) -> None:
    """What cannot be drawn is told with the reason."""
    with pytest.raises(UsageError, match=message):
        sample(name).plot(kind, layer)


def test_the_actual_field_ends_at_the_input() -> None:
    """The line of actual fields never passes that of the input's size; theoretical ones do (427 of 224)."""
    axes = sample("resnet50-dynamo").plot("fields").axes[0]
    actual = next(line for line in axes.lines if str(line.get_label()).startswith("actual"))
    assert np.asarray(actual.get_ydata()).max() == 224
    assert np.asarray(axes.collections[0].get_offsets())[:, 1].max() == 427


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`plot` writes the file that is named; another suffix is told before anything is inspected."""
    monkeypatch.chdir(tmp_path)
    model = str(SAMPLES / "alexnet-stem-dynamo.onnx")
    assert run(["plot", model, "--kind", "ladder", "-o", "ladder.svg"]) == 0
    assert (tmp_path / "ladder.svg").read_bytes().startswith(b"<?xml")
    assert "ladder.svg" in capsys.readouterr().out
    assert run(["plot", model, "--kind", "ladder", "-o", "ladder.bmp"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert ".svg, .png or .pdf" in printed.err


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    """Two windows of ones over an image, whose effective fields follow by hand."""
    ones = np.ones((1, 1, 3, 3), np.float32)
    body = "a = Conv <pads = [1, 1, 1, 1]> (x, w) y = Conv <pads = [1, 1, 1, 1]> (a, w)"
    onnx.save(model_of(body, {"x": (1, 1, 24, 24)}, opset=18, constants={"w": ones}), tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


def test_an_effective_field_in_its_theoretical_one(seen: Path) -> None:
    """Two 3×3 windows on row 12, column 9: a box of 5×5 pixels around it, and the circles of 50, 90 and 99 %.

    The map is [1, 2, 3, 2, 1] times itself, 81 in all. Within distance 1 lie 9 + 4·6 = 33, within √2 all of 49, over
    half; within 2 there are 4·3 more, within √5 another 8·2: 77 of 81, over 90 %. The rest are corners, at √8.
    """
    axes = erf(seen, at="12,9", count=1).plot().axes[0]
    *circles, box = axes.patches
    assert isinstance(box, Rectangle)
    assert (box.get_xy(), box.get_width(), box.get_height()) == ((6.5, 9.5), 5, 5)
    found = [(circle.center, circle.radius) for circle in circles if isinstance(circle, Circle)]
    assert found == [((9, 12), pytest.approx(radius, rel=1e-5)) for radius in (2**0.5, 5**0.5, 8**0.5)]
    (image,) = axes.images
    drawn = np.asarray(image.get_array())
    assert drawn.shape == (24, 24)
    assert drawn.argmax() == 12 * 24 + 9


@pytest.mark.slow
@pytest.mark.parametrize("suffix", figures.SUFFIXES)
def test_effective_fields_have_equal_bytes(suffix: str, seen: Path) -> None:
    """Computed and drawn again, each format has the same bytes."""
    first, second = (figures.written(erf(seen, count=1).plot(), suffix) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("rank", [1, 3])
def test_effective_fields_of_signals_and_volumes(rank: int, tmp_path: Path) -> None:
    """A signal is a curve over its samples, a volume the slice through the center."""
    ones = np.ones((1, 1, *(3,) * rank), np.float32)
    model = model_of("y = Conv (x, w)", {"x": (1, 1, *(9,) * rank)}, opset=18, constants={"w": ones})
    onnx.save(model, tmp_path / "model.onnx")
    axes = erf(tmp_path / "model.onnx", count=1).plot().axes[0]
    assert axes.get_xlabel() == {1: "samples of x", 3: "columns of x, slice 4"}[rank]


def test_the_command_for_effective_fields(seen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It takes the options of `erf`, and other kinds refuse them."""
    drawn = tmp_path / "field.svg"
    given = ("plot", str(seen), "-o", str(drawn), "--at", "y:12,9", "--count", "1")
    assert run([*given, "--kind", "erf"]) == 0
    assert "row 12, column 9 of y" in drawn.read_text()
    assert run([*given, "--kind", "boxes"]) == 2
    assert "only work with --kind erf" in capsys.readouterr().err
    assert run([*given, "--kind", "erf", "--layer", "y"]) == 2
    assert "--at y:7,7" in capsys.readouterr().err


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where matplotlib is missing, the message says how to install it."""
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    report: Report = sample("alexnet-stem-dynamo")
    with pytest.raises(UsageError, match="plots need matplotlib"):
        plotting.figure(report, "ladder")
