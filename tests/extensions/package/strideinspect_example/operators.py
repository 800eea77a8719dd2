"""BlurPool of the domain example.vision: a 3×3 blur with stride 2 and padding 1, channel by channel."""

from __future__ import annotations

from strideinspect.extend import PlacedNode, Read, Sliding, output_shape, reads

KERNEL, STRIDE, PADDING = 3, 2, 1


@output_shape("BlurPool", domain="example.vision")
def blurred_shape(placed: PlacedNode) -> tuple[tuple[int, ...], ...]:
    """[N, C, H, W] becomes [N, C, ⌈H/2⌉, ⌈W/2⌉]."""
    batch, channels, *spatial = placed.shape(0)
    return ((batch, channels, *((length + 2 * PADDING - KERNEL) // STRIDE + 1 for length in spatial)),)


@reads("BlurPool", domain="example.vision")
def blur_pool(placed: PlacedNode) -> tuple[Read, ...]:
    """One window along each spatial axis; output index o reads the input indices 2·o − 1 to 2·o + 1."""
    before, after = placed.shape(0), placed.output_shape()
    windows = tuple(
        Sliding(axis, KERNEL, STRIDE, 1, PADDING, before[axis], after[axis]) for axis in range(2, len(before))
    )
    return (Read(0, 0, windows),)
