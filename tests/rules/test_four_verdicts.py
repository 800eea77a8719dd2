"""Four things that are easily taken for one another: dropped padding, dropped pixels, unread maps, unseen images."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected, rule_ids

POOL = "kernel_shape = [3, 3], strides = [2, 2]"
"""On 10 rows: 4 windows cover rows 0 to 8 and leave row 9; with padding 1, 5 windows cover −1 to 9 and leave row 10."""

VERDICTS = {
    # Row 10 is padding: nothing is lost.
    "unread padding": (f"y = MaxPool <{POOL}, pads = [1, 1, 1, 1]> (x)", 0, 1, ["padding-truncation"]),
    # Row 9 is dropped by the pool, but the mean beside it reads it.
    "dropped, but a sibling reads it": (
        f"a = MaxPool <{POOL}> (x) b = GlobalAveragePool (x) y = Add (a, b)",
        1,
        0,
        [],
    ),
    # Row 9 of the map is made from image rows 8 and 9, row 8 from 7 to 9: the map loses a row, the image none.
    "unread by every reader": (
        f"a = Conv <pads = [1, 1, 1, 1]> (x, w) y = MaxPool <{POOL}> (a)", 1, 0, ["floor-truncation"],
    ),
    # Here the map is the image.
    "unseen by every output": (f"y = MaxPool <{POOL}> (x)", 1, 0, ["floor-truncation", "unseen-input"]),
}  # fmt: skip


@pytest.mark.parametrize(("body", "pixels", "padding", "found"), VERDICTS.values(), ids=VERDICTS)
def test_four_verdicts(body: str, pixels: int, padding: int, found: list[str], tmp_path: Path) -> None:
    """Each of the four is told by its own rules and by no other, and the pool's own counts say what it dropped."""
    report = inspected(model_of(body, {"x": (1, 1, 10, 10)}, constants={"w": (1, 1, 3, 3)}), tmp_path)
    assert rule_ids(report, "coverage") == found
    pool = next(node for node in report.nodes if node.op == "MaxPool")
    assert pool.dropped is not None
    assert (pool.dropped.pixels, pool.dropped.padding) == ((pixels,) * 2, (padding,) * 2)


def test_read_and_yet_unseen(tmp_path: Path) -> None:
    """Rows 8 and 9 are read by the first pool; what it made of them is what the second drops."""
    body = "a = MaxPool <kernel_shape = [2], strides = [2]> (x) y = MaxPool <kernel_shape = [2], strides = [2]> (a)"
    report = inspected(model_of(body, {"x": (1, 1, 10)}), tmp_path)  # 10 → 5 → 2: index 4 of the map is left over
    assert rule_ids(report, "coverage") == ["floor-truncation", "unseen-input"]
    assert [node.dropped and node.dropped.pixels for node in report.nodes] == [(0,), (1,)]
    assert [(found.axis, found.ranges) for found in report.unseen] == [(2, ((8, 9),))]


DEQUANTISED = """
q = QuantizeLinear (x, scale)
a = DequantizeLinear (q, scale)
b = DequantizeLinear (q, scale)
left = Conv <strides = [2, 2]> (a, one)
right = Conv <strides = [2, 2], pads = {pads}> (b, {weight})
y = Add (left, right)
"""


@pytest.mark.parametrize(("weight", "pads", "found"), [
    ("three", [1, 1, 1, 1], ["padding-truncation"]),  # the 3×3 reads all that the 1×1 beside it steps over
    ("one", [0, 0, 0, 0], ["stride-gap", "stride-gap", "unseen-input"]),  # both read the even rows only
])  # fmt: skip
def test_every_branch_has_its_own_dequantisation(
    weight: str, pads: list[int], found: list[str], tmp_path: Path
) -> None:
    """Two DequantizeLinear over one map are two readers of that map, and no map of their own."""
    body = DEQUANTISED.format(weight=weight, pads=pads)
    constants: dict[str, Constant] = {"scale": [0.5], "one": (1, 1, 1, 1), "three": (1, 1, 3, 3)}
    model = model_of(body, {"x": (1, 1, 8, 8)}, constants=constants)
    assert rule_ids(inspected(model, tmp_path), "coverage") == found


def test_dropped_by_one_dequantised_branch_alone(tmp_path: Path) -> None:
    """What a pool behind its own DequantizeLinear drops, the convolution behind the other one reads."""
    body = f"""
    q = QuantizeLinear (x, scale)
    a = DequantizeLinear (q, scale)
    b = DequantizeLinear (q, scale)
    left = MaxPool <{POOL}> (a)
    right = Conv <strides = [2, 2], pads = [0, 0, 1, 1]> (b, w)
    small = Conv <kernel_shape = [2, 2]> (right, v)
    y = Add (left, small)
    """  # 10 → 4 and 10 → (10 + 1 − 3) / 2 + 1 = 5 → 4
    model = model_of(body, {"x": (1, 1, 10, 10)}, constants={"w": (1, 1, 3, 3), "v": (1, 1, 2, 2), "scale": [0.5]})
    assert rule_ids(inspected(model, tmp_path), "coverage") == []


KERAS = {
    # 10 + 2 rows, 5 windows of 3 cover 11.
    "pool": ("p = Pad (x, ones) y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (p)", 10, 1),
    # 16 + 6 rows, 8 windows of 7 cover 21.
    "stem": ("p = Pad (x, threes) y = Conv <strides = [2, 2]> (p, w)", 16, 1),
    # 9 + 6 rows, 3 windows of 7 with stride 3 cover 13: two rows of the padding are over.
    "two rows": ("p = Pad (x, threes) y = Conv <strides = [3, 3]> (p, w)", 9, 2),
}


@pytest.mark.parametrize(("body", "size", "padding"), KERAS.values(), ids=KERAS)
def test_padding_of_a_pad_node(body: str, size: int, padding: int, tmp_path: Path) -> None:
    """A window that floors behind a Pad node drops what the Pad put there: padding, so a note."""
    constants: dict[str, Constant] = {
        "ones": [0, 0, 1, 1, 0, 0, 1, 1],
        "threes": [0, 0, 3, 3, 0, 0, 3, 3],
        "w": (1, 1, 7, 7),
    }
    report = inspected(model_of(body, {"x": (1, 1, size, size)}, constants=constants), tmp_path)
    (finding,) = [found for found in report.findings if found.rule in {"padding-truncation", "floor-truncation"}]
    assert (finding.rule, finding.severity, finding.pixels) == ("padding-truncation", "note", padding)
    (node,) = report.nodes
    assert node.dropped is not None
    assert (node.dropped.pixels, node.dropped.padding) == ((0, 0), (padding, padding))


def test_pad_node_and_a_pixel_too(tmp_path: Path) -> None:
    """Where more is left over than the Pad node put there, the rest are pixels."""
    body = "p = Pad (x, ones) y = MaxPool <kernel_shape = [4, 4], strides = [4, 4]> (p)"
    # 8 + 1 + 1 rows, 2 windows of 4 cover rows −1 to 6 of the image: row 7 and the padding behind it are over.
    report = inspected(
        model_of(body, {"x": (1, 1, 8, 8)}, constants={"ones": [0, 0, 1, 1, 0, 0, 1, 1]}),
        tmp_path,
    )
    assert rule_ids(report, "coverage") == ["floor-truncation", "unseen-input"]
    (node,) = report.nodes
    assert node.dropped is not None
    assert (node.dropped.pixels, node.dropped.padding) == ((1, 1), (1, 1))
    assert [found.ranges for found in report.unseen] == [((7, 7),), ((7, 7),)]
