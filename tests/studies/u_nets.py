"""U-Nets whose tilings and sizes are known."""

from __future__ import annotations

import numpy as np
import onnx

from tests.oracle_models import Constant, model_of


def far_sighted(kernel: int) -> Constant:
    """A 2-D kernel whose corners weigh most, so that the ends of a receptive field are felt through many layers."""
    weights = np.full((1, 1, kernel, kernel), 0.05, np.float32)
    weights[0, 0, :: kernel - 1, :: kernel - 1] = 0.25
    return weights


NEAREST = 'Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor">'


def unet(depth: int, size: int, *, channels_last: bool = False) -> onnx.ModelProto:
    """CSBDeep's U-Net with kernel 3 and pool 2: two convolutions a level, nearest upsampling, skips by Concat."""
    conv = "Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]>"
    constants: dict[str, Constant] = {"scales": [1.0, 1.0, 2.0, 2.0], "w": far_sighted(3)}
    constants["v"] = np.concatenate([np.asarray(far_sighted(3))] * 2, axis=1) / 2
    nodes, name = [], "x"
    if channels_last:
        nodes, name = ["t = Transpose <perm = [0, 3, 1, 2]> (x)"], "t"
    for level in range(depth + 1):
        nodes += [f"a{level} = {conv} ({name}, w)", f"b{level} = {conv} (a{level}, w)"]
        if level < depth:
            nodes.append(f"p{level} = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (b{level})")
            name = f"p{level}"
    name = f"b{depth}"
    for level in reversed(range(depth)):
        nodes += [
            f"u{level} = {NEAREST} ({name}, , scales)",
            f"j{level} = Concat <axis = 1> (b{level}, u{level})",
            f"c{level} = {conv} (j{level}, v)",
            f"d{level} = {conv} (c{level}, w)",
        ]
        name = f"d{level}"
    nodes.append(f"y = Transpose <perm = [0, 2, 3, 1]> ({name})" if channels_last else f"y = Identity ({name})")
    shape = (1, size, size, 1) if channels_last else (1, 1, size, size)
    return model_of("\n".join(nodes), {"x": shape}, constants=constants)


CONV3 = "Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]>"


def one_convolution_unet(depth: int, size: int) -> onnx.ModelProto:
    """A U-Net with one 3×3 convolution a level, MaxPool 2 and transposed convolutions of size 2 on the way up.

    By hand for depth 3, what cells 0 to 7 of the output depend on: d0 −1…8 of u0, d1 −2…5 of u1, d2 −2…3 of u2, the
    lowest convolution −2…2 of the map of stride 8, a2 −5…6 of the one of stride 4, a1 −11…14, a0 −23…30. That is 23
    pixels at both sides with tiles on the pooling grid.
    """
    constants: dict[str, Constant] = {"w": far_sighted(3), "t": np.full((1, 1, 2, 2), 0.5, np.float32)}
    constants["v"] = np.concatenate([np.asarray(far_sighted(3))] * 2, axis=1) / 2
    nodes, name = [], "x"
    for level in range(depth):
        nodes += [
            f"a{level} = {CONV3} ({name}, w)",
            f"p{level} = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (a{level})",
        ]
        name = f"p{level}"
    nodes.append(f"mid = {CONV3} ({name}, w)")
    name = "mid"
    for level in reversed(range(depth)):
        nodes += [
            f"u{level} = ConvTranspose <kernel_shape = [2, 2], strides = [2, 2]> ({name}, t)",
            f"j{level} = Concat <axis = 1> (a{level}, u{level})",
            f"d{level} = {CONV3} (j{level}, v)",
        ]
        name = f"d{level}"
    nodes.append(f"y = Identity ({name})")
    return model_of("\n".join(nodes), {"x": (1, 1, size, size)}, constants=constants)
