"""What many sizes of one network cost, counted in what is worked out anew."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import strideinspect
import strideinspect.analysis
from strideinspect.fields import forward, mask_memo
from strideinspect.model import inference

RESNET50 = Path(__file__).parents[2] / "sample_models" / "resnet50-torchscript.onnx"


def test_most_of_a_network_is_as_at_another_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred sizes of ResNet-50: one of two equal axes is judged, in two periods of 32 and some smaller sizes.

    Of each size, a fifth of the 175 nodes, or less, is worked out: their shapes, what they read, and what is marked.
    """
    counted: Counter[str] = Counter()

    def counting(module: Any, name: str) -> None:
        function = getattr(module, name)

        def counted_one(*given: Any, **more: Any) -> Any:
            counted[name] += 1
            return function(*given, **more)

        monkeypatch.setattr(module, name, counted_one)

    for module, name in (
        (strideinspect.analysis, "infer"), (inference, "outputs_of"), (forward, "describe"), (mask_memo, "back")
    ):  # fmt: skip
        counting(module, name)
    (axis, _) = strideinspect.sizes(RESNET50, range=(200, 299)).axes
    assert len(axis.listed) == 100
    sizes = counted.pop("infer")
    assert sizes <= 85
    assert max(counted.values()) <= 35 * sizes
