"""Every described operator reads exactly the indices that onnxruntime's own operator reads."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from tests.reads.running import Case, differences, refused

_PARTS = {
    "ai_onnx_ml": 1, "matrix": 1, "movement": 3, "normalisation": 2, "pointwise": 1, "resizing": 5, "sequence": 2,
    "windows": 2,
}  # fmt: skip
"""The families, and into how many tests of a second or two each is split: processes share them."""

_SLOW = {"matrix", "movement", "normalisation", "resizing", "sequence"}
"""Families whose every part takes more than a second."""

_SAMPLE = {"resizing": 1500}
"""How many cases of a large family the suite takes; the whole sweep is python -m tests.reads.sweep."""


@cache
def _some(family: str) -> list[Case]:
    """The cases of a family, a seeded sample of the large ones."""
    found: list[Case] = list(import_module(f"tests.reads.cases_{family}").cases())
    most = _SAMPLE.get(family, len(found))
    if len(found) <= most:
        return found
    return [found[i] for i in sorted(np.random.default_rng(2026).choice(len(found), most, replace=False))]


def test_every_family_is_there() -> None:
    """No file of cases is left out."""
    files = Path(__file__).parent.glob("cases_*.py")
    assert sorted(file.stem.removeprefix("cases_") for file in files) == sorted(_PARTS)


@pytest.mark.parametrize(("family", "part"), [
    pytest.param(family, part, marks=pytest.mark.slow if part or family in _SLOW else ())
    for family, parts in _PARTS.items() for part in range(parts)
])  # fmt: skip
def test_reads_are_those_of_onnxruntime(family: str, part: int) -> None:
    """Changing one input element changes the outputs that we say read it, and no other."""
    ran, wrong = 0, []
    for case in _some(family)[part :: _PARTS[family]]:
        if refused(case):
            continue
        ran += 1
        wrong += [f"{case}: {text}" for text in differences(case)]
    assert wrong == []
    assert ran > 10, "onnxruntime refuses nearly everything: nothing was tested"
