"""What the page shows of a photo: itself, and what the stages of the model make of it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence

from msgspec import Struct

from strideinspect import spelling
from strideinspect.report import number_text
from strideinspect.report.layout import printable
from strideinspect.results.pictures import Pictures
from strideinspect.results.report import Report
from strideinspect.results.rows import output_map


class StageView(Struct, frozen=True):
    """What a layer made of a photo: its number, name and window, and numbers and addresses of pictures of channels."""

    number: int
    title: str
    window: str
    channels: Sequence[tuple[int, str]]


class PhotoView(Struct, frozen=True):
    """A photo that drawings refer to: the id of its element, the input, its address, and the size of the input."""

    id: str
    input: str
    address: str
    wide: int
    high: int


def stages(pictures: Pictures, report: Report, names: Mapping[str, str]) -> list[StageView]:
    """The feature maps of a photo; `names` are those of window nodes by their output."""
    windows = {node.output: (number, node) for number, node in enumerate(report.nodes)}
    found = []
    for stage in pictures.stages:
        number, node = windows[stage.node]
        window = f"{number_text.window(node)} → {spelling.shape_text(output_map(node))}"
        channels = [(channel, data_address("image/png", picture)) for channel, picture in stage.channels]
        found.append(StageView(number, printable(names[stage.node]), window, channels))
    return found


def photos(pictures: Pictures, report: Report, key: str) -> list[PhotoView]:
    """The photo, if there is one; `key` begins the ids of the model's elements."""
    return [
        PhotoView(f"{key}-photo", given.name, data_address("image/jpeg", pictures.photo), wide, high)
        for given in report.inputs
        if pictures.photo and given.name == pictures.input
        for high, wide in [[given.shape[axis] for axis in given.spatial_axes]]
    ]


def data_address(kind: str, file: bytes) -> str:
    """A file as an address that holds it."""
    return f"data:{kind};base64,{b64encode(file).decode()}"
