"""What many sizes of one network cost, counted in what is worked out anew."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import strideinspect
import strideinspect.analysis
from strideinspect.fields import mask_memo, node_reads
from strideinspect.model import inference
from strideinspect.studies import axis_network, sizes_by_axis

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
        (axis_network, "_slid"),
    ):
        counting(module, name)
    return calls


def test_an_axis_that_decides_is_followed_alone(counted: Counter[str]) -> None:
    """A hundred sizes of ResNet-50: the network is inferred once, at its own size, and a size is a walk over windows.

    One of two equal axes is judged, in two periods of 32 and some smaller sizes; a map behind n strides of 2 has
    64 / 2^n lengths there. Windows told apart: one each behind 0 and 1 strides, then 5, 5, 7 and 2 behind 2 to 5:
    64 + 32 + 5·16 + 5·8 + 7·4 + 2·2 = 248. Below are 7 lengths of 21 windows or less.
    """
    (axis, _) = strideinspect.sizes(RESNET50, range=(200, 299)).axes
    assert len(axis.listed) == 100
    assert counted["infer"] == 1
    assert counted["_slid"] <= 248 + 7 * 21


def test_most_of_a_network_is_as_at_another_size(counted: Counter[str]) -> None:
    """The same where each size is analysed.

    Maps behind n strides of 2 have 64 / 2^n sizes in two periods, and blocks repeat: of each size a tenth of the
    175 nodes, or less, is worked out, and a third is looked at; of the rest whole stretches are as at another size.
    """
    with mock.patch.object(sizes_by_axis, "network_along", return_value=None):
        strideinspect.sizes(RESNET50, range=(200, 299))
    sizes = counted.pop("infer")
    assert sizes <= 85
    assert max(counted[name] for name in ("outputs_of", "describe", "back")) <= 17 * sizes
    assert max(counted[name] for name in ("_remembered", "_item")) <= 58 * sizes
