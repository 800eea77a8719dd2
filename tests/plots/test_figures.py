"""Figures: every kind in every format, the same bytes twice, names as text, and why there is nothing to draw."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest

from strideinspect import Report, UsageError, inspect, plotting
from strideinspect.plots import figures
from tests.cli.process import SAMPLES, strideinspect
from tests.page.pages import HOSTILE, hostile_model, sample

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

BEGINNINGS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.fixture(autouse=True, scope="module")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where matplotlib keeps its list of fonts."""
    os.environ.setdefault("MPLCONFIGDIR", str(tmp_path_factory.mktemp("matplotlib")))


@pytest.mark.parametrize("suffix", figures.SUFFIXES)
@pytest.mark.parametrize("kind", figures.KINDS)
def test_equal_bytes(kind: str, suffix: str) -> None:
    """Each kind is drawn in each format, and drawn again it has the same bytes."""
    report = sample("alexnet-stem-dynamo")
    first, second = (figures.written(report.plot(kind), suffix) for _ in range(2))
    assert first == second
    assert first.startswith(BEGINNINGS[suffix])


@pytest.mark.parametrize("kind", figures.KINDS)
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
        ("wavenet-dynamo", "contribution", None, "4,096 samples"),
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


def test_the_command(tmp_path: Path) -> None:
    """`plot` writes the file that is named; another suffix is told before anything is inspected."""
    model = str(SAMPLES / "alexnet-stem-dynamo.onnx")
    done = strideinspect("plot", model, "--kind", "ladder", "-o", "ladder.svg", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ladder.svg").read_bytes().startswith(b"<?xml")
    assert "ladder.svg" in done.stdout
    done = strideinspect("plot", model, "--kind", "ladder", "-o", "ladder.bmp", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert ".svg, .png or .pdf" in done.stderr


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where matplotlib is missing, the message says how to install it."""
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    report: Report = sample("alexnet-stem-dynamo")
    with pytest.raises(UsageError, match="plots need matplotlib"):
        plotting.figure(report, "ladder")
