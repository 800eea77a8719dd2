"""Files whose names are no text in any encoding are verified like others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

import strideinspect
from strideinspect.results.verdict import Verdict
from tests.oracle_models import model_of


@pytest.mark.parametrize("verify", ["run", "full"])
def test_names_that_are_no_text(verify: Literal["run", "full"], tmp_path: Path) -> None:
    """Bytes that are no UTF-8, in the folder and in the file, reach the process that runs the model."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes no such names")
    path = Path(os.fsdecode(os.fsencode(folder) + b"/m\xff.onnx"))
    model = model_of(
        "y = Conv <strides = [2, 2]> (x, w)", {"x": (1, 1, 9, 9)}, constants={"w": np.ones((1, 1, 3, 3), np.float32)}
    )
    path.write_bytes(model.SerializeToString())
    verification = strideinspect.inspect(path, verify=verify).verification
    assert (verification.status, verification.reason, verification.details) == (Verdict.AGREED, None, ())
    if verify == "full":
        assert verification.impulses is not None
        assert verification.impulses.counts.agreed == 18  # every row and every column
