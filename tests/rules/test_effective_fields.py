"""Rules about what outputs really see: asked for or not, where it is not known, classifiers, causal axes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest

from strideinspect import Settings, effective_outputs, inspect
from strideinspect.analysis import Analysis
from strideinspect.results.effective_field import EffectiveField
from strideinspect.settings import Budget
from strideinspect.studies import averaged_gradients as study
from tests.cli.process import SAMPLES
from tests.cli.process import strideinspect as run
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import of_rule

ONES = np.ones((1, 1, 3, 3), np.float32)
IMAGE = (1, 1, 15, 15)
FAR = Budget(min_effective_radius=2)
"""More than the √2 pixels of a 3×3 window."""


def saved(
    folder: Path, body: str, constants: Mapping[str, Constant], shape: tuple[int, ...] = IMAGE, outputs: str = "y"
) -> Path:
    """A model of these nodes in a file."""
    path = folder / "model.onnx"
    onnx.save(model_of(body, {"x": shape}, opset=18, constants=constants, outputs=outputs.split()), path)
    return path


@pytest.mark.parametrize(("least", "found"), [(1, []), (2, [1.41])])
def test_the_bound(least: int, found: list[float], tmp_path: Path) -> None:
    """Nine equal pixels reach √2 = 1.41 pixels from the center; two outputs, of which one is bounded."""
    path = saved(tmp_path, "y = Conv (x, w) z = Conv (x, w)", {"w": ONES}, outputs="y z")
    budgets = (("y", Budget(min_effective_radius=least)),)
    report = inspect(path, settings=Settings(verify="none", erf=True, budgets=budgets))
    messages = [finding.message for finding in of_rule(report, "small-effective-field")]
    assert messages == [
        f"90 % of what moves row 6, column 6 of y (1×1×13×13) lies within {far} pixels of its center in x; "
        "at least 2 are required"
        for far in found
    ]


def test_nothing_is_computed_unless_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound alone runs nothing."""
    monkeypatch.setattr(effective_outputs, "effective_outputs", lambda *_: pytest.fail("it was computed"))
    path = saved(tmp_path, "y = Conv (x, w)", {"w": ONES})
    assert not of_rule(inspect(path, settings=Settings(verify="none", budgets=(("*", FAR),))), "small-effective-field")


def test_it_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for better sizes, where windows of stride 2 drop the last row, computes no gradient of its own."""
    calls: list[str] = []
    measured = effective_outputs.measured

    def counted(analysis: Analysis, path: str, request: study.Request) -> EffectiveField:
        calls.append(request.at.tensor)
        return measured(analysis, path, request)

    monkeypatch.setattr(effective_outputs, "measured", counted)
    path = saved(tmp_path, "y = Conv <strides = [2, 2]> (x, w)", {"w": ONES}, (1, 1, 16, 16))
    report = inspect(path, settings=Settings(erf=True, budgets=(("*", FAR),)))
    assert any(finding.sizes for finding in report.findings)
    assert len(of_rule(report, "small-effective-field")) == 1
    assert calls == ["y"]


def test_a_classifier_is_judged_by_the_map_that_it_pools(tmp_path: Path) -> None:
    """The output has no position; the map before the pooling has 13×13 cells."""
    path = saved(tmp_path, "m = Conv (x, w) y = GlobalAveragePool (m)", {"w": ONES})
    report = inspect(path, settings=Settings(verify="none", erf=True, budgets=(("*", FAR),)))
    (finding,) = of_rule(report, "small-effective-field")
    assert (finding.output, "row 6, column 6 of m (1×1×13×13)" in finding.message) == ("y", True)


def test_causal_signals_look_back_on_purpose(tmp_path: Path) -> None:
    """A window whose last tap alone counts, over the past: off the middle of the field, as it should be."""
    last = np.array([[[0, 0, 1]]], np.float32)
    path = saved(tmp_path, "y = Conv <pads = [2, 0]> (x, w)", {"w": last}, (1, 1, 15))
    assert not of_rule(inspect(path, settings=Settings(verify="none", erf=True)), "off-center-field")
    path = saved(tmp_path, "y = Conv <pads = [1, 1]> (x, w)", {"w": last}, (1, 1, 15))
    (finding,) = of_rule(inspect(path, settings=Settings(verify="none", erf=True)), "off-center-field")
    assert finding.message == (
        "what moves sample 7 of y (1×1×15) lies to one side of its center in x: in the mean 1 sample after it along "
        "axis 2"
    )


def test_a_file_without_weights_is_not_judged() -> None:
    """Numbers of random weights say nothing of the network; the note says why there are none."""
    settings = Settings(verify="none", erf=True, budgets=(("*", Budget(min_effective_radius=1000)),))
    report = inspect(SAMPLES / "cnn-stride2-torchscript.onnx", settings=settings)
    (finding,) = of_rule(report, "effective-field-unknown")
    assert finding.message.endswith("really sees is not known: the file has no weights")
    assert not of_rule(report, "small-effective-field")


def test_the_option(tmp_path: Path) -> None:
    """On the command line, in worker processes, and as a key of a configuration."""
    saved(tmp_path, "y = Conv (x, w)", {"w": ONES})
    (tmp_path / "second.onnx").write_bytes((tmp_path / "model.onnx").read_bytes())
    (tmp_path / "strideinspect.toml").write_text("budgets = {min-effective-radius = 2}\n")
    given = ("model.onnx", "second.onnx", "--no-verify", "--format", "concise", "--select", "small-effective-field")
    assert run(*given, cwd=tmp_path).stdout == ""
    assert run(*given, "--erf", "-j", "2", cwd=tmp_path).stdout.count("lies within 1.41 pixels") == 2
    shown = run("model.onnx", "--erf", "--show-settings", cwd=tmp_path).stdout
    assert "erf = true" in shown
    assert '"min-effective-radius" = 2' in shown
