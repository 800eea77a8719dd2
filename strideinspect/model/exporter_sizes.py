"""The input size that an exporter wrote into the metadata of the file.

Source: Ultralytics writes `imgsz`, "[640, 640]" (height, width); other exporters use similar keys.
"""

from __future__ import annotations

import re

import onnx

_KEYS = ("imgsz", "img_size", "image_size", "input_size", "input_shape", "input_dims")
_NUMBERS = r"[\[(]?\s*\d{1,6}(?:\s*[,x×\s]\s*\d{1,6})*\s*[\])]?"  # `re` compiles it where it is needed


def written_size(proto: onnx.ModelProto) -> tuple[int, ...]:
    """The numbers under the first key that holds a size, as they stand there; empty where there is none."""
    entries = {entry.key.lower().replace("-", "_"): entry.value.strip() for entry in proto.metadata_props}
    for key in _KEYS:
        value = entries.get(key, "")
        if value and re.fullmatch(_NUMBERS, value):
            return tuple(map(int, re.findall(r"\d+", value)))
    return ()


def size_of_axis(written: tuple[int, ...], rank: int, map_axes: tuple[int, ...], axis: int) -> int | None:
    """The size of an axis of an input of this rank, if the numbers give one.

    One number is meant for every axis of the map, as many as the map has axes for these, as many as the input has axes
    for all.
    """
    if axis in map_axes and len(written) == 1:
        return written[0] or None
    if axis in map_axes and len(written) == len(map_axes):
        return written[map_axes.index(axis)] or None
    return written[axis] or None if len(written) == rank else None
