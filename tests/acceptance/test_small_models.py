"""Small models of a few nodes, on which a report was once wrong, silent or of no help: what it has to say of them."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from strideinspect import inspect
from strideinspect.report import text
from strideinspect.results.report import Severity
from strideinspect.results.verdict import Verdict
from tests.oracle_models import Constant, model_of
from tests.oracle_runtime import run
from tests.rules.inspecting import inspected, of_rule, rule_ids

VALID_POOLS = (
    " ".join(
        f"c{n} = Conv (p{n}, three) p{n + 1} = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (c{n})"
        for n in range(5)
    )
    .replace("(p0, three)", "(x, three)")
    .replace("p5 =", "y =")
)


def five_valid_pools(size: int) -> onnx.ModelProto:
    """Five times a 3×3 convolution without padding and a 2×2 pool: 94 → 92 → 46 → 44 → 22 → 20 → 10 → 8 → 4 → 2 → 1."""
    return model_of(VALID_POOLS, {"x": (1, 1, size, size)}, constants={"three": (1, 1, 3, 3)})


@pytest.mark.parametrize(("size", "runs"), [(64, False), (78, False), (93, False), (94, True)])
def test_smallest_size_of_five_valid_convolutions_and_pools(size: int, runs: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """94 is the smallest size at which the last pool has a window, and what every smaller one is told."""
    report = inspected(five_valid_pools(size), tmp_path)
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    if not runs:
        (error,) = errors
        assert "at least 94×94" in error.help
        assert not any("78×78" in finding.help for finding in report.findings)
    else:
        assert errors == []
        assert run(five_valid_pools(size)).values["y"].shape == (1, 1, 1, 1)


def test_a_resize_alone_has_spatial_axes(tmp_path: Path) -> None:
    """Rows and columns are those that are resized, also where channels are last."""
    body = 'y = Resize <mode = "linear", coordinate_transformation_mode = "align_corners"> (x, , , sizes)'
    report = inspected(model_of(body, {"x": (1, 15, 20, 2)}, constants={"sizes": [1, 30, 40, 2]}), tmp_path)
    assert report.inputs[0].spatial_axes == (1, 2)


def test_a_dilated_pool_of_stride_1_is_told_less_dilation(tmp_path: Path) -> None:
    """Taps at −1 and 2, then at 0 and 3: sample 1 of 3 is read by no window, and there is no stride to move."""
    body = "y = MaxPool <kernel_shape = [2], dilations = [3], pads = [1, 1]> (x)"
    (finding,) = inspected(model_of(body, {"x": (1, 1, 3)}), tmp_path).findings
    assert (finding.rule, finding.ranges, finding.help) == ("unseen-input", ((1, 1),), "use less dilation")


def test_three_kernels_over_a_vanishing_signal_are_one_finding(tmp_path: Path) -> None:
    """4 samples, then 2, then 1: what the later kernels cannot touch has one cause."""
    body = (
        "a = Conv <strides = [2], pads = [1, 1]> (x, k) b = Conv <strides = [2], pads = [1, 1]> (a, k) "
        "y = Conv <pads = [1, 1]> (b, k)"
    )
    report = inspected(model_of(body, {"x": (1, 1, 4)}, constants={"k": (1, 1, 3)}), tmp_path)
    (warning,) = (finding for finding in report.findings if finding.severity is Severity.WARNING)
    assert warning.rule == "degenerate-map"
    assert {place.rule for place in warning.also} == {"padding-only-window", "unproductive-layer"}


def test_one_layer_used_for_two_inputs_is_one_finding(tmp_path: Path) -> None:
    """Both pools of a siamese network drop row 14 of 15."""
    body = (
        "c = Conv <pads = [1, 1, 1, 1]> (a, k) d = Conv <pads = [1, 1, 1, 1]> (b, k) "
        "e = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (c) "
        "f = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (d) y = Sub (e, f)"
    )
    shapes = {"a": (1, 1, 15, 15), "b": (1, 1, 15, 15)}
    (finding,) = inspected(model_of(body, shapes, constants={"k": (1, 1, 3, 3)}), tmp_path).findings
    assert finding.rule == "floor-truncation"
    assert finding.ranges == ((14, 14),)


def test_padding_never_is_negative_where_same_leaves_a_row_over(tmp_path: Path) -> None:
    """1×1 with stride 2 on 56 rows: (28 − 1)·2 + 1 − 56 is −1, of which the standard and TensorFlow make 0."""
    body = 'y = Conv <strides = [2, 2], auto_pad = "SAME_UPPER"> (x, one)'
    report = inspected(model_of(body, {"x": (1, 1, 56, 56)}, constants={"one": (1, 1, 1, 1)}), tmp_path, verify="run")
    (window,) = report.nodes
    assert (window.padding_begin, window.padding_end, window.output_shape) == ((0, 0), (0, 0), (1, 1, 28, 28))
    assert report.verification.status is Verdict.AGREED


def test_an_output_behind_a_merge_that_does_not_fit_is_named(tmp_path: Path) -> None:
    """Nothing is known of it, for a reason that is said; it is no unknown name."""
    model = model_of("c = Conv (x, k) out = Add (x, c)", {"x": (1, 1, 10, 10)}, constants={"k": (1, 1, 3, 3)},
                     outputs=("out",))  # fmt: skip
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    report = inspect(path, tensors=("out",), verify="none")
    assert rule_ids(report, "model") == ["incompatible-merge"]
    (tensor,) = report.tensors
    assert (tensor.name, tensor.shape) == ("out", None)
    assert "cannot run at this size" in (tensor.reason or "")


def test_an_axis_that_a_kernel_covers_is_no_dash(tmp_path: Path) -> None:
    """A gate over a map of 8 columns, then a kernel of 17: the local field covers the columns, the full one all."""
    constants: dict[str, Constant] = {"k": (1, 1, 3, 17)}
    body = "m = GlobalAveragePool (x) g = Mul (x, m) y = Conv <pads = [1, 8, 1, 8]> (g, k)"
    report = inspected(model_of(body, {"x": (1, 1, 64, 8)}, constants=constants), tmp_path, verify="run")
    words = " ".join(" ".join("".join(span.text for span in line) for line in text.render(report, width=80)).split())
    assert "covers up to 3 of 64 rows, 8 of 8 columns of x" in words
    (finding,) = of_rule(report, "padding-only-window")
    assert "less downsampling" not in finding.help  # there is none


def test_frames_without_a_batch_are_an_axis_of_the_image(tmp_path: Path) -> None:
    """A spectrogram of 100 frames and 80 bands: 3×3, then 5×1 with dilation 2, see 3 + 2·4 frames."""
    body = "i = Unsqueeze (x, front) a = Conv (i, three) y = Conv <dilations = [2, 1]> (a, five)"
    constants: dict[str, Constant] = {"front": [0, 1], "three": (1, 1, 3, 3), "five": (1, 1, 5, 1)}
    report = inspected(model_of(body, {"x": (100, 80)}, constants=constants), tmp_path, verify="run")
    assert report.inputs[0].spatial_axes == (0, 1)
    assert [(field.axis, field.size) for field in report.outputs[0].fields] == [(0, 11), (1, 3)]
    assert report.totals.macs == 98 * 78 * 9 + 90 * 78 * 5  # of all frames: none of them is a batch
    assert report.verification.status is Verdict.AGREED


def test_a_text_is_no_control_input(tmp_path: Path) -> None:
    """Without stopwords 3 of 4 texts are left, with others 4: no value that is given would say more."""
    model = onnx.parser.parse_model("""<ir_version: 9, opset_import: ["": 17]>
    g (string[4] x) => (string[3] y) { y = StringNormalizer <stopwords = ["monday"]> (x) }""")
    report = inspected(model, tmp_path)
    assert rule_ids(report, "model") == []
    assert "depends on the data" in (report.outputs[0].reason or "")


def test_one_fault_at_maps_of_several_sizes_is_told_once(tmp_path: Path) -> None:
    """1×1 kernels with stride 2 on 16, 8 and 4 rows: the message has the numbers of the first, and names the others."""
    body = " ".join(
        f"a{n} = Conv <pads = [1, 1, 1, 1]> (b{n}, three) b{n + 1} = Conv <strides = [2, 2]> (a{n}, one)"
        for n in range(3)
    )
    constants: dict[str, Constant] = {"one": (1, 1, 1, 1), "three": (1, 1, 3, 3)}
    model = model_of(body.replace("(b0", "(x"), {"x": (1, 1, 16, 16)}, constants=constants, outputs=("b3",))
    lines = text.render(inspected(model, tmp_path), width=80)
    words = " ".join(" ".join("".join(span.text for span in line) for line in lines).split())
    assert words.count("and no other node uses them") == 1
    assert "skips 8 of 16 rows and columns" in words
    assert "(3 times; likewise at b2, b3)" in words


def test_branches_of_two_inputs_that_lie_apart_are_one_finding(tmp_path: Path) -> None:
    """Both inputs go through the same two branches, one of which is cropped by 2 at the front only."""
    body = (
        "x = Concat <axis = 1> (a, b) l = Conv <pads = [4, 0]> (x, five) s = Conv (x, one) t = Conv <pads = [1, 3]> "
        "(x, five) y = Add (l, s) z = Add (t, s)"
    )
    constants: dict[str, Constant] = {"five": (2, 2, 5), "one": (2, 2, 1)}
    model = model_of(body, {"a": (1, 1, 32), "b": (1, 1, 32)}, constants=constants, outputs=("z",))
    (finding,) = of_rule(inspected(model, tmp_path), "misaligned-merge")
    # Taps −1 to 3 are centered on i + 1, beside i.
    assert "t is centered 1 sample after s along axis 2 of a and b" in finding.message


def test_an_input_that_a_node_takes_without_its_values_cannot_be_removed(tmp_path: Path) -> None:
    """A Resize with sizes takes a region that this mode does not use; what no node takes may go."""
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["": 13]>
    g (float[1,1,8,8] x, float[8] roi, float[2] left) => (float[1,1,16,16] y) <float[4] s = {1, 1, 2, 2}> {
      y = Resize <mode = "nearest"> (x, roi, s) }""")
    helps = {place.input: place.help for place in of_rule(inspected(model, tmp_path), "unused-input")}
    assert helps["roi"] == "Resize y takes it without using its values: any will do"
    assert helps["left"].startswith("remove it from the model")
