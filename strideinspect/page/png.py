"""Pictures of few colours as PNG files, written here so that the page needs no library for them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity, each from 0 to 255."""


def png(pixels: NDArray[np.uint8], palette: Sequence[Colour]) -> bytes:
    """The file of a picture, given by the number of each pixel's colour (rows × columns)."""
    high, wide = pixels.shape
    header = struct.pack(">IIBBBBB", wide, high, 8, 3, 0, 0, 0)  # 8 bits a pixel, colours by their numbers
    rows = np.pad(pixels, ((0, 0), (1, 0)))  # each row begins with the number of its filter: none
    parts = (
        (b"IHDR", header),
        (b"PLTE", bytes(part for colour in palette for part in colour[:3])),
        (b"tRNS", bytes(colour[3] for colour in palette)),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
