"""Published networks whose branches lie at the same places."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.published import networks
from tests.rules.inspecting import inspected, rule_ids

ALIGNED = {
    "resnet-50": networks.resnet50_torchvision(224),
    "inception v3": networks.inception_v3(299),
    "densenet-121": networks.densenet121(224),
    "efficientnet-b0": networks.efficientnet_b0(224, gates=True),
}


@pytest.mark.parametrize("network", ALIGNED)
def test_networks_whose_branches_agree(network: str, tmp_path: Path) -> None:
    """Residual sums, dense stacks and gates of PyTorch's networks join what lies at one place."""
    assert set(rule_ids(inspected(ALIGNED[network], tmp_path), "alignment")) <= {"center-drift"}
