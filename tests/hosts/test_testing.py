"""`assert_clean`, for the tests of projects."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strideinspect import Settings, StrideinspectError
from strideinspect.testing import assert_clean
from tests.hosts import installing
from tests.hosts.models import CLEAN, TRUNCATES, save


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model that loses a row of 9."""
    return save(TRUNCATES, tmp_path / "net.onnx")


@pytest.mark.parametrize("options", [
    {"input_shapes": (1, 1, 8, 8)},
    {"input_shapes": {"image": (1, 1, 8, 8)}},
    {"ignore": ("coverage",)},
    {"select": ("alignment",)},
    {"fail_on": "error"},
])  # fmt: skip
def test_clean_as_asked(options: dict[str, Any], model: Path) -> None:
    """What is asked and nothing else makes a test fail."""
    assert_clean(model, verify="none", **options)
    assert_clean(str(model), verify="none", settings=Settings(), **options)


def test_says_what_is_wrong(model: Path) -> None:
    """The assertion names the model, the rule, the place and what to do."""
    with pytest.raises(AssertionError) as raised:
        assert_clean(model, verify="none")
    text = str(raised.value)
    for part in (str(model), "floor-truncation", "MaxPool pool", "8×8 and 10×10"):
        assert part in text


def test_geometry_and_verification(tmp_path: Path) -> None:
    """Expectations fail the test that a clean model passes, held against onnxruntime unless asked otherwise."""
    model = save(CLEAN, tmp_path / "net.onnx")
    assert_clean(model, expect=("y:size=2,stride=2",))
    with pytest.raises(AssertionError, match="unmet-expectation"):
        assert_clean(model, expect=("y:size=3",), verify="none")


def test_configuration_and_baseline(model: Path) -> None:
    """The project's configuration counts, and accepted findings are accepted."""
    (model.parent / "strideinspect.toml").write_text('verify = "none"\nignore = ["coverage"]\n')
    assert_clean(model)
    with pytest.raises(AssertionError):
        assert_clean(model, settings=Settings(verify="none"))
    entry = (
        '{"model": "net.onnx", "rule": "%s", "layer": null, "node": %s, "output": %s, "operator": null, '
        '"namesakes": 1, "input": %s, "axes": [2, 3], "message": ""}'
    )
    accepted = [("floor-truncation", '"pool"', '"y"', "null"), ("unseen-input", "null", "null", '"image"')]
    entries = ",".join(entry % parts for parts in accepted)
    baseline = model.parent / "accepted.json"
    baseline.write_text(f'{{"schema": "strideinspect/baseline/1", "accepted": [{entries}]}}')
    assert_clean(model, baseline=baseline, settings=Settings(verify="none"))


def test_what_cannot_be_inspected_is_no_finding(tmp_path: Path) -> None:
    """A missing model is an error of its own, which no test takes for a finding."""
    with pytest.raises(StrideinspectError, match=r"missing\.onnx"):
        assert_clean(tmp_path / "missing.onnx")


@pytest.mark.slow
def test_a_misspelt_path_says_so_and_nothing_else(tmp_path: Path) -> None:
    """Pytest shows the line of the test and the message, no source of this package and no further exception."""
    (tmp_path / "test_it.py").write_text(
        "from strideinspect.testing import assert_clean\n\n\ndef test_it():\n    assert_clean('exprots/m.onnx')\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"],
        cwd=tmp_path,
        env=os.environ | installing.FEW_PLUGINS | {"PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in done.stdout.splitlines() if line.startswith("E ")]
    assert errors == [
        "E       strideinspect.errors.UnreadableModelError: there is no file exprots/m.onnx; check the path"
    ]
    assert "load.py" not in done.stdout
    assert "direct cause" not in done.stdout


@pytest.mark.slow
def test_pytest_help_says_what_fails(tmp_path: Path) -> None:
    """`pytest --help` names the severity that fails a model, and where to set another."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"],
        cwd=tmp_path,
        env=os.environ | installing.FEW_PLUGINS,
        capture_output=True,
        text=True,
        check=False,
    )
    told = " ".join(done.stdout.split()).partition("--strideinspect")[2][:400]
    assert "severity error" in told
    assert "fail-on" in told
