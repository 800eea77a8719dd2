"""Elements moved, kept or repeated: the gradient is moved back, and added up where elements were repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, NoGradientError, constants_of, reverses


@reverses("Identity", "Dropout")
def kept(call: GradientCall) -> Mapping[int, Array]:
    """Dropout does nothing at inference."""
    return {0: call.gradient}


@reverses("Cast", "CastLike")
def converted(call: GradientCall) -> Mapping[int, Array]:
    """The same numbers in another type."""
    return {0: call.gradient}


@reverses("Reshape", "Flatten", "Squeeze", "Unsqueeze")
def reshaped(call: GradientCall) -> Mapping[int, Array]:
    """The same elements in the same order."""
    return {0: call.gradient.reshape(call.placed.shape(0))}


@reverses("Transpose")
def transposed(call: GradientCall) -> Mapping[int, Array]:
    """The axes in their old order."""
    rank = len(call.placed.shape(0))
    order = call.node.integers("perm") or tuple(reversed(range(rank)))
    return {0: call.gradient.transpose(np.argsort(order).tolist())}


@reverses("Expand")
def expanded(call: GradientCall) -> Mapping[int, Array]:
    """What was repeated is added up, as for any operand that is broadcast."""
    return {0: call.gradient}


@reverses("Tile")
def tiled(call: GradientCall) -> Mapping[int, Array]:
    """The repetitions become axes of their own, which are added up."""
    shape = call.placed.shape(0)
    repeats = [int(n) for n in constants_of(call, 1, "repeats")]
    apart = [number for pair in zip(repeats, shape, strict=True) for number in pair]
    return {0: call.gradient.reshape(tuple(apart)).sum(range(0, len(apart), 2)).reshape(shape)}


@reverses("SpaceToDepth")
def space_to_depth(call: GradientCall) -> Mapping[int, Array]:
    """Blocks become pixels again."""
    n, c, h, w = call.placed.shape(0)
    b = call.node.integer("blocksize", 1)
    return {0: _moved(call.gradient, (n, b, b, c, h // b, w // b), (0, 3, 4, 1, 5, 2), (n, c, h, w))}


@reverses("DepthToSpace")
def depth_to_space(call: GradientCall) -> Mapping[int, Array]:
    """Pixels become channels again."""
    n, c, h, w = call.placed.shape(0)
    b = call.node.integer("blocksize", 1)
    rows_first = call.node.text("mode", "DCR") == "DCR"
    order = (0, 3, 5, 1, 2, 4) if rows_first else (0, 1, 3, 5, 2, 4)
    return {0: _moved(call.gradient, (n, c // b // b, h, b, w, b), order, (n, c, h, w))}


def _moved(gradient: Array, apart: Sequence[int], order: Sequence[int], shape: Sequence[int]) -> Array:
    return gradient.reshape(tuple(apart)).transpose(order).reshape(tuple(shape))


@reverses("Loop", "Scan", "If", "SequenceMap")
def bodies(_call: GradientCall) -> Mapping[int, Array]:
    """What runs a body of its own is not followed."""
    raise NoGradientError("what a body of its own computes is not followed")
