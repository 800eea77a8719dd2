"""Every operator group of the probe against the real operator: change a row, see which outputs change."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from tests.verify.helpers import hulls, input_shapes, model_of, ran, reached, seen

# name -> graph text, operator set, constant tables. Nothing collapses here, so local and full dependence are the same.
CASES: Final[dict[str, tuple[str, int, dict[str, Any]]]] = {
    "conv": ("(float[1,2,9,7] x, float[3,2,3,2] w) => (float[1,3,4,6] y) { y = Conv<strides=[2,1]>(x, w) }", 20, {}),
    "conv-padded-dilated": (
        "(float[1,2,9,8] x, float[4,1,3,2] w, float[4] wb) => (float[N,M,H,W] y)"
        "{ y = Conv<group=2, pads=[2,0,1,1], dilations=[2,3]>(x, w, wb) }", 20, {}),
    "conv-sees-only-padding": (
        "(float[1,1,4] x, float[1,1,2] w) => (float[N,C,L] y) { y = Conv<pads=[3,2]>(x, w) }", 20, {}),
    "conv-same-upper": (
        "(float[1,1,8,9] x, float[1,1,3,3] w) => (float[N,C,H,W] y)"
        '{ y = Conv<auto_pad="SAME_UPPER", strides=[2,2]>(x, w) }', 20, {}),
    "conv-same-lower": (
        "(float[1,1,8] x, float[1,1,4] w) => (float[N,C,H] y) { y = Conv<auto_pad=\"SAME_LOWER\", strides=[3]>(x, w) }",
        20, {}),
    "conv-same-crops": (  # extent below stride: onnxruntime silently crops the front
        "(float[1,1,8] x, float[1,1,1] w) => (float[N,C,H] y) { y = Conv<auto_pad=\"SAME_UPPER\", strides=[4]>(x, w) }",
        20, {}),
    "conv-3d": (
        "(float[1,1,5,4,6] x, float[2,1,2,3,2] w) => (float[N,C,D,H,W] y)"
        "{ y = Conv<strides=[1,1,2], pads=[0,1,0,0,1,1]>(x, w) }", 20, {}),
    "conv-no-kernel-attribute": (
        "(float[1,1,9,9] x, float[1,1,5,3] w) => (float[N,C,H,W] y) { v = Identity(w) y = Conv(x, v) }", 20, {}),
    "conv-weight-from-data": (
        "(float[1,2,9,9] x, float[1,2,3,3] z) => (float[N,C,H,W] y) { y = Conv<strides=[2,2]>(x, z) }", 20, {}),
    "conv-groups-stay-apart": (
        "(float[1,1,9,6] x, float[2,1,3,1] w, float[2,1,5,1] wv) => (float[N,C,H,W] y, float[N,C,H,W] z)"
        "{ a = Conv(x, w) b = Conv<pads=[1,0,1,0]>(x, wv) y = Concat<axis=1>(a, b)"
        " z, r = Split<axis=1, num_outputs=2>(y) }", 20, {}),
    "depthwise-multiplier": (
        "(float[1,2,6,6] x, float[4,1,2,2] w) => (float[N,C,H,W] y) { y = Conv<group=2>(x, w) }", 20, {}),
    "conv-transpose": (
        "(float[1,2,5,4] x, float[2,3,2,3] w) => (float[N,C,H,W] y)"
        "{ y = ConvTranspose<strides=[3,2], pads=[0,1,0,1], output_padding=[1,1]>(x, w) }", 20, {}),
    "conv-transpose-dilated-groups": (
        "(float[1,4,5] x, float[4,1,3] w) => (float[N,C,L] y)"
        "{ y = ConvTranspose<strides=[2], dilations=[2], group=2>(x, w) }", 20, {}),
    "conv-transpose-output-shape": (
        "(float[1,1,5,5] x, float[1,1,3,3] w) => (float[N,C,H,W] y)"
        '{ y = ConvTranspose<strides=[2,2], output_shape=[10,9], auto_pad="SAME_UPPER">(x, w) }', 20, {}),
    "max-pool": (
        "(float[1,2,9,8] x) => (float[N,C,H,W] y) { y = MaxPool<kernel_shape=[3,2], strides=[2,2], pads=[1,0,1,0]>(x) }",
        20, {}),
    "max-pool-ceil-dilated": (
        "(float[1,1,11,10] x) => (float[N,C,H,W] y)"
        "{ y = MaxPool<kernel_shape=[3,2], strides=[2,3], dilations=[2,1], ceil_mode=1>(x) }", 20, {}),
    "average-pool": (
        "(float[1,1,8,9] x) => (float[N,C,H,W] y)"
        "{ y = AveragePool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1], count_include_pad=1, ceil_mode=1>(x) }",
        20, {}),
    "average-pool-same-crops": (
        "(float[1,1,8] x) => (float[N,C,L] y) { y = AveragePool<kernel_shape=[1], strides=[3], auto_pad=\"SAME_LOWER\">(x) }",
        20, {}),
    "lp-pool": (
        "(float[1,1,9,9] x) => (float[N,C,H,W] y) { y = LpPool<kernel_shape=[2,3], strides=[2,1], p=2>(x) }", 20, {}),
    "linear-resize": (
        "(float[1,1,5,4] x, float[4] s) => (float[N,C,H,W] y)"
        '{ y = Resize<mode="linear", coordinate_transformation_mode="half_pixel">(x, , s) }',
        20, {"s": [1, 1, 2, 1.5]}),
    "align-corners": (
        "(float[1,1,5,4] x, int64[4] n) => (float[N,C,H,W] y)"
        '{ y = Resize<mode="linear", coordinate_transformation_mode="align_corners">(x, , , n) }',
        20, {"n": [1, 1, 9, 3]}),
    "cubic-resize": (
        "(float[1,1,6,7] x, int64[4] n) => (float[N,C,H,W] y) { y = Resize<mode=\"cubic\">(x, , , n) }",
        20, {"n": [1, 1, 9, 4]}),
    "antialias": (
        "(float[1,1,9,8] x, int64[4] n) => (float[N,C,H,W] y) { y = Resize<mode=\"linear\", antialias=1>(x, , , n) }",
        20, {"n": [1, 1, 4, 3]}),
    "nearest-asymmetric": (
        "(float[1,1,4,5] x, float[4] s) => (float[N,C,H,W] y)"
        '{ y = Resize<mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="round_prefer_floor">'
        "(x, , s) }", 20, {"s": [1, 1, 3, 4]}),
    "resize-axes": (
        "(float[1,1,4,5] x, float[2] s) => (float[N,C,H,W] y) { y = Resize<mode=\"nearest\", axes=[3,2]>(x, , s) }",
        18, {"s": [2, 0.5]}),
    "resize-crop": (
        "(float[1,1,8,6] x, float[8] roi, int64[4] n) => (float[N,C,H,W] y)"
        '{ y = Resize<mode="linear", coordinate_transformation_mode="tf_crop_and_resize">(x, roi, , n) }',
        13, {"roi": [0, 0, 0.2, 0.1, 1, 1, 0.8, 0.7], "n": [1, 1, 5, 6]}),
    "resize-11": (
        "(float[1,1,4,5] x, float[8] roi, float[4] s) => (float[N,C,H,W] y)"
        '{ y = Resize<mode="linear", coordinate_transformation_mode="pytorch_half_pixel">(x, roi, s) }',
        11, {"roi": [0, 0, 0, 0, 1, 1, 1, 1], "s": [1, 1, 2, 2]}),
    "resize-10": ("(float[1,1,4,5] x, float[4] s) => (float[N,C,H,W] y) { y = Resize(x, s) }", 10, {"s": [1, 1, 2.5, 2]}),
    "upsample-9": ("(float[1,1,4,5] x, float[4] s) => (float[N,C,H,W] y) { y = Upsample<mode=\"linear\">(x, s) }",
                   9, {"s": [1, 1, 2, 2]}),
    "upsample-7": ("(float[1,1,4,5] x) => (float[N,C,H,W] y) { y = Upsample<scales=[1.0,1.0,2.0,3.0]>(x) }", 7, {}),
    "pad-and-crop": (
        "(float[1,1,6,7] x, int64[8] p) => (float[N,C,H,W] y) { y = Pad(x, p) }", 20, {"p": [0, 0, 2, -1, 0, 0, -2, 3]}),
    "pad-reflect": (
        "(float[1,1,6,7] x, int64[8] p) => (float[N,C,H,W] y) { y = Pad<mode=\"reflect\">(x, p) }",
        20, {"p": [0, 0, 2, 3, 0, 0, 1, 0]}),
    "pad-edge": (
        "(float[1,1,6,7] x, int64[2] p, int64[1] a) => (float[N,C,H,W] y) { y = Pad<mode=\"edge\">(x, p, , a) }",
        20, {"p": [2, 3], "a": [-1]}),
    "pad-wrap": (
        "(float[1,1,6,7] x, int64[8] p) => (float[N,C,H,W] y) { y = Pad<mode=\"wrap\">(x, p) }",
        20, {"p": [0, 0, 2, 1, 0, 0, 0, 3]}),
    "pad-2": ("(float[1,1,4,5] x) => (float[N,C,H,W] y) { y = Pad<pads=[0,0,1,2,0,0,0,1]>(x) }", 10, {}),
    "space-to-depth": ("(float[1,1,4,6] x) => (float[N,C,H,W] y) { y = SpaceToDepth<blocksize=2>(x) }", 20, {}),
    "depth-to-space": (
        "(float[1,4,3,3] x, float[8,4,2,1] w) => (float[N,C,H,W] y)"
        '{ a = Conv(x, w) y = DepthToSpace<blocksize=2, mode="CRD">(a) }', 20, {}),
    "focus": (
        "(float[1,1,6,6] x, int64[2] b, int64[2] e, int64[2] a, int64[2] st, int64[2] o) => (float[N,C,H,W] y)"
        "{ p = Slice(x, b, e, a, st) q = Slice(x, o, e, a, st) y = Concat<axis=1>(p, q) }",
        20, {"b": [0, 0], "e": [6, 6], "a": [2, 3], "st": [2, 2], "o": [1, 1]}),
    "slice-backwards": (
        "(float[1,1,6,6] x, int64[1] b, int64[1] e, int64[1] a, int64[1] st) => (float[N,C,H,W] y)"
        "{ y = Slice(x, b, e, a, st) }", 20, {"b": [-1], "e": [-100], "a": [-2], "st": [-2]}),
    "slice-1": ("(float[1,1,6,6] x) => (float[N,C,H,W] y) { y = Slice<starts=[1,2], ends=[5,-1], axes=[2,3]>(x) }", 9, {}),
    "gather": (
        "(float[1,1,6,5] x, int64[4] i) => (float[N,C,H,W] y) { y = Gather<axis=2>(x, i) }", 20, {"i": [5, 0, -2, 3]}),
    "gather-scalar": (
        "(float[1,2,6,5] x, int64 i) => (float[N,C,W] y) { y = Gather<axis=2>(x, i) }", 20, {"i": 4}),
    "transpose-reshape-windows": (  # Swin's window partition
        "(float[1,2,6,4] x, int64[6] s, int64[3] t) => (float[A,B,C] y)"
        "{ a = Reshape(x, s) b = Transpose<perm=[0,2,4,3,5,1]>(a) y = Reshape(b, t) }",
        20, {"s": [1, 2, 3, 2, 2, 2], "t": [6, 4, 2]}),
    "flatten": ("(float[1,2,3,4] x) => (float[N,M] y) { y = Flatten(x) }", 20, {}),
    "squeeze-unsqueeze": (
        "(float[1,1,6,4] x, int64[1] a, int64[2] b) => (float[A,B,C,D,E] y) { p = Squeeze(x, a) y = Unsqueeze(p, b) }",
        20, {"a": [1], "b": [0, -1]}),
    "tile-interleaves": (  # how Keras writes nearest upsampling
        "(float[1,1,3,4] x, int64[1] a, int64[5] r, int64[4] s) => (float[N,C,H,W] y)"
        "{ p = Unsqueeze(x, a) q = Tile(p, r) y = Reshape(q, s) }",
        20, {"a": [3], "r": [1, 1, 1, 2, 1], "s": [1, 1, 6, 4]}),
    "tile": ("(float[1,1,3,4] x, int64[4] r) => (float[N,C,H,W] y) { y = Tile(x, r) }", 20, {"r": [1, 2, 2, 1]}),
    "expand": ("(float[1,1,5,1] x, int64[4] s) => (float[N,C,H,W] y) { y = Expand(x, s) }", 20, {"s": [2, 3, 1, 4]}),
    "broadcast-add": (
        "(float[1,1,5,1] x, float[1,2,1,4] z) => (float[N,C,H,W] y) { y = Add(x, z) }", 20, {}),
    "concat-constant": (
        "(float[1,1,4,3] x, float[1,1,2,3] w) => (float[N,C,H,W] y) { y = Concat<axis=2>(w, x, w) }", 20, {}),
    "where": (
        "(float[1,1,5,4] x, float[1] w) => (float[N,C,H,W] y) { c = Greater(x, w) n = Neg(x) y = Where(c, x, n) }", 20, {}),
    "mat-mul": ("(float[2,5,4] x, float[4,3] w) => (float[A,B,C] y) { y = MatMul(x, w) }", 20, {}),
    "mat-mul-live": ("(float[2,5,4] x, float[2,4,3] z) => (float[A,B,C] y) { y = MatMul(x, z) }", 20, {}),
    "mat-mul-vector": ("(float[2,5,4] x, float[4] w) => (float[A,B] y) { y = MatMul(x, w) }", 20, {}),
    "vector-mat-mul": ("(float[5] x, float[2,5,3] w) => (float[A,B] y) { y = MatMul(x, w) }", 20, {}),
    "attention": (
        "(float[5,4] x, float[4,3] w, float[4,3] wk) => (float[A,B] y, float[A,B] s)"
        "{ q = MatMul(x, w) k = MatMul(x, wk) t = Transpose<perm=[1,0]>(k) s = MatMul(q, t) y = MatMul(s, q) }", 20, {}),
    "gemm": (
        "(float[4,5] x, float[3,4] w, float[3] wc) => (float[A,B] y) { y = Gemm<transA=1, transB=1>(x, w, wc) }", 20, {}),
    "einsum": (
        "(float[2,5,3] x, float[3,4] w) => (float[A,B,C] y) { y = Einsum<equation=\"bij,jk->kbi\">(x, w) }", 20, {}),
    "cum-sum": ("(float[1,6] x, int64 a) => (float[A,B] y) { y = CumSum(x, a) }", 20, {"a": 1}),
    "cum-sum-exclusive-reverse": (
        "(float[1,6] x, int64 a) => (float[A,B] y) { y = CumSum<exclusive=1, reverse=1>(x, a) }", 20, {"a": -1}),
    "lstm": (
        "(float[6,1,2] x, float[2,8,2] w, float[2,8,2] wr) => (float[A,B,C,D] y, float[B,C,D] h)"
        '{ y, h = LSTM<hidden_size=2, direction="bidirectional">(x, w, wr) }', 20, {}),
    "gru": (
        "(float[6,1,2] x, float[1,6,2] w, float[1,6,2] wr) => (float[A,B,C,D] y, float[B,C,D] h)"
        "{ y, h = GRU<hidden_size=2>(x, w, wr) }", 20, {}),
    "scatter": (
        "(float[6,2] x, int64[2,1] i, float[2,2] w) => (float[A,B] y) { y = ScatterND(x, i, w) }", 20, {"i": [[1], [4]]}),
    "gather-nd": (
        "(float[6,2] x, int64[3,1] i) => (float[A,B] y) { y = GatherND(x, i) }", 20, {"i": [[1], [4], [0]]}),
    "gather-elements": (
        "(float[3,2] x, int64[2,2] i) => (float[A,B] y) { y = GatherElements(x, i) }", 20, {"i": [[1, 0], [2, 2]]}),
    "split-sizes": (
        "(float[1,7] x, int64[2] s) => (float[A,B] y, float[A,C] z) { y, z = Split<axis=1>(x, s) }", 20, {"s": [3, 4]}),
    "shape-arithmetic": (  # pads computed from the input's own shape
        "(float[1,1,5,6] x, int64[4] b) => (float[N,C,H,W] y)"
        "{ s = Shape(x) d = Sub(s, b) p = Concat<axis=0>(d, d) y = Pad(x, p) }", 20, {"b": [1, 1, 3, 5]}),
    "fused-conv": (
        "(float[1,2,7,6] x, float[3,2,3,2] w, float[3] wb, float[1,3,5,5] z) => (float[N,C,H,W] y)"
        "{ y = com.microsoft.FusedConv<activation=\"Relu\">(x, w, wb, z) }", 20, {}),
    "one-hot": (
        "(float[4,3] x, int64 d, float[2] v) => (float[A,B,C] y)"
        "{ c = Cast<to=7>(x) y = OneHot<axis=1>(c, d, v) }", 20, {"d": 2, "v": [0.0, 1.0]}),
    "reverse-sequence": (
        "(float[5,2] x, int64[2] n) => (float[A,B] y) { y = ReverseSequence(x, n) }", 20, {"n": [3, 5]}),
    "top-k": (
        "(float[2,6] x, int64[1] k) => (float[A,B] y) { y, i = TopK(x, k) }", 20, {"k": [2]}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_probe_sees_what_changes(name: str, tmp_path: Path) -> None:
    """Each index of each output depends on exactly the hull of the rows whose change changes it."""
    text, opset, tables = CASES[name]
    model = model_of(text, opset, **tables)
    known = ran(model, tmp_path)
    assert known.as_run.error is None
    for source, shape in input_shapes(model).items():
        for axis in range(len(shape)):
            for output, marks in reached(model, source, axis):
                assert known.as_run.shapes[output] == marks.shape[1:]
                for along in range(marks.ndim - 1):
                    answer = seen(known, source, axis, output, along)
                    expected = hulls(marks, along)
                    assert (answer.get("first"), answer.get("last")) == expected, (source, axis, output, along, answer)
                rows = np.flatnonzero(marks.reshape(len(marks), -1).any(axis=1))
                whole = (int(rows[0]), int(rows[-1])) if len(rows) else None
                assert seen(known, source, axis, output, None)["full"] == whole
