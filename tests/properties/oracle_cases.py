"""One operator each, for holding the oracle to onnxruntime: opset, shape of x, ONNX text, constants."""

from __future__ import annotations

import numpy as np

from tests.oracle_models import Constant
from tests.oracle_sets import Shape

Case = tuple[int, Shape, str, dict[str, Constant]]

W3: dict[str, Constant] = {"w": (2, 2, 3)}
NO: dict[str, Constant] = {}

WINDOWS: dict[str, Case] = {
    "conv-plain": (9, (1, 2, 9), "y = Conv(x, w)", W3),
    "conv-bias": (22, (1, 2, 9), "y = Conv<pads=[1,1]>(x, w, b)", {**W3, "b": (2,)}),
    "conv-stride": (11, (1, 2, 10), "y = Conv<strides=[2], pads=[1,0]>(x, w)", W3),
    "conv-dilated": (11, (1, 2, 12), "y = Conv<dilations=[3], strides=[2], pads=[2,1]>(x, w)", W3),
    "conv-same-upper": (11, (1, 2, 10), 'y = Conv<auto_pad="SAME_UPPER", strides=[2]>(x, w)', W3),
    "conv-same-lower": (11, (1, 2, 10), 'y = Conv<auto_pad="SAME_LOWER", strides=[2]>(x, w)', W3),
    "conv-same-even": (11, (1, 2, 9), 'y = Conv<auto_pad="SAME_UPPER">(x, w)', {"w": (2, 2, 4)}),
    "conv-valid": (11, (1, 2, 10), 'y = Conv<auto_pad="VALID", strides=[3]>(x, w)', W3),
    "conv-1x1-stride": (11, (1, 2, 9), "y = Conv<strides=[2]>(x, w)", {"w": (2, 2, 1)}),
    "conv-same-1x1-stride": (11, (1, 2, 8), 'y = Conv<auto_pad="SAME_UPPER", strides=[2]>(x, w)', {"w": (2, 2, 1)}),
    "conv-grouped": (11, (1, 4, 7), "y = Conv<group=2>(x, w)", {"w": (6, 2, 3)}),
    "conv-depthwise": (11, (1, 3, 7), "y = Conv<group=3, pads=[1,1]>(x, w)", {"w": (6, 1, 3)}),
    "conv-2d": (11, (1, 2, 6, 7), "y = Conv<strides=[2,1], pads=[1,0,0,2]>(x, w)", {"w": (2, 2, 3, 2)}),
    "conv-3d": (11, (1, 1, 4, 5, 5), "y = Conv<strides=[1,2,1], dilations=[1,1,2]>(x, w)", {"w": (2, 1, 2, 2, 2)}),
    "transposed": (11, (1, 2, 5), "y = ConvTranspose<strides=[2]>(x, w)", W3),
    "transposed-holes": (11, (1, 2, 5), "y = ConvTranspose<strides=[3], pads=[1,0]>(x, w)", {"w": (2, 2, 2)}),
    "transposed-dilated": (11, (1, 2, 5), "y = ConvTranspose<strides=[2], dilations=[2], pads=[2,1]>(x, w)", W3),
    "transposed-output-padding": (
        11,
        (1, 2, 5),
        "y = ConvTranspose<strides=[3], output_padding=[2], pads=[1,1]>(x, w)",
        W3,
    ),
    "transposed-output-shape": (
        11,
        (1, 2, 5),
        "y = ConvTranspose<strides=[3], output_shape=[12]>(x, w)",
        {"w": (2, 2, 4)},
    ),
    "transposed-output-shape-upper": (
        11,
        (1, 2, 5),
        'y = ConvTranspose<strides=[3], output_shape=[13], auto_pad="SAME_UPPER">(x, w)',
        {"w": (2, 2, 4)},
    ),
    "transposed-same-upper": (11, (1, 2, 5), 'y = ConvTranspose<strides=[2], auto_pad="SAME_UPPER">(x, w)', W3),
    "transposed-same-lower": (11, (1, 2, 5), 'y = ConvTranspose<strides=[2], auto_pad="SAME_LOWER">(x, w)', W3),
    "transposed-grouped": (11, (1, 4, 4), "y = ConvTranspose<strides=[2], group=2>(x, w)", {"w": (4, 3, 3)}),
    "transposed-2d": (11, (1, 1, 3, 4), "y = ConvTranspose<strides=[2,3], pads=[0,1,1,0]>(x, w)", {"w": (1, 2, 3, 2)}),
    "max-plain": (8, (1, 2, 9), "y = MaxPool<kernel_shape=[3], strides=[2]>(x)", NO),
    "max-floor": (12, (1, 2, 10), "y = MaxPool<kernel_shape=[3], strides=[2]>(x)", NO),
    "max-ceil": (12, (1, 2, 10), "y = MaxPool<kernel_shape=[3], strides=[2], ceil_mode=1>(x)", NO),
    "max-ceil-clip": (12, (1, 2, 5), "y = MaxPool<kernel_shape=[2], strides=[3], ceil_mode=1, pads=[1,1]>(x)", NO),
    "max-dilated": (12, (1, 2, 11), "y = MaxPool<kernel_shape=[3], dilations=[2], pads=[1,2]>(x)", NO),
    "max-same-lower": (12, (1, 2, 8), 'y = MaxPool<kernel_shape=[3], strides=[2], auto_pad="SAME_LOWER">(x)', NO),
    "max-two-outputs": (12, (1, 2, 8), "y, z = MaxPool<kernel_shape=[3], strides=[2]>(x)", NO),
    "max-stride-over": (12, (1, 2, 10), "y = MaxPool<kernel_shape=[2], strides=[4]>(x)", NO),
    "max-3d": (12, (1, 1, 4, 3, 5), "y = MaxPool<kernel_shape=[2,2,3], strides=[2,1,1]>(x)", NO),
    "average-plain": (7, (1, 2, 10), "y = AveragePool<kernel_shape=[3], strides=[2], pads=[1,1]>(x)", NO),
    "average-counted": (11, (1, 2, 9), "y = AveragePool<kernel_shape=[3], pads=[1,1], count_include_pad=1>(x)", NO),
    "average-ceil": (19, (1, 2, 10), "y = AveragePool<kernel_shape=[3], strides=[2], ceil_mode=1>(x)", NO),
    "average-dilated": (19, (1, 2, 11), "y = AveragePool<kernel_shape=[3], dilations=[2], strides=[2]>(x)", NO),
    "lp": (18, (1, 2, 10), "y = LpPool<kernel_shape=[3], strides=[2], pads=[1,1], p=2>(x)", NO),
    "lp-ceil": (22, (1, 2, 10), "y = LpPool<kernel_shape=[3], strides=[2], ceil_mode=1, p=1>(x)", NO),
    "lp-dilated": (18, (1, 1, 9, 9), "y = LpPool<kernel_shape=[2,3], dilations=[2,1], p=2>(x)", NO),
    "global-max": (11, (1, 2, 7), "y = GlobalMaxPool(x)", NO),
    "global-average": (11, (1, 2, 3, 4), "y = GlobalAveragePool(x)", NO),
    "global-lp": (11, (1, 2, 7), "y = GlobalLpPool<p=2>(x)", NO),
    "conv-weight-from-input": (11, (1, 2, 5), "k = Slice(x, s, e, a) y = Conv(x, k)", {"s": [0], "e": [3], "a": [2]}),
}

PADS: dict[str, Constant] = {"p": [0, 0, 2, 0, 0, 3]}
CUT: dict[str, Constant] = {"p": [0, 0, -2, 0, 0, 1]}

MOVEMENT: dict[str, Case] = {
    "transpose": (13, (2, 3, 4), "y = Transpose<perm=[2,0,1]>(x)", NO),
    "transpose-default": (13, (2, 3, 4), "y = Transpose(x)", NO),
    "reshape": (13, (2, 3, 4), "y = Reshape(x, s)", {"s": [0, -1, 2]}),
    "flatten": (13, (2, 3, 4), "y = Flatten<axis=2>(x)", NO),
    "squeeze-attribute": (11, (1, 3, 1, 4), "y = Squeeze<axes=[2]>(x)", NO),
    "squeeze-all": (13, (1, 3, 1, 4), "y = Squeeze(x)", NO),
    "unsqueeze-attribute": (11, (3, 4), "y = Unsqueeze<axes=[0,3]>(x)", NO),
    "unsqueeze-input": (13, (3, 4), "y = Unsqueeze(x, a)", {"a": [-1, 0]}),
    "expand": (13, (3, 1), "y = Expand(x, s)", {"s": [2, 1, 4]}),
    "tile": (13, (2, 3), "y = Tile(x, r)", {"r": [1, 3]}),
    "slice-attribute": (9, (1, 2, 9), "y = Slice<axes=[2], starts=[1], ends=[-2]>(x)", NO),
    "slice-negative-step": (13, (1, 2, 9), "y = Slice(x, s, e, a, t)", {"s": [-2], "e": [-100], "a": [2], "t": [-3]}),
    "slice-far-end": (13, (1, 2, 9), "y = Slice(x, s, e, a, t)", {"s": [1], "e": [2**62], "a": [-1], "t": [2]}),
    "slice-before-the-start": (13, (1, 2, 2), "y = Slice(x, s, e, a, t)", {"s": [-3], "e": [-9], "a": [2], "t": [-1]}),
    "concat-channels": (13, (1, 2, 4), "n = Neg(x) y = Concat<axis=1>(x, n)", NO),
    "concat-positions": (13, (1, 2, 4), "n = Neg(x) y = Concat<axis=-1>(x, n)", NO),
    "split-attribute": (11, (1, 6, 3), "y, z = Split<axis=1, split=[2,4]>(x)", NO),
    "split-input": (13, (1, 6, 3), "y, z = Split<axis=1>(x, s)", {"s": [1, 5]}),
    "split-uneven": (18, (1, 2, 7), "y, z = Split<axis=2, num_outputs=2>(x)", NO),
    "gather": (13, (1, 2, 5), "y = Gather<axis=2>(x, i)", {"i": [4, 0, -2]}),
    "gather-one": (13, (1, 2, 5), "y = Gather<axis=2>(x, i)", {"i": np.array(3, dtype=np.int64)}),
    "gather-two-axes": (13, (1, 2, 5), "y = Gather<axis=1>(x, i)", {"i": np.array([[1, 0, 1]], dtype=np.int64)}),
    "pad-attribute": (7, (1, 2, 5), "y = Pad<pads=[0,0,2,0,0,3]>(x)", NO),
    "pad-constant": (13, (1, 2, 5), "y = Pad(x, p)", PADS),
    "pad-negative": (13, (1, 2, 5), "y = Pad(x, p)", CUT),
    "pad-reflect": (13, (1, 2, 5), 'y = Pad<mode="reflect">(x, p)', PADS),
    "pad-edge": (13, (1, 2, 5), 'y = Pad<mode="edge">(x, p)', PADS),
    "pad-wrap": (19, (1, 2, 5), 'y = Pad<mode="wrap">(x, p)', PADS),
    "pad-axes": (18, (1, 2, 5, 4), "y = Pad(x, p, , a)", {"p": [1, 0, 2, 3], "a": [-1, 2]}),
    "depth-to-space-dcr": (13, (1, 8, 2, 3), "y = DepthToSpace<blocksize=2>(x)", NO),
    "depth-to-space-crd": (13, (1, 8, 2, 3), 'y = DepthToSpace<blocksize=2, mode="CRD">(x)', NO),
    "space-to-depth": (13, (1, 2, 4, 6), "y = SpaceToDepth<blocksize=2>(x)", NO),
}

WHOLE: dict[str, Case] = {
    "reduce-mean": (13, (1, 3, 4), "y = ReduceMean<axes=[2]>(x)", NO),
    "reduce-mean-input": (18, (1, 3, 4), "y = ReduceMean<keepdims=0>(x, a)", {"a": [-1]}),
    "reduce-sum-all": (13, (1, 3, 4), "y = ReduceSum(x)", NO),
    "reduce-sum-none": (13, (1, 3, 4), "y = ReduceSum<noop_with_empty_axes=1>(x)", NO),
    "reduce-max": (13, (1, 3, 4), "y = ReduceMax<axes=[1,2], keepdims=0>(x)", NO),
    "softmax": (13, (1, 3, 4), "y = Softmax<axis=1>(x)", NO),
    "softmax-old": (11, (1, 3, 4), "y = Softmax<axis=1>(x)", NO),
    "layer-normalization": (17, (2, 3, 4), "y = LayerNormalization<axis=-1>(x, g)", {"g": (4,)}),
    "instance-normalization": (13, (2, 2, 4), "y = InstanceNormalization(x, g, g)", {"g": (2,)}),
    "group-normalization": (21, (1, 4, 3), "y = GroupNormalization<num_groups=2>(x, g, g)", {"g": (4,)}),
    "lp-normalization": (13, (1, 3, 4), "y = LpNormalization<axis=1, p=2>(x)", NO),
    "mean-variance": (13, (1, 3, 4, 2), "y = MeanVarianceNormalization<axes=[0,2,3]>(x)", NO),
    "batch-normalization": (14, (1, 2, 4), "y = BatchNormalization(x, g, g, g, g)", {"g": (2,)}),
    "matmul": (13, (1, 3, 4), "y = MatMul(x, m)", {"m": (4, 5)}),
    "matmul-left": (13, (2, 3, 4), "y = MatMul(m, x)", {"m": (5, 3)}),
    "matmul-vector": (13, (2, 3, 4), "y = MatMul(x, m)", {"m": (4,)}),
    "matmul-self": (13, (2, 3, 4), "t = Transpose<perm=[0,2,1]>(x) y = MatMul(x, t)", NO),
    "gemm": (13, (3, 4), "y = Gemm<transB=1>(x, m, c)", {"m": (5, 4), "c": (5,)}),
    "gemm-transposed": (13, (4, 3), "y = Gemm<transA=1>(x, m)", {"m": (4, 5)}),
    "einsum": (13, (2, 3, 4), 'y = Einsum<equation="bct,cd->bdt">(x, m)', {"m": (3, 5)}),
    "einsum-implicit": (13, (2, 3), 'y = Einsum<equation="ij,jk">(x, m)', {"m": (3, 4)}),
    "cumsum": (14, (1, 2, 5), "y = CumSum(x, a)", {"a": [2]}),
    "cumsum-exclusive": (14, (1, 2, 5), "y = CumSum<exclusive=1>(x, a)", {"a": [2]}),
    "cumsum-reverse": (14, (1, 2, 5), "y = CumSum<reverse=1>(x, a)", {"a": [-1]}),
    "relu": (13, (1, 2, 5), "y = Relu(x)", NO),
    "add-broadcast": (13, (1, 2, 5), "y = Add(x, b)", {"b": (3, 1, 1)}),
    "gate": (13, (1, 2, 5), "g = GlobalAveragePool(x) y = Mul(x, g)", NO),
    "clip": (13, (1, 2, 5), "y = Clip(x)", NO),
    "dropout": (13, (1, 2, 5), "y, z = Dropout(x)", NO),
    "prelu": (13, (1, 2, 5), "y = PRelu(x, s)", {"s": (2, 1)}),
    "shape-only": (13, (1, 2, 5), "s = Shape(x) o = ConstantOfShape(s) y = Add(x, o)", NO),
}

SCALES = ((5, 2.0), (4, 3.0), (7, 1.5), (9, 0.5))
COORDINATES = ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners")
MODES = {
    **{f"nearest-{to}": f'mode="nearest", nearest_mode="{to}"' for to in ("floor", "ceil")},
    **{f"nearest-prefer-{to}": f'mode="nearest", nearest_mode="round_prefer_{to}"' for to in ("floor", "ceil")},
    "linear": 'mode="linear"',
    "cubic": 'mode="cubic"',
}

RESIZES: dict[str, Case] = {
    f"resize-{mode}-{coordinates}-{length}-{scale}": (
        13,
        (1, 1, length, 1),
        f'y = Resize<{attributes}, coordinate_transformation_mode="{coordinates}">(x, , s)',
        {"s": [1.0, 1.0, scale, 1.0]},
    )
    for mode, attributes in MODES.items()
    for coordinates in COORDINATES
    for length, scale in SCALES
}

RESIZES |= {
    "upsample-attribute": (7, (1, 1, 4, 3), 'y = Upsample<mode="nearest", scales=[1.0,1.0,2.0,3.0]>(x)', NO),
    "upsample-input": (9, (1, 1, 4, 3), 'y = Upsample<mode="nearest">(x, s)', {"s": [1.0, 1.0, 2.0, 1.0]}),
    "upsample-linear": (9, (1, 1, 4, 3), 'y = Upsample<mode="linear">(x, s)', {"s": [1.0, 1.0, 2.0, 1.0]}),
    "resize-10": (10, (1, 1, 4, 3), 'y = Resize<mode="nearest">(x, s)', {"s": [1.0, 1.0, 2.5, 1.0]}),
    "resize-10-down": (10, (1, 1, 9, 3), 'y = Resize<mode="nearest">(x, s)', {"s": [1.0, 1.0, 0.5, 1.0]}),
    "resize-for-nn": (
        11,
        (1, 1, 5, 1),
        'y = Resize<nearest_mode="floor", coordinate_transformation_mode="tf_half_pixel_for_nn">(x, r, s)',
        {"r": np.zeros(0, np.float32), "s": [1.0, 1.0, 2.0, 1.0]},
    ),
    "resize-crop": (
        13,
        (1, 1, 9, 2),
        'y = Resize<mode="linear", coordinate_transformation_mode="tf_crop_and_resize">(x, r, , s)',
        {"r": [0.0, 0.0, 0.25, 0.0, 1.0, 1.0, 1.25, 1.0], "s": [1, 1, 5, 2]},
    ),
    "resize-sizes": (13, (1, 1, 7, 2), 'y = Resize<mode="linear">(x, , , s)', {"s": [1, 1, 10, 2]}),
    "resize-sizes-nearest": (13, (1, 1, 7, 2), 'y = Resize<mode="nearest">(x, , , s)', {"s": [1, 1, 10, 2]}),
    "resize-axes": (18, (1, 1, 7, 2), 'y = Resize<mode="nearest", axes=[2]>(x, , , s)', {"s": [3]}),
    "resize-not-larger": (
        18,
        (1, 1, 7, 4),
        'y = Resize<mode="nearest", axes=[2,3], keep_aspect_ratio_policy="not_larger">(x, , , s)',
        {"s": [14, 12]},
    ),
    "resize-symmetric": (
        19,
        (1, 1, 7, 2),
        'y = Resize<mode="linear", coordinate_transformation_mode="half_pixel_symmetric">(x, , s)',
        {"s": [1.0, 1.0, 1.25, 1.0]},
    ),
    "resize-antialias": (
        18,
        (1, 1, 9, 1),
        'y = Resize<mode="linear", antialias=1>(x, , s)',
        {"s": [1.0, 1.0, 0.5, 1.0]},
    ),
    "resize-cubic-outside": (
        13,
        (1, 1, 6, 4),
        'y = Resize<mode="cubic", exclude_outside=1, cubic_coeff_a=-0.5>(x, , s)',
        {"s": [1.0, 1.0, 2.0, 1.0]},
    ),
}

CASES = WINDOWS | MOVEMENT | WHOLE | RESIZES
