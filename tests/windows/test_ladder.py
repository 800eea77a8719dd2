"""The ladder: which steps, from what to what, on which branch; told by the models' own shapes."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from strideinspect.results.report import Report
from tests.cli.process import SAMPLES
from tests.oracle_models import model_of
from tests.rules.inspecting import inspected
from tests.unverified import unverified

SLICES = """
r0 = Slice (x, z, e, h, s) r1 = Slice (x, o, e, h, s)
q0 = Slice (r0, z, e, w, s) q1 = Slice (r0, o, e, w, s) q2 = Slice (r1, z, e, w, s) q3 = Slice (r1, o, e, w, s)
"""
PICKS = {"z": [0], "o": [1], "e": [9999], "h": [2], "w": [3], "s": [2]}
KERNEL = {"k": (1, 1, 3, 3)}

BRANCHES = """<ir_version: 8, opset_import: ["": 17]>
g (float[1,1,640] x, bool flag) => (float[1,1,1] y) <float[1,1,3] w = {1, 1, 1}> {
  y = If (flag) <
    then_branch = slow () => (float[1,1,1] slow_y) {
      slow_a = MaxPool <kernel_shape = [256], strides = [128]> (x)
      slow_b = Conv <pads = [1, 1], strides = [2]> (slow_a, w)
      slow_y = GlobalAveragePool (slow_b)
    },
    else_branch = fast () => (float[1,1,1] fast_y) {
      fast_a = MaxPool <kernel_shape = [128], strides = [64]> (x)
      fast_b = Conv <pads = [1, 1], strides = [2]> (fast_a, w)
      fast_y = GlobalAveragePool (fast_b)
    }
  >
}"""

# Per model the branches, each as text; sizes are floor((n + pads − kernel) / stride) + 1 by hand.
CASES: dict[str, tuple[Any, list[str]]] = {
    "two pools of one map are no chain": (
        model_of(
            "y = AveragePool <kernel_shape = [4, 2], strides = [2, 1]> (x) "
            "z = AveragePool <kernel_shape = [4, 2], strides = [2, 1], pads = [2, 1, 2, 1]> (x)",
            {"x": (1, 1, 5, 5)}, outputs=("y", "z"),
        ),
        ["5×5 AveragePool 1×4", "5×5 AveragePool 3×6"],
    ),
    "both branches of an If, apart": (
        BRANCHES, ["640 MaxPool 4 Conv 2 GlobalAveragePool 1", "640 MaxPool 9 Conv 5"]
    ),
    "a pool over a whole axis": (
        model_of(
            "a = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, k) "
            "y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (a)",
            {"x": (1, 1, 4, 64)}, constants=KERNEL,
        ),
        ["4×64 Conv 2×32 MaxPool 1×16"],
    ),
    "slices of every second row and column are one step": (
        model_of(
            SLICES + "c = Concat <axis = 1> (q0, q2, q1, q3) y = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (c, v)",
            {"x": (1, 1, 64, 64)}, constants={**PICKS, "v": (1, 4, 3, 3)},
        ),
        ["64×64 Slice 32×32 Conv 16×16"],
    ),
    "space to depth": (
        model_of(
            "a = SpaceToDepth <blocksize = 4> (x) y = Conv (a, v)", {"x": (1, 1, 64, 32)},
            constants={"v": (1, 16, 1, 1)},
        ),
        ["64×32 SpaceToDepth 16×8"],
    ),
    "space to depth by reshapes": (
        model_of(
            "a = Reshape (x, split) b = Transpose <perm = [0, 1, 3, 5, 2, 4]> (a) c = Reshape (b, join) "
            "y = Conv (c, v)",
            {"x": (1, 1, 64, 64)}, constants={"v": (1, 4, 1, 1), "split": [1, 1, 32, 2, 32, 2], "join": [1, 4, 32, 32]},
        ),
        ["64×64 Reshape 32×32"],
    ),
    "convolutions without padding are one step": (
        model_of(
            "a = Conv (x, k) b = Relu (a) c = Conv (b, k) d = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (c) "
            "y = Conv (d, k)",
            {"x": (1, 1, 72, 72)}, constants=KERNEL,
        ),
        ["72×72 Conv 68×68 MaxPool 34×34 Conv 32×32"],
    ),
    "a Pad node is part of the window behind it": (
        model_of(
            "a = Pad (x, p) b = Conv <strides = [2, 2]> (a, k) c = Pad (b, p) y = Conv (c, k)",
            {"x": (1, 1, 32, 32)}, constants={**KERNEL, "p": [0, 0, 1, 1, 0, 0, 1, 1]},
        ),
        ["32×32 Pad, Conv 16×16"],  # (32 + 2 − 3) / 2 + 1 = 16; 16 + 2 − 2 = 16 is no change
    ),
    "past the gate, not through it": (
        model_of(
            "a = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, k) g = GlobalAveragePool (a) s = Sigmoid (g) "
            "b = Mul (s, a) y = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (b, k)",
            {"x": (1, 1, 32, 32)}, constants=KERNEL,
        ),
        ["32×32 Conv 16×16 Conv 8×8"],
    ),
    "down and up again": (
        model_of(
            "a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) "
            "b = ConvTranspose <strides = [2, 2]> (a, u) y = Add (x, b)",
            {"x": (1, 1, 32, 32)}, constants={"u": (1, 1, 2, 2)},
        ),
        ["32×32 MaxPool 16×16 ConvTranspose 32×32"],
    ),
    "a pyramid": (
        model_of(
            "a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) "
            "y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (a) "
            'u = Resize <mode = "nearest"> (y, , scales) z = Add (a, u)',
            {"x": (1, 1, 32, 32)}, constants={"scales": [1.0, 1.0, 2.0, 2.0]}, outputs=("z", "y"),
        ),
        ["32×32 MaxPool 16×16 MaxPool 8×8", "8×8 Resize 16×16"],
    ),
    "a pool along one of the axes that a Reshape made keeps the stride": (
        model_of(
            "r = Reshape (x, split) y = MaxPool <kernel_shape = [2, 1]> (r)", {"x": (1, 1, 14)},
            constants={"split": [1, 1, 2, 7]},
        ),
        ["14 MaxPool 7"],
    ),
    "no map where the position is left among the channels": (
        model_of(
            "s = SpaceToDepth <blocksize = 2> (x) y = MaxPool <kernel_shape = [1, 2]> (s)", {"x": (1, 1, 4, 4)}
        ),
        ["4×4 SpaceToDepth 2×2"],
    ),
    "a residual block's shortcut is part of the step": (
        model_of(
            "a = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, k) b = Conv <strides = [2, 2]> (x, one) "
            "y = Add (b, a)",
            {"x": (1, 1, 32, 32)}, constants={**KERNEL, "one": (1, 1, 1, 1)},
        ),
        ["32×32 Conv 16×16"],
    ),
}  # fmt: skip


def branches(report: Report) -> list[str]:
    """Each branch as text: its first map, then operators and maps in turn."""
    texts = []
    for _, group in groupby(report.ladder, key=lambda step: step.branch):
        steps = [*group]
        parts = ["×".join(map(str, steps[0].start))]
        for step in steps:
            parts += [", ".join(step.operators), "×".join(map(str, step.size))]
        texts.append(" ".join(parts))
    return texts


@pytest.mark.parametrize(("model", "expected"), CASES.values(), ids=CASES)
def test_branches(model: Any, expected: list[str], tmp_path: Path) -> None:
    """Every change of the map is a step of some branch, and onnxruntime makes maps of these sizes."""
    report = inspected(model, tmp_path, verify="run", input_shapes=None)
    assert branches(report) == expected
    assert report.verification.shapes.contradicted == 0


def test_shortcut_is_named_in_the_step(tmp_path: Path) -> None:
    """The 1×1 of the shortcut and the 3×3 beside it make one step together."""
    (step,) = inspected(CASES["a residual block's shortcut is part of the step"][0], tmp_path).ladder
    assert sorted(step.nodes) == ["a", "b"]


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*-torchscript.onnx")), ids=lambda path: path.stem)
def test_sizes_follow_each_other(path: Path) -> None:
    """Within a branch each step starts from the map before it; branch 0 of an input starts from the input."""
    report = unverified(path)
    for _, group in groupby(report.ladder, key=lambda step: step.branch):
        steps = [*group]
        assert [step.start for step in steps[1:]] == [step.size for step in steps[:-1]]
    for given in report.inputs:
        own = [step for step in report.ladder if step.input == given.name]
        if own:
            assert own[0].start == tuple(given.shape[axis] for axis in given.spatial_axes)


def test_stride_of_a_map_that_shared_an_axis(tmp_path: Path) -> None:
    """14 samples as 2 rows of 7, the rows pooled: index i sees samples i and i + 7, and the next one is 1 later."""
    (step,) = inspected(CASES["a pool along one of the axes that a Reshape made keeps the stride"][0], tmp_path).ladder
    assert step.stride == (Fraction(1),)


def test_windows_of_attention_are_no_steps() -> None:
    """Swin: patches of 4, then four stages at half the resolution each (Liu et al. 2021, figure 3), and the mean.

    Inside a stage the map is cut into windows, shifted, and put together again; that leaves it as it was.
    """
    report = unverified(SAMPLES / "swin-dynamo.onnx")
    assert [step.size for step in report.ladder] == [(56, 56), (28, 28), (14, 14), (7, 7), (1, 1)]
    assert {step.branch for step in report.ladder} == {0}


def test_strides_are_the_closed_forms() -> None:
    """The stride of a step is the effective stride of its window; a global pooling counts the 7 rows that it pools."""
    report = unverified(SAMPLES / "resnet50-torchscript.onnx")
    by_output = {node.output: node for node in report.nodes}
    for step in report.ladder[:-1]:
        assert step.stride == tuple(field.stride for field in by_output[step.nodes[0]].fields)
    assert [int(step.stride[0]) for step in report.ladder] == [2, 4, 8, 16, 32, 7 * 32]
