"""Contributions under uniform weights by hand, and holes as `where` has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
import pytest

from strideinspect.fields.middle_shares import followed, middle_shares
from strideinspect.fields.shares import shares
from strideinspect.page import position_runs
from strideinspect.results.contribution import Contribution, Contributions
from strideinspect.settings import Settings
from strideinspect.studies import boxes_and_cells
from strideinspect.studies.contributions import contributions
from strideinspect.studies.opening import analysed
from tests.cli.process import SAMPLES
from tests.oracle_models import Constant, model_of
from tests.some_slow import some_slow


def of(folder: Path, body: str, size: int, constants: Mapping[str, Constant]) -> Contributions:
    """The contributions in a model with one axis."""
    file = folder / "model.onnx"
    onnx.save(model_of(body, {"x": (1, 1, size)}, constants=constants), file)
    return contributions(analysed(file, Settings()))


def only(found: Contributions, node: str) -> Contribution:
    """The contribution along the one axis."""
    (part,) = found.by_node[node]
    return part


def test_two_windows(tmp_path: Path) -> None:
    """Two windows of three: 1 2 3 2 1 of nine ways."""
    body = "a = Conv (x, w) y = Conv (a, w)"
    part = only(of(tmp_path, body, 11, {"w": (1, 1, 3)}), "y")
    assert part.middle == 3  # 11 − 4 = 7 indices
    assert part.first == 3
    assert part.shares == pytest.approx([1 / 9, 2 / 9, 3 / 9, 2 / 9, 1 / 9])
    assert part.holes == ()


def test_branches_count_alike(tmp_path: Path) -> None:
    """A shortcut beside a window of three: half of everything is the middle pixel's, the rest is shared."""
    body = "a = Conv <pads = [1, 1]> (x, w) b = Add (a, x) y = Conv (b, v)"
    part = only(of(tmp_path, body, 9, {"w": (1, 1, 3), "v": (1, 1, 1)}), "y")
    assert part.shares == pytest.approx([1 / 6, 1 / 6 + 1 / 2, 1 / 6])


def test_holes_of_dilation(tmp_path: Path) -> None:
    """Taps three apart leave two pixels out between each; at the border fewer are left."""
    body = "y = Conv <dilations = [3], pads = [3, 3]> (x, w)"
    part = only(of(tmp_path, body, 9, {"w": (1, 1, 3)}), "y")
    assert part.holes[4] == ((2, 3), (5, 6))  # of 1, 4 and 7
    assert part.holes[0] == ((1, 2),)  # of 0 and 3
    assert part.holes[8] == ((6, 7),)


def test_padding_ends_a_way(tmp_path: Path) -> None:
    """At the border a way through an index that is padding is none: index 0 sees 0 and 3 through itself alone."""
    body = "a = Conv <dilations = [3], pads = [0, 3]> (x, w) y = Conv <pads = [1, 0]> (a, w)"
    part = only(of(tmp_path, body, 9, {"w": (1, 1, 2)}), "y")
    assert part.holes[0] == ((1, 2),)
    assert part.holes[4] == ((5, 5),)  # 3 and 6 through index 3, 4 and 7 through index 4


def test_an_axis_too_long_for_every_index(tmp_path: Path) -> None:
    """Of a long signal the middle index is followed: 1 2 3 2 1 of nine ways, two apart, from 80,000 − 4 on."""
    body = "a = Conv <dilations = [2], pads = [2, 2]> (x, w) y = Conv <dilations = [2], pads = [2, 2]> (a, w)"
    part = only(of(tmp_path, body, 160_000, {"w": (1, 1, 3)}), "y")
    assert (part.middle, part.first, part.size) == (80_000, 79_996, 9)
    assert part.shares == pytest.approx([1 / 9, 0, 2 / 9, 0, 3 / 9, 0, 2 / 9, 0, 1 / 9])
    assert (part.holes, part.middle_holes) == ((), tuple((n, n) for n in (79_997, 79_999, 80_001, 80_003)))


@pytest.mark.slow
def test_a_long_field_is_told_in_parts(tmp_path: Path) -> None:
    """A window of 10,000 gives each of 2,048 parts its share of one."""
    part = only(of(tmp_path, "y = Conv (x, w)", 50_000, {"w": (1, 1, 10_000)}), "y")
    assert (part.size, len(part.shares)) == (10_000, 2048)
    assert sum(part.shares) == pytest.approx(1)
    assert {round(share * 10_000) for share in part.shares} == {4, 5}


def test_holes_along_a_long_axis(tmp_path: Path) -> None:
    """They are shown where `where` has them; of the ends, and of indices of another phase, none is told."""
    body = (
        "a = Conv <dilations = [4], pads = [4, 4]> (x, w) "
        "b = ConvTranspose <strides = [2]> (a, v) y = Conv <dilations = [3], pads = [3, 3]> (b, w)"
    )
    found = of(tmp_path, body, 3000, {"w": (1, 1, 3), "v": (1, 1, 2)})
    analysis = analysed(tmp_path / "model.onnx", Settings())
    (window,) = (window for window in analysis.windows if window.output == "y")
    (field,) = window.fields
    holes = position_runs.axis_data(field, only(found, "y"))["holes"]
    assert holes
    told = [pattern for count, pattern in holes["runs"] for _ in range(count)]
    assert len(told) == 6000
    assert (told[0], told[-1]) == (0, 0)
    assert told[3000] == 1
    assert sum(told) > 2900
    for index in (*range(12), 3000, 3001, 3002, 4444, *range(5990, 6000)):
        if told[index]:
            answer = boxes_and_cells.boxes(analysis, "model.onnx", f"y:{index}")
            (axis,) = answer.boxes[0].axes
            assert axis.first is not None
            assert tuple((a + axis.first, b + axis.first) for a, b in holes["patterns"][1]) == axis.holes


MIDDLE = ["dilated-keras", "unet-dynamo", "fpn-torchscript", "resnet3d-dynamo", "hrnet-torchscript"]


@pytest.mark.parametrize("name", some_slow(MIDDLE, {"hrnet-torchscript"}))
def test_the_middle_index_from_both_ends(name: str) -> None:
    """Followed back from the middle index, the shares are those of the matrices of all indices."""
    analysis = analysed(SAMPLES / f"{name}.onnx", Settings())
    wanted = {window.output for window in analysis.windows}
    given = analysis.shapes, analysis.reads, analysis.fields
    for source in analysis.input_axes:
        middles = {part.tensor: part for part in middle_shares(followed(*given, source, wanted))}
        for output, found in shares(*given, source, wanted):
            part = middles[output]
            row = found[part.middle]
            assert row[part.first : part.first + len(part.shares)] == pytest.approx(part.shares, abs=1e-12)
            assert row.sum() == pytest.approx(part.shares.sum())
            assert ((row > 0).sum(), part.middle) == ((part.shares > 0).sum(), len(found) // 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dilated-keras", "deeplabv3-dynamo", "unet-dynamo", "yolo-dynamo", "resnet3d-dynamo"])
def test_holes_of_samples(name: str) -> None:
    """Holes and ends are those of `where` at the corner, next to it, and in the middle."""
    path = SAMPLES / f"{name}.onnx"
    analysis = analysed(path, Settings())
    found = contributions(analysis)
    for window in analysis.windows[:: max(1, len(analysis.windows) // 6)]:
        sizes = {field.node_axis: len(field.positions) for field in window.fields if field.node_axis is not None}
        for share in (0, 0.03, 0.5):
            cell = {axis: int(size * share) for axis, size in sorted(sizes.items())}
            answer = boxes_and_cells.boxes(analysis, str(path), f"{window.output}:{','.join(map(str, cell.values()))}")
            for box in answer.boxes:
                for axis in box.axes:
                    field = next(f for f in window.fields if (f.input, f.axis) == (box.input, axis.axis))
                    if field.node_axis is None:
                        continue
                    part = next(p for p in found.by_node[window.output] if (p.input, p.axis) == (box.input, axis.axis))
                    index = cell[field.node_axis]
                    assert (part.holes[index] if part.holes else ()) == axis.holes
                    if index == part.middle and axis.first is not None and axis.last is not None:
                        assert (part.first, len(part.shares)) == (axis.first, axis.last - axis.first + 1)
