"""A photo on the report page: under the boxes, and as what the stages of the model make of it. It needs Pillow."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from strideinspect.errors import UsageError
from strideinspect.processes.pool import Pool
from strideinspect.results.pictures import Pictures, StageMaps

if TYPE_CHECKING:
    from pathlib import Path

    from strideinspect.results.report import Input, Report, WindowNode

LONGEST_SIDE = 480
"""Pixels of the longer side of the photo on the page."""

LARGEST_MAP = 128
"""Pixels of the longer side of a feature map on the page."""

MOST_STAGES = 8

SECONDS = 120
"""A model that takes longer for one picture shows none of its maps."""

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, per channel of RGB: what most published networks for pictures are trained with."""


def check(photo: Path) -> None:
    """Raise UsageError where Pillow is missing or the photo cannot be read, before anything is inspected."""
    _opened(photo, "RGB")


def _opened(photo: Path, mode: str) -> Any:  # noqa: ANN401  # Pillow's image
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise UsageError("--image needs Pillow", "pip install 'strideinspect[page]'") from error
    try:
        with Image.open(photo) as image:
            return image.convert(mode)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        # the system's errors have a number, Pillow's have none
        problem = (error.strerror if isinstance(error, OSError) else None) or error
        raise UsageError(f"cannot read the image {photo}: {problem}", "give a JPEG or PNG file") from error


class Prepared(Struct, frozen=True):
    """A photo as a model is fed it: the input, its numbers in that input's layout, how they were made, and a JPEG."""

    input: Input
    numbers: np.ndarray
    fed: str
    file: bytes


def prepared(report: Report, photo: Path, bytewise: Collection[str] = ()) -> Prepared | None:
    """The photo at the proportions of the first input that takes one; None where none does.

    `bytewise` names inputs of bytes, which are fed the pixels as they are.
    """
    given = next((i for i in report.inputs if _channels_of(i) in {1, 3}), None)
    if given is None:
        return None
    from PIL import ImageOps

    high, wide = (given.shape[axis] for axis in given.spatial_axes)
    image = ImageOps.fit(_opened(photo, "RGB" if _channels_of(given) == 3 else "L"), (wide, high))
    shown = image.copy()
    shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    file = io.BytesIO()
    shown.save(file, "JPEG", quality=82)
    return Prepared(given, *_numbers(np.asarray(image), given, scaled=given.name not in bytewise), file.getvalue())


def pictures(report: Report, path: str, photo: Prepared | None, values: Mapping[str, object]) -> Pictures:
    """The photo, and the feature maps of the ladder's stages."""
    if photo is None:
        return Pictures(reason="no input of this model takes a picture of one or three channels")
    try:
        stages, reason = _stages(report, path, photo, values), ""
    except Exception as error:  # noqa: BLE001  # onnxruntime's errors share no base class; the page shows the rest
        stages, reason = (), f"the model does not run on it: {str(error).splitlines()[0]}"
    if not stages and not reason:
        reason = "all feature maps are constant: the file has no trained weights"
    return Pictures(photo.input.name, photo.file, stages, photo.fed, reason)


def _channels_of(given: Input) -> int:
    """Channels of an input with two spatial axes and a batch of one; 0 for another."""
    if len(given.spatial_axes) != 2 or len(given.shape) != 4 or given.shape[0] != 1:
        return 0
    (axis,) = {1, 2, 3} - {*given.spatial_axes}
    return given.shape[axis]


def _numbers(pixels: np.ndarray, given: Input, *, scaled: bool) -> tuple[np.ndarray, str]:
    """The pixels in the input's layout, and how they were scaled."""
    values = pixels.reshape(*pixels.shape[:2], -1)
    fed = "RGB" if pixels.ndim == 3 else "gray values"
    if scaled:
        values, fed = values.astype(np.float32) / 255, f"{fed} scaled to 0…1"
        if pixels.ndim == 3:
            values = ((values - np.array(_MEAN)) / np.array(_DEVIATION)).astype(np.float32)
            fed = f"{fed}, then by ImageNet's mean and deviation per channel"
    else:
        fed = f"{fed} from 0 to 255"
    row, column = given.spatial_axes
    (channel,) = {1, 2, 3} - {row, column}
    return np.moveaxis(values[None], (1, 2, 3), (row, column, channel)), fed


def _stages(report: Report, path: str, photo: Prepared, values: Mapping[str, object]) -> tuple[StageMaps, ...]:
    from strideinspect.verify.feature_maps import feature_maps
    from strideinspect.verify.messages import RunModel

    nodes = _nodes(report, photo.input)
    if not nodes:
        return ()
    sizes = {i.name: i.shape for i in report.inputs if i.value is None}
    request = RunModel(path, sizes, dict(values))
    with Pool(1) as pool:
        axes = {node.output: node.spatial_axes for node in nodes}
        found = pool.submit(feature_maps, request, axes, photo.input.name, photo.numbers).result(SECONDS)
    return tuple(StageMaps(name, tuple((n, _png(m)) for n, m in channels)) for name, channels in found.items())


def _nodes(report: Report, given: Input) -> list[WindowNode]:
    """The window with the largest kernel of each stage on the way to the output, as long as there is a map."""
    windows = {node.output: node for node in report.nodes}
    chosen = [
        max((windows[output] for output in step.nodes), key=lambda node: node.kernel)
        for step in report.ladder
        if step.input == given.name and step.branch == 0 and step.nodes and max(step.size) > 1
    ]
    return chosen[:MOST_STAGES]


def _png(values: np.ndarray) -> bytes:
    from PIL import Image

    least, most = float(values.min()), float(values.max())
    image = Image.fromarray(np.uint8((values - least) / (most - least) * 255))
    image.thumbnail((LARGEST_MAP, LARGEST_MAP))
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()
