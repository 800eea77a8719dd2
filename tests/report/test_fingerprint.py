"""What changes a finding's fingerprint, and what does not."""

from __future__ import annotations

import hashlib

import pytest
from msgspec.structs import replace

from strideinspect.results.fingerprint import fingerprints
from strideinspect.results.report import Finding, Severity, Source
from tests.report import builders

FINDING = Finding(
    rule="floor-truncation",
    severity=Severity.WARNING,
    message="MaxPool node_pool_3: row 25 of its 26×26 input is never used",
    help="211×211 drops nothing",
    node="node_pool_3",
    output="pool_3",
    axes=(2, 3),
    ranges=((25, 25),),
    pixels=1,
    sizes=(211,),
    source=Source("net.py", 12, "features.5"),
)


def printed(*findings: Finding, model: str = "") -> tuple[str, ...]:
    """The fingerprints of these findings, as they stand in one report."""
    return fingerprints(builders.report("model.onnx", [], [], findings=findings), model=model)


@pytest.mark.parametrize("changed", [
    {"message": "another wording", "help": ""},
    {"severity": Severity.NOTE},
    {"ranges": ((24, 25),), "pixels": 2, "sizes": (227,)},
    {"node": "node_pool_4", "output": "pool_4"},
    {"source": Source("elsewhere/net.py", 99, "features.5")},
])  # fmt: skip
def test_same_finding(changed: dict[str, object]) -> None:
    """Words, numbers, generated names, files and lines may change under a layer: the finding is the same."""
    assert printed(replace(FINDING, **changed)) == printed(FINDING)


def test_finding_at_an_input() -> None:
    """Pixels of an input that nobody sees are the same finding wherever they are lost."""
    unseen = replace(FINDING, rule="unseen-input", node=None, output=None, input="image")
    assert printed(replace(unseen, source=Source("net.py", 7, "stem"))) == printed(unseen)


@pytest.mark.parametrize("changed", [
    {"rule": "stride-gap"},
    {"source": Source("net.py", 12, "features.6")},
    {"input": "image"},
    {"axes": (2,)},
])  # fmt: skip
def test_other_finding(changed: dict[str, object]) -> None:
    """Another rule, layer, input or axis is another finding."""
    assert printed(replace(FINDING, **changed)) != printed(FINDING)


@pytest.mark.parametrize(("one", "other", "same"), [
    ({"node": "pool", "output": "7"}, {"node": "pool", "output": "8"}, True),
    ({"node": "pool"}, {"node": "head"}, False),
    ({"node": None, "output": "scores"}, {"node": None, "output": "boxes"}, False),
    ({"node": None, "output": "375"}, {"node": None, "output": "377"}, True),
    ({"source": Source("net.py", 12, None)}, {"source": Source("net.py", 13, None)}, True),
])  # fmt: skip
def test_without_a_layer_path(one: dict[str, object], other: dict[str, object], same: bool) -> None:  # noqa: FBT001
    """The node's name stands in for the layer, then the output's; a number is nobody's name."""
    bare = replace(FINDING, source=None)
    prints = [printed(replace(bare, **changes)) for changes in (one, other)]
    assert (prints[0] == prints[1]) is same


def test_unique_within_a_report() -> None:
    """Equal keys are told apart by their order; what stands between them does not matter."""
    other = replace(FINDING, rule="stride-gap")
    first, between, second = printed(FINDING, other, FINDING)
    assert len({first, between, second}) == 3
    assert printed(other, FINDING, FINDING) == (between, first, second)


def test_models_apart() -> None:
    """The same finding in two models has two fingerprints once the models are named."""
    assert printed(FINDING, model="a.onnx") != printed(FINDING, model="b.onnx")


def test_made_as_documented() -> None:
    """Services remember fingerprints for years: SHA-256 over the parts as JSON, cut to 32 digits."""
    parts = '["m.onnx", "floor-truncation", "features.5", "", [2, 3], 0]'
    assert printed(FINDING, model="m.onnx") == (hashlib.sha256(parts.encode()).hexdigest()[:32],)
