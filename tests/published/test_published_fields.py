"""Receptive fields from the literature, and floor cases that are known by arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import onnx
import pytest

from strideinspect import inspect
from strideinspect.results.field import Field
from strideinspect.results.report import Dropped, Report, Severity
from tests.oracle_models import model_of
from tests.published import networks
from tests.some_slow import some_slow

Inspect = Callable[[onnx.ModelProto], Report]


@pytest.fixture
def report_of(tmp_path: Path) -> Inspect:
    """Write a model to a file and inspect it without running it."""

    def report(model: onnx.ModelProto) -> Report:
        path = tmp_path / "model.onnx"
        onnx.save(model, path)
        return inspect(path, verify="none")

    return report


def fields(report: Report) -> tuple[Field, ...]:
    """The fields of the only output."""
    (output,) = report.outputs
    return output.fields


# Size, effective stride and effective padding, from Araujo, Norris, Sim: Computing Receptive Fields of
# Convolutional Neural Networks (Distill, 2019).
ALEXNET_V2 = {
    "conv1": (11, 4, 0),
    "pool1": (19, 8, 0),
    "conv2": (51, 8, 16),
    "conv5": (163, 16, 64),
    "pool5": (195, 32, 64),
}
VGG16 = {
    "conv3_1": (24, 4, 10),
    "conv3_2": (32, 4, 14),
    "pool3": (44, 8, 18),
    "conv5_1": (132, 16, 58),
    "conv5_2": (164, 16, 74),
    "pool5": (212, 32, 90),
}


def assert_field(report: Report, size: int, stride: int, padding: int) -> None:
    """Height and width agree with the published numbers, in closed form."""
    found = fields(report)
    assert [(field.axis, field.node_axis) for field in found] == [(2, 2), (3, 3)]
    for field in found:
        assert (field.size, field.first) == (size, -padding)
        assert field.stride == Fraction(stride)
        assert field.last == size - padding - 1
        assert field.phases == ((-padding, size - padding - 1),)
        assert field.reason is None


@pytest.mark.parametrize("end", ALEXNET_V2)
def test_alexnet_v2_has_its_published_fields(end: str, report_of: Inspect) -> None:
    """TF-Slim's AlexNet v2, endpoint by endpoint."""
    assert_field(report_of(networks.alexnet_v2(231)[end]), *ALEXNET_V2[end])


@pytest.mark.parametrize("end", VGG16)
def test_vgg16_has_its_published_fields(end: str, report_of: Inspect) -> None:
    """VGG-16, endpoint by endpoint."""
    assert_field(report_of(networks.vgg16(224)[end]), *VGG16[end])


# The same source for ResNet-50 v1 (TF-Slim) and MobileNetV2; its formula gives the variants and EfficientNet-B0.
WHOLE: dict[str, tuple[onnx.ModelProto, tuple[int, int, int]]] = {
    "resnet50-slim": (networks.resnet50_slim(224), (483, 32, 239)),
    "resnet50-torchvision": (networks.resnet50_torchvision(224), (427, 32, 213)),
    "resnet50-keras": (networks.resnet50_keras(224), (483, 32, 241)),
    "mobilenet-v2": (networks.mobilenet_v2(224), (491, 32, 245)),
    "efficientnet-b0-ungated": (networks.efficientnet_b0(224, gates=False), (851, 32, 425)),
    "efficientnet-b0": (networks.efficientnet_b0(224, gates=True), (851, 32, 425)),
}


@pytest.mark.parametrize("case", WHOLE.values(), ids=WHOLE)
def test_whole_networks_have_their_published_fields(
    case: tuple[onnx.ModelProto, tuple[int, int, int]], report_of: Inspect
) -> None:
    """The last map of a network, wherever its authors put the strides."""
    model, published = case
    assert_field(report_of(model), *published)


@pytest.mark.parametrize("gates", [False, True])
def test_gates_widen_only_the_full_field(gates: bool, report_of: Inspect) -> None:  # noqa: FBT001
    """Squeeze and excite lets the output depend on the whole image, and leaves the local field as it was."""
    model = networks.efficientnet_b0(512, gates=gates)
    report = report_of(model)
    first_pooling = next((node.output[0] for node in model.graph.node if node.op_type == "GlobalAveragePool"), None)
    for field in fields(report):
        if gates:
            assert field.full is not None
            assert (field.full.first, field.full.last) == (0, 511)
            # The first pooling over the whole map is where positions are lost.
            assert field.full.collapsed_at == first_pooling
        else:
            assert field.full is None
        # Index 0 sees [-425, 425], so in the image 0 to 425.
        assert (field.positions.first[0], field.positions.last[0]) == (0, 425)


def dropped(report: Report) -> list[tuple[int, int]]:
    """Pixels and padding that each window node drops at the end of its rows."""
    return [(node.dropped.pixels[0], node.dropped.padding[0]) for node in report.nodes if node.dropped is not None]


def unseen(report: Report) -> dict[int, tuple[tuple[int, int], ...]]:
    """Ranges of unseen indices by axis of the only input."""
    return {part.axis: part.ranges for part in report.unseen}


LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


def test_alexnet_of_the_onnx_package_ignores_five_rows_of_224() -> None:
    """227 was meant: conv1 (11/4) drops a row, pool1 and pool2 one of their maps; image rows 219 to 223 are lost."""
    report = inspect(LIGHT / "light_bvlc_alexnet.onnx", verify="none")
    assert unseen(report) == {2: ((219, 223),), 3: ((219, 223),)}
    windows = [(node.op, node.kernel, node.dropped.pixels) for node in report.nodes if node.dropped is not None]
    assert [row for row in windows if row[2] != (0, 0)] == [
        ("Conv", (11, 11), (1, 1)),
        ("MaxPool", (3, 3), (1, 1)),
        ("MaxPool", (3, 3), (1, 1)),
    ]


@pytest.mark.parametrize("size", [211, 219, 224, 227, 243])
def test_alexnet_at_other_sizes(size: int, report_of: Inspect) -> None:
    """At 219 only the second pool drops a map row; 211, 227, 243 drop no pixel anywhere; 224 loses five image rows."""
    report = report_of(networks.alexnet_caffe(size))
    pixels = [found for found, _ in dropped(report)]
    # conv1, pool1, conv2, pool2, conv3, conv4, conv5, pool5
    expected = {219: [0, 0, 0, 1, 0, 0, 0, 0], 224: [1, 1, 0, 1, 0, 0, 0, 0]}
    assert pixels == expected.get(size, [0] * 8)
    assert unseen(report) == ({2: ((219, 223),), 3: ((219, 223),)} if size == 224 else {})


@dataclass(frozen=True)
class Floor:
    """One row of windows: size, kernel, stride, padding on both sides, dilation; then what must come out."""

    size: int
    kernel: int
    stride: int
    padding: int
    dilation: int
    count: int
    pixels: int
    lost: int  # padding dropped
    gap: int
    unseen: tuple[tuple[int, int], ...]


FLOORS = {
    "keras-10x10-stride-2": Floor(10, 3, 2, 0, 1, count=4, pixels=1, lost=0, gap=0, unseen=((9, 9),)),
    "keras-10x10-stride-1": Floor(10, 3, 1, 0, 1, count=8, pixels=0, lost=0, gap=0, unseen=()),
    "3x3-on-7x7-stride-1": Floor(7, 3, 1, 0, 1, count=5, pixels=0, lost=0, gap=0, unseen=()),
    "3x3-on-7x7-stride-2": Floor(7, 3, 2, 0, 1, count=3, pixels=0, lost=0, gap=0, unseen=()),
    # 226 padded rows, 112 windows reach 225 of them: the last row of padding is over.
    "pytorch-even": Floor(224, 3, 2, 1, 1, count=112, pixels=0, lost=1, gap=0, unseen=()),
    "pytorch-odd": Floor(225, 3, 2, 1, 1, count=113, pixels=0, lost=0, gap=0, unseen=()),
    # 14 padded rows, 4 windows reach 12: one row of padding and one pixel are over.
    "padding-then-pixels": Floor(12, 3, 3, 1, 1, count=4, pixels=1, lost=1, gap=0, unseen=((11, 11),)),
    # Where the stride exceeds the extent nothing counts as dropped, the last row neither.
    "stepped-over": Floor(8, 1, 2, 0, 1, count=4, pixels=0, lost=0, gap=4, unseen=((1, 1), (3, 3), (5, 5), (7, 7))),
    "stepped-over-wide": Floor(10, 2, 4, 0, 1, count=3, pixels=0, lost=0, gap=4, unseen=((2, 3), (6, 7))),
    # Taps 0 and 2 of windows at 0, 3, 6: the index between the taps is never touched.
    "between-taps": Floor(9, 2, 3, 0, 2, count=3, pixels=0, lost=0, gap=3, unseen=((1, 1), (4, 4), (7, 7))),
}


@pytest.mark.parametrize("case", FLOORS.values(), ids=FLOORS)
def test_floor_cases(case: Floor, report_of: Inspect) -> None:
    """What the division leaves over is padding first, then pixels; what windows skip is a gap."""
    window = f"strides=[{case.stride}], pads=[{case.padding},{case.padding}], dilations=[{case.dilation}]"
    text = f"y = Conv<{window}>(x, w)"
    report = report_of(model_of(text, {"x": (1, 2, case.size)}, constants={"w": (2, 2, case.kernel)}))
    (node,) = report.nodes
    assert node.output_shape == (1, 2, case.count)
    assert node.dropped == Dropped(pixels=(case.pixels,), padding=(case.lost,), gap=(case.gap,))
    assert unseen(report) == ({2: case.unseen} if case.unseen else {})


def rules(report: Report) -> list[str]:
    """Rule ids of all findings."""
    return [finding.rule for finding in report.findings]


def test_shortcuts_of_torchvision_resnet50_skip_what_a_sibling_reads(report_of: Inspect) -> None:
    """Three 1×1 stride-2 shortcuts skip every second row, which the 3×3 beside them reads: no finding."""
    report = report_of(networks.resnet50_torchvision(224))
    gaps = [
        node.dropped.gap[0]
        for node in report.nodes
        if node.dropped is not None and node.kernel == (1, 1) and node.stride == (2, 2)
    ]
    assert gaps == [28, 14, 7]  # half of 56, 28 and 14 rows
    assert "stride-gap" not in rules(report)
    assert not report.unseen


def test_keras_resnet50_skips_three_pixels_of_four(report_of: Inspect) -> None:
    """Both branches start with a 1×1 of stride 2, so nobody reads the rest of the map: three real gaps."""
    report = report_of(networks.resnet50_keras(224))
    assert "stride-gap" in rules(report)
    assert all(finding.severity == "warning" for finding in report.findings if finding.rule == "stride-gap")
    # The Pad nodes' own zeros are dropped by the 7×7/2 and the pool: no pixel is, and that is worth a note.
    assert all(pixels == 0 for pixels, _ in dropped(report))
    assert [padding for _, padding in dropped(report)][:2] == [1, 1]
    assert {finding.severity for finding in report.findings if finding.rule == "padding-truncation"} == {Severity.NOTE}
    assert "floor-truncation" not in rules(report)


QUIET: dict[str, onnx.ModelProto] = {
    "resnet50": networks.resnet50_torchvision(224),
    "vgg16": networks.vgg16(224)["pool5"],
    "mobilenet-v2": networks.mobilenet_v2(224),
    "efficientnet-b0": networks.efficientnet_b0(224, gates=True),
    "densenet-121": networks.densenet121(224),
    "inception-v3": networks.inception_v3(299),
}


@pytest.mark.parametrize("model", QUIET.values(), ids=QUIET)
def test_pytorch_networks_at_their_design_size_raise_nothing_above_a_note(
    model: onnx.ModelProto, report_of: Inspect
) -> None:
    """They are as their authors wanted them: a warning there would be a false alarm."""
    assert list(report_of(model).at_least(Severity.WARNING)) == []


def test_squeezenet_loses_a_row_at_its_design_size_and_is_warned_of_it(report_of: Inspect) -> None:
    """3×3/2 without padding on 224 rows: 111 windows reach 223 of them."""
    (warned,) = report_of(networks.squeezenet_1_1(224)).at_least(Severity.WARNING)
    assert [warned.rule, *(place.rule for place in warned.also)] == ["unseen-input", "floor-truncation"]


DROPS: dict[str, tuple[onnx.ModelProto, int, dict[int, tuple[tuple[int, int], ...]]]] = {
    # The first 3×3/2 loses row 223, the second pool one of 52 rows, three siblings one of 12.
    # Back from row 50 of the 52: it sees row 52 of 54, that row 106 of 109, that row 109 of 111, and that row 220.
    "inception-v3-224": (networks.inception_v3(224), 5, dict.fromkeys((2, 3), ((221, 223),))),
    "inception-v3-299": (networks.inception_v3(299), 0, {}),
    "squeezenet-1.1-224": (networks.squeezenet_1_1(224), 1, dict.fromkeys((2, 3), ((223, 223),))),
    # The 4×4/4 stem loses 3 rows of 299 (74 are left), and the second 2×2/2 one of 37.
    "convnext-tiny-299": (networks.convnext_tiny(299), 2, dict.fromkeys((2, 3), ((296, 298),))),
    # Two average pools lose one of 75 and one of 37 rows.
    "densenet-121-299": (networks.densenet121(299), 2, {}),
}


@pytest.mark.parametrize("network", some_slow(DROPS, {"densenet-121-299"}))
def test_networks_that_drop_pixels(network: str, report_of: Inspect) -> None:
    """How many nodes drop a pixel, and which image rows are lost by it."""
    model, count, lost = DROPS[network]
    report = report_of(model)
    assert sum(pixels > 0 for pixels, _ in dropped(report)) == count
    assert unseen(report) == lost


@pytest.mark.parametrize(("size", "centers"), [(64, (1, 0)), (65, (0, 0))])
def test_same_padding_aligns_two_branches_at_odd_sizes_only(
    size: int, centers: tuple[int, int], report_of: Inspect
) -> None:
    """TF's SAME puts a 3×3/2 half a step beside a 1×1/2 on even sizes: at 64 it pads (0, 1), at 65 (1, 1)."""
    same = 'strides=[2,2], auto_pad="SAME_UPPER"'
    text = f"a = Conv<{same}>(x, v) b = Conv<{same}>(x, w) y = Add(a, b)"
    constants: dict[str, tuple[int, ...]] = {"v": (2, 2, 3, 3), "w": (2, 2, 1, 1)}
    report = report_of(model_of(text, {"x": (1, 2, size, size)}, constants={**constants}))
    assert [node.fields[0].center for node in report.nodes] == [Fraction(center) for center in centers]
    assert ("misaligned-merge" in rules(report)) == (size == 64)
