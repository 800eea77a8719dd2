"""What the command says of files that are no models and of options that it does not have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.runs import ALEXNET
from tests.cli.process import strideinspect

BAD = {
    "no such file": (["missing.onnx"], None, "there is no file missing.onnx"),
    "a directory": (["."], None, ""),
    "an empty file": (["bad.onnx"], b"", "bad.onnx"),
    "a text": (["bad.onnx"], b"just some words, no model\n", "bad.onnx"),
    "half a model": (["bad.onnx"], Path(ALEXNET).read_bytes()[:2500], "bad.onnx"),
    "no such option": ([ALEXNET, "--verfy", "none"], None, "--verfy"),
    "no such rule": ([ALEXNET, "--select", "unseen"], None, "'unseen'"),
    "no such input": ([ALEXNET, "--input-shape", "image=1,3,224,224"], None, "'image'"),
    "no such size": ([ALEXNET, "--input-shape", "1,3,224"], None, "4 sizes"),
    "no number": ([ALEXNET, "--input-shape", "1,3,large,large"], None, "'large'"),
    "a size below none": ([ALEXNET, "--input-shape", "1,3,-1,224"], None, "-1"),
    "no model": ([], None, "MODEL"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("args", "content", "said"), BAD.values(), ids=BAD)
def test_bad_files_and_options(args: list[str], content: bytes | None, said: str, tmp_path: Path) -> None:
    """One line on standard error that names what is wrong, status 2, nothing on standard output, and no traceback."""
    if content is not None:
        (tmp_path / args[0]).write_bytes(content)
    done = strideinspect(*args, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("strideinspect: ")
    assert done.stderr.endswith("\n")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
