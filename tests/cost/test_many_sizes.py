"""What many sizes of one network cost, counted in what is worked out anew."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import strideinspect
import strideinspect.analysis
from strideinspect.fields import mask_memo, node_reads
from strideinspect.model import inference

RESNET50 = Path(__file__).parents[2] / "sample_models" / "resnet50-torchscript.onnx"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each function is called that works out something of a size, a node or a stretch of nodes."""
    calls: Counter[str] = Counter()

    def counting(module: Any, name: str) -> None:
        function = getattr(module, name)

        def counted_one(*given: Any, **more: Any) -> Any:
            calls[name] += 1
            return function(*given, **more)

        monkeypatch.setattr(module, name, counted_one)

    for module, name in (
        (strideinspect.analysis, "infer"),
        (inference, "_remembered"),
        (inference, "outputs_of"),
        (node_reads, "_item"),
        (node_reads, "describe"),
        (mask_memo, "back"),
    ):
        counting(module, name)
    return calls


def test_most_of_a_network_is_as_at_another_size(counted: Counter[str]) -> None:
    """A hundred sizes of ResNet-50: one of two equal axes is judged, in two periods of 32 and some smaller sizes.

    Maps behind n strides of 2 have 64 / 2^n sizes in two periods, and its blocks repeat: of each size a tenth of the
    175 nodes, or less, is worked out, and a third is looked at; of the rest whole stretches are as at another size.
    """
    (axis, _) = strideinspect.sizes(RESNET50, range=(200, 299)).axes
    assert len(axis.listed) == 100
    sizes = counted.pop("infer")
    assert sizes <= 85
    assert max(counted[name] for name in ("outputs_of", "describe", "back")) <= 17 * sizes
    assert max(counted[name] for name in ("_remembered", "_item")) <= 58 * sizes
