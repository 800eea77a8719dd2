"""A package that adds an operator by an entry point, installed beside the library as a user would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from strideinspect import extend
from strideinspect.model.foreign_shapes import output_shape
from strideinspect.reads.families import families, reads
from tests.cli.process import strideinspect
from tests.oracle_models import model_of

PACKAGE = Path(__file__).parent / "package"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A 3×3 convolution with padding 1, then BlurPool, on 8×8."""
    proto = model_of(
        "c = Conv <pads = [1, 1, 1, 1]> (x, w) y = Relu (c)", {"x": (1, 1, 8, 8)}, constants={"w": (1, 1, 3, 3)}
    )
    proto.opset_import.append(onnx.helper.make_opsetid("example.vision", 1))
    proto.graph.node[1].op_type, proto.graph.node[1].domain = "BlurPool", "example.vision"
    path = tmp_path / "blur.onnx"
    onnx.save(proto, path)
    return path


def run(model: Path, package: Path) -> subprocess.CompletedProcess[str]:
    """Inspect a model in a process of its own that finds the package."""
    path = os.pathsep.join((str(package), str(ROOT)))
    command = [sys.executable, "-m", "strideinspect", str(model), "--format", "json", "--no-verify"]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_an_installed_package_is_used(installed: Path, model: Path) -> None:
    """Conv 3 (stride 1), then window 3 (stride 2): 3 + 2·1 = 5 pixels, stride 2, from −2 on; 8 indices become 4."""
    report = json.loads(run(model, installed).stdout)["models"][0]
    (output,) = report["outputs"]
    assert output["shape"] == [1, 1, 4, 4]
    assert [(f["size"], f["stride"], f["first"]) for f in output["fields"]] == [(5, "2", -2)] * 2
    assert all(finding["rule"] != "unknown-operator" for finding in report["findings"])


def test_without_the_package_the_operator_is_unknown(model: Path) -> None:
    """The same model without the package: a finding, so that the test above shows what the package does."""
    report = json.loads(strideinspect(str(model), "--format", "json", "--no-verify").stdout)["models"][0]
    assert "unknown-operator" in [finding["rule"] for finding in report["findings"]]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import a_module_that_is_missing", "ModuleNotFoundError"),
        pytest.param(
            "from strideinspect.extend import reads\nreads('Conv')(lambda placed: ())",
            "Conv of domain '' already has a family",
            marks=pytest.mark.slow,
        ),
    ],
    ids=["import fails", "registered twice"],
)
def test_a_broken_package_is_named(line: str, said: str, installed: Path, model: Path, tmp_path: Path) -> None:
    """A package that cannot be loaded ends the run with status 2, its name, the cause and what to do."""
    broken = tmp_path / "broken"
    shutil.copytree(installed, broken)
    (broken / "strideinspect_example" / "operators.py").write_text(line)
    done = run(model, broken)
    assert done.returncode == 2
    message = " ".join(done.stderr.split())
    assert "the package 'strideinspect-example' adds operators, but loading" in message
    assert said in message
    assert "update or uninstall 'strideinspect-example'" in message


@pytest.mark.slow
def test_known_operators_load_no_package(installed: Path, tmp_path: Path) -> None:
    """A broken package is no obstacle to a model of standard operators, as nothing looks for packages then."""
    broken = tmp_path / "broken"
    shutil.copytree(installed, broken)
    (broken / "strideinspect_example" / "operators.py").write_text("raise RuntimeError")
    path = tmp_path / "plain.onnx"
    onnx.save(model_of("y = Relu (x)", {"x": (1, 1, 8, 8)}), path)
    assert run(path, broken).returncode == 0


@pytest.mark.parametrize(
    "name", ["pyproject.toml", "strideinspect_example/operators.py", "strideinspect_example/even_kernel.py"]
)
def test_the_page_shows_the_package(name: str) -> None:
    """docs/extending.md holds the files that are installed here, word for word."""
    assert (PACKAGE / name).read_text() in (ROOT / "docs" / "extending.md").read_text()


def test_every_public_name_can_be_imported() -> None:
    """Whatever `strideinspect.extend` lists is there."""
    assert all(hasattr(extend, name) for name in dir(extend))
    assert not hasattr(extend, "missing")


def test_registering_twice_raises() -> None:
    """One operator has one description and one shape rule."""
    assert ("", "Conv") in families()
    with pytest.raises(ValueError, match="already has a family"):
        reads("Conv")(lambda _: ())
    output_shape("Registered", domain="tests.extensions")(lambda placed: (placed.shape(0),))
    with pytest.raises(ValueError, match="already has output shapes"):
        output_shape("Registered", domain="tests.extensions")(lambda placed: (placed.shape(0),))
