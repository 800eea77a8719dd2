"""The worker process stays within the model's folder and its own, and keeps onnxruntime's files out of the user's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import onnx
import onnx.parser
import pytest
from onnx import TensorProto

from strideinspect.results.verdict import Verdict
from strideinspect.verify.claims import Claims
from strideinspect.verify.client import Verifier
from tests.verify.helpers import checked, model_of, saved

pytestmark = pytest.mark.usefixtures("own_interpreter")

RELU = "(float[1,1,8] x) => (float[N,C,L] y) { y = Relu(x) }"


def external(name: str) -> TensorProto:
    """A value that is said to be in another file."""
    stored = TensorProto(data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    stored.external_data.add(key="location", value=name)
    return stored


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a file that tells whether it is opened")
def test_no_file_of_the_working_directory_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The value of a ConstantOfShape names a file there. It is a pipe: opening it would wait for ever."""
    model = model_of("(float[1,1,8] x, int64[1] s) => (float[N,C,L] y) { c = ConstantOfShape(s) y = Add(x, c) }", s=[8])
    node = next(node for node in model.graph.node if node.op_type == "ConstantOfShape")
    node.attribute.append(onnx.AttributeProto(name="value", type=onnx.AttributeProto.TENSOR, t=external("value.bin")))
    folder = tmp_path / "models"
    folder.mkdir()
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    os.mkfifo(tmp_path / "value.bin")
    monkeypatch.chdir(tmp_path)
    with Verifier("models/model.onnx", timeout=30) as verifier:
        verifier.begin({"x": (1, 1, 8)})
        found = checked(verifier, Claims({"c": (8,), "y": (1, 1, 8)}, [], [], {}))
    assert (found.status, found.shapes.agreed, found.reason) == (Verdict.AGREED, 2, None)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_worker_has_a_directory_of_its_own(tmp_path: Path) -> None:
    """Its working directory is the temporary one, so that a relative path leads to no file of the user's."""
    with Verifier(saved(model_of(RELU), tmp_path), timeout=60) as verifier:
        assert verifier.worker.process is not None
        assert Path(f"/proc/{verifier.worker.process.pid}/cwd").readlink() == Path(verifier.worker.directory).resolve()


def test_nothing_is_left_in_the_home_and_temporary_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Onnxruntime would keep an identifier and a database in the home folder, and a session file in the temporary one.

    From onnxruntime 1.32 on it does so unless it is told not to; the temporary folder of the worker itself is removed.
    """
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    for variable, folder in (("HOME", home), ("USERPROFILE", home), ("TMPDIR", temporary), ("TEMP", temporary)):
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    with Verifier(saved(model_of(RELU), tmp_path), timeout=60) as verifier:
        verifier.begin({"x": (1, 1, 8)})
        assert checked(verifier, Claims({"y": (1, 1, 8)}, [], [], {})).status is Verdict.AGREED
    assert [*home.rglob("*"), *temporary.rglob("*")] == []
