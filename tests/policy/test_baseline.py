"""Which finding an accepted one is, in a model that was exported again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from strideinspect.policy.accepted import applied
from strideinspect.policy.entry import entries
from strideinspect.policy.recognition import match
from strideinspect.results.report import (
    Finding,
    Input,
    Merge,
    Report,
    Severity,
    Source,
)
from tests.report import builders

POOL = ("MaxPool", 3, 2)
CONV = ("Conv", 3, 1)
ADD = ("Add", 0, 0)
Node = tuple[str | None, str, tuple[str, int, int], bool]
"""Layer, name, operator with kernel and stride, and whether there is a finding at it."""


def model(*nodes: Node, input: str = "image", axes: Sequence[int] = (2, 3)) -> Report:
    """A report on windows and merges with a finding at some of them."""
    windows, merges, findings = [], [], []
    for layer, name, (op, kernel, stride), flagged in nodes:
        source = Source("net.py", 1, layer) if layer else None
        if op == "Add":
            merges.append(Merge(name, op, f"{name}:0", source))
        else:
            node = builders.window(name, op, [kernel] * 2, [stride] * 2, ((1, 3, 9, 9), (1, 3, 4, 4)), ())
            windows.append(replace(node, source=source))
        if flagged:
            findings.append(
                Finding(
                    "floor-truncation", Severity.WARNING, f"{name} drops a row", node=name, output=f"{name}:0",
                    axes=tuple(axes), source=source,
                )
            )  # fmt: skip
    given = Input(input, (1, 3, 9, 9), (2, 3), (), "NCHW")
    return builders.report("m.onnx", [given], windows, merges=tuple(merges), findings=tuple(findings))


def kept(before: Report, after: Report) -> tuple[list[str | None], list[str | None], list[str | None]]:
    """The nodes of the findings that are new, of those that are accepted, and of the entries that are stale."""
    found = match(after, entries(before, "m.onnx"))
    return [f.node for f in found.new], [f.node for f in found.accepted], [e.node for e in found.unused]


@pytest.mark.parametrize(("before", "after"), [
    # A node in front: PyTorch's newer exporter counts all values.
    (("pool", "node_pool_3", POOL, True), ("pool", "node_pool_4", POOL, True)),
    # Another exporter.
    (("block.pool", "node_max_pool2d", POOL, True), ("block.pool", "/block/pool/MaxPool", POOL, True)),
    # Batch norms folded into convolutions, which then bear their names.
    (("layer1.0.bn2", "node_Conv_7", CONV, True), ("layer1.0.conv2", "/layer1/layer1.0/conv2/Conv", CONV, True)),
    (("features.1", "node_Conv_7", CONV, True), ("features.0", "node_conv2d", CONV, True)),
    # A layer put in front of a sequence.
    (("features.4", "node_pool", POOL, True), ("features.5", "node_pool", POOL, True)),
    # The whole network wrapped into another module, or taken out of it.
    (("layer1.pool", "node_pool_3", POOL, True), ("model.layer1.pool", "node_pool_7", POOL, True)),
    (("model.layer1.bn1", "node_Conv_3", CONV, True), ("layer1.conv1", "/layer1/conv1/Conv", CONV, True)),
    ((None, "node_pool_3", POOL, True), ("model", "node_pool_7", POOL, True)),
    # A second model built in one Keras program.
    (("net_1/conv_3/bn_1", "net_1/conv_3/bn_1/mul", CONV, True), ("net_2/conv_3/bn_2", "net_2/conv_3/bn_2/mul", CONV,
                                                                  True)),
    # Merges stand in no layer.
    ((None, "node_add_2", ADD, True), (None, "node_add_3", ADD, True)),
    ((None, "node_add_2", ADD, True), (None, "/Add_1", ADD, True)),
    # A hand-written model without names.
    ((None, "12", POOL, True), (None, "14", POOL, True)),
])  # fmt: skip
def test_same_finding_under_another_name(before: Node, after: Node) -> None:
    """A finding is still accepted when an exporter renames what it stands at."""
    assert kept(model(before), model(after)) == ([], [after[1]], [])


@pytest.mark.parametrize(("before", "after"), [
    # The accepted layer is there, and clean: the finding is at another of its kind.
    ([("features.2", "pool_1", POOL, True), ("features.5", "pool_2", POOL, False)],
     [("features.2", "pool_1", POOL, False), ("features.5", "pool_2", POOL, True)]),
    ([(None, "node_add", ADD, True), (None, "node_add_1", ADD, False)],
     [(None, "node_add", ADD, False), (None, "node_add_1", ADD, True)]),
    ([("layer1.0", "node_pool", POOL, True), ("layer1.0", "node_pool_1", POOL, False)],
     [("layer1.0", "node_pool", POOL, False), ("layer1.0", "node_pool_1", POOL, True)]),
    ([("layer1.0", "/layer1/layer1.0/Add", ADD, True), ("layer2.0", "/layer2/layer2.0/Add", ADD, False)],
     [("layer1.0", "/layer1/layer1.0/Add", ADD, False), ("layer2.0", "/layer2/layer2.0/Add", ADD, True)]),
    # The accepted layer is gone, and another kind of window is flagged beside it.
    ([("block.pool", "node_pool", POOL, True)], [("block.conv", "node_conv", CONV, True)]),
    # Another layer of the same kind where the accepted one was mended by a smaller window.
    ([("features.2", "pool_1", POOL, True), ("features.5", "pool_2", POOL, False)],
     [("features.2", "pool_1", ("MaxPool", 2, 2), False), ("features.5", "pool_2", POOL, True)]),
    # A whole number may be a layer's own name: AlexNet as a bare sequence.
    ([("7", "/7/MaxPool", POOL, True), ("3", "/3/MaxPool", POOL, False)],
     [("7", "/7/MaxPool", POOL, False), ("3", "/3/MaxPool", POOL, True)]),
])  # fmt: skip
def test_new_finding_elsewhere(before: Sequence[Node], after: Sequence[Node]) -> None:
    """A finding in another place is new, however much it is like one that was accepted and has gone."""
    (old,) = [name for _, name, _, flagged in before if flagged]
    (new,) = [name for _, name, _, flagged in after if flagged]
    assert kept(model(*before), model(*after)) == ([new], [], [old])


def test_another_layer_took_its_name() -> None:
    """Two layers in front of a sequence: where the pool was there is a convolution now, so that the pool has moved."""
    before = model(("stem.1", "node_conv", CONV, False), ("stem.3", "node_pool", POOL, True))
    after = model(("stem.3", "node_conv", CONV, False), ("stem.5", "node_pool", POOL, True))
    assert kept(before, after) == ([], ["node_pool"], [])


def test_one_entry_accepts_one_finding() -> None:
    """Two accepted in a layer and a third one new: two are kept, whatever they are called by now, and one is new."""
    before = model(*(("block", f"node_pool_{i}", POOL, True) for i in (7, 8)))
    after = model(*(("block", f"node_pool_{i}", POOL, True) for i in (9, 10, 11)))
    new, accepted, stale = kept(before, after)
    assert (len(new), len(accepted), stale) == (1, 2, [])


def test_exact_names_first() -> None:
    """Findings that kept their names keep their entries; the one between is the new one."""
    names = ["node_pool_1", "node_pool_2", "node_pool_3"]
    before = model(*(("block", name, POOL, name != "node_pool_2") for name in names))
    assert kept(before, model(*(("block", name, POOL, True) for name in names))) == (
        ["node_pool_2"],
        ["node_pool_1", "node_pool_3"],
        [],
    )


@pytest.mark.parametrize(("accepted", "found", "new"), [
    ((2, 3), (2, 3), False),
    ((2, 3), (3,), False),
    ((2,), (2, 3), True),
    ((2,), (3,), True),
])  # fmt: skip
def test_axes(accepted: tuple[int, ...], found: tuple[int, ...], new: bool) -> None:  # noqa: FBT001
    """What was accepted along two axes is accepted along one; along another axis it is new."""
    node = ("pool", "p", POOL, True)
    assert bool(kept(model(node, axes=accepted), model(node, axes=found))[0]) is new


def test_another_rule_is_new() -> None:
    """An entry accepts findings of its own rule."""
    report = model(("pool", "p", POOL, True))
    other = replace(report, findings=tuple(replace(finding, rule="stride-gap") for finding in report.findings))
    assert kept(report, other) == (["p"], [], ["p"])


@pytest.mark.parametrize(("inputs", "new"), [(["x"], 0), (["x", "mask"], 1)])
def test_renamed_input(inputs: Sequence[str], new: int) -> None:
    """The only input may be called otherwise; of several, none is taken for another."""
    finding = Finding("unseen-input", Severity.WARNING, "row 8 is unseen", input="image", axes=(2, 3))
    before = replace(model(), findings=(finding,))
    given = tuple(Input(name, (1, 3, 9, 9), (2, 3), (), "NCHW") for name in inputs)
    after = replace(before, inputs=given, findings=(replace(finding, input="x"),))
    assert len(match(after, entries(before, "m.onnx")).new) == new


def test_report_without_what_is_accepted() -> None:
    """The report names the file, keeps what it left out, and calls stale what no rule that ran has found again."""
    before = model(("a", "p", POOL, True), ("b", "q", POOL, True))
    after = model(("a", "p", POOL, True), ("b", "q", POOL, False), ("c", "r", CONV, True))
    report = applied(after, entries(before, "m.onnx"), baseline="accepted.json", rules={"floor-truncation"})
    assert [finding.node for finding in report.findings] == ["r"]
    assert report.accepted is not None
    assert report.accepted.baseline == "accepted.json"
    assert [finding.node for finding in report.accepted.findings] == ["p"]
    assert report.accepted.stale == ("floor-truncation at b",)
    unasked = applied(after, entries(before, "m.onnx"), baseline="accepted.json", rules={"stride-gap"})
    assert unasked.accepted is not None
    assert unasked.accepted.stale == ()
