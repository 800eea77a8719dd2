"""Every described operator reads exactly the indices that onnxruntime's own operator reads."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from tests.reads.running import Case, differences, refused

_SAMPLE = {"resizing": 1500}
"""How many cases of a large family the suite takes; the whole sweep is python -m tests.reads.sweep."""


def _some(family: str) -> list[Case]:
    """The cases of a family, a seeded sample of the large ones."""
    found: list[Case] = list(import_module(f"tests.reads.cases_{family}").cases())
    most = _SAMPLE.get(family, len(found))
    if len(found) <= most:
        return found
    return [found[i] for i in sorted(np.random.default_rng(2026).choice(len(found), most, replace=False))]


@pytest.mark.parametrize(
    "family", ["ai_onnx_ml", "matrix", "movement", "normalisation", "pointwise", "resizing", "sequence", "windows"]
)
def test_reads_are_those_of_onnxruntime(family: str) -> None:
    """Changing one input element changes the outputs that we say read it, and no other."""
    ran, wrong = 0, []
    for case in _some(family):
        if refused(case):
            continue
        ran += 1
        wrong += [f"{case}: {text}" for text in differences(case)]
    assert wrong == []
    assert ran > 10, "onnxruntime refuses nearly everything: nothing was tested"
