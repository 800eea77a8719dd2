"""Sizes at which networks usually run: what to try for an axis that the file leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from strideinspect.model.open_sizes import OpenAxisRole

SQUARES: Final = (224, 256, 320, 640, 512, 384, 416, 448, 299, 227)
"""Heights and widths of images: of classifiers, detectors and segmentation; most are multiples of 32."""

SMALL_SQUARES: Final = (128, 96, 64, 32, 1024)
"""The same for what is tried last."""

LINES: Final = ((48, 320), (32, 320), (32, 100), (64, 256), (32, 128), (64, 512), (40, 200), (80, 128), (16, 64))
"""Heights and widths of text lines and of spectrograms."""

SPECTROGRAMS: Final = tuple(
    (frames, bands) for frames, numbers in ((100, (80, 81, 105, 128, 64, 40)), (3000, (80, 81))) for bands in numbers
)
"""Frames and bands of spectrograms without a batch: a second's and half a minute's, by the usual numbers of bands."""

CHUNKS: Final = (4096, 16000, 512, 576, 256, 480, 320, 160, 1024, 2048, 8000, 32000, 48000, 128, 100, 64, 32, 16, 8)
"""Lengths of signals: a second at usual rates, the chunks of voice-activity models, and short ones."""

VOLUMES: Final = (64, 32, 96, 128, 112, 16, 48, 160)
"""Edges of volumes, and frames of videos."""

BATCHES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""The first axis: usually a batch, sometimes time."""

KERNELS: Final = (3, 1, 5, 7, 2, 4)
"""Kernels that are inputs."""

LISTS: Final = (64, 512, 256, 4096, 1, 128, 1024, 16000, 576, 480, 320, 160, 32, 16, 8, 100, 768, 3, 2)
"""Axes that are no map's: features, tokens, signals without a channel axis."""

_OF_ROLE: Final[Mapping[OpenAxisRole, tuple[int, ...]]] = {
    OpenAxisRole.BATCH: BATCHES,
    OpenAxisRole.KERNEL: KERNELS,
    OpenAxisRole.OTHER: LISTS,
}


def alone(role: OpenAxisRole) -> tuple[int, ...]:
    """Sizes for one axis that is no map's; for channels those of images."""
    return _OF_ROLE.get(role, (3, 1))


def of_map(rank: int, number: int) -> tuple[tuple[int, ...], ...]:
    """Sizes for `number` open axes of a map, together, by the number of axes of the input."""
    if rank != 4:
        return tuple((size,) * number for size in (VOLUMES if rank == 5 else CHUNKS))
    squares, small = ([(size,) * number for size in sizes] for sizes in (SQUARES, SMALL_SQUARES))
    heights = dict.fromkeys((height,) for height, _ in LINES)
    lines: Mapping[int, Iterable[tuple[int, ...]]] = {1: heights, 2: LINES}
    return (*squares, *lines.get(number, ()), *small)
