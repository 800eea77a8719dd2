"""What a model is fed to see how it sees: noise, images of a folder, or arrays."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import onnx
from msgspec import Struct, structs
from numpy.typing import NDArray

from strideinspect.errors import UsageError
from strideinspect.model.node import Shape
from strideinspect.spelling import shape_text

DEFAULT_COUNT: Final = 8
"""Inputs of noise that are fed."""

Arrays = dict[str, NDArray[Any]]
Inputs = Mapping[str, tuple[Shape, int]]

_SUFFIXES: Final = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})


class Feeds(Struct, frozen=True):
    """A number of feeds, made one after the other; `source` is what they are, `number` how many."""

    source: str
    number: int
    make: Callable[[int], Arrays]


class Preparation(Struct, frozen=True):
    """What becomes of the pixels of a photo, from 0 to 1: minus the mean, over the deviation, per channel."""

    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()


def noise(inputs: Inputs, seed: int, count: int) -> Feeds:
    """Normal noise for every input; any byte for inputs of bytes, zeros for other integers, which may be indices."""

    def make(number: int) -> Arrays:
        random = np.random.default_rng([seed, 0, number])
        return {name: _noise(random, shape, kind) for name, (shape, kind) in inputs.items()}

    return Feeds("noise", count, make)


def _noise(random: np.random.Generator, shape: Shape, kind: int) -> NDArray[Any]:
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind)
    if dtype.kind in "iu" and dtype.itemsize == 1:
        return random.integers(0, 256, shape, np.uint8).view(dtype)
    if dtype.kind in "biu":
        return np.zeros(shape, dtype)
    if dtype.kind == "O":
        return np.full(shape, "", dtype)
    return random.standard_normal(shape, np.float32)


def arrays(inputs: Inputs, source: str, given: Sequence[NDArray[Any]], seed: int) -> Feeds:
    """These arrays for one input, noise for the others. Raises UsageError for one of another shape."""
    shape, kind = inputs[source]
    fitted = [_fitted(array, shape, source) for array in given]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind)
    others = noise({name: value for name, value in inputs.items() if name != source}, seed, len(given))
    return Feeds(
        "data",
        len(given),
        lambda number: {
            **others.make(number),
            source: fitted[number].astype(np.float32 if dtype.kind not in "iu" else dtype),
        },
    )


def _fitted(array: NDArray[Any], shape: Shape, name: str) -> NDArray[Any]:
    if array.shape == shape[1:]:
        array = array[None]
    if array.shape[1:] == shape[1:] and array.shape[:1] == (1,):
        return np.repeat(array, shape[0], 0)
    if array.shape != shape or array.dtype.kind not in "biuf":
        raise UsageError(
            f"--data: an array of shape {shape_text(array.shape)} and type {array.dtype} does not fit input {name!r}",
            f"give numbers of shape {shape_text(shape)}",
        )
    return array


def images(
    inputs: Inputs,
    source: str,
    axes: tuple[int, ...],
    folder: str,
    preparation: Preparation,
    seed: int,
    count: int | None,
) -> Feeds:
    """The images of a folder, in the order of their names, for one input; noise for the others.

    Each is scaled so that its shorter side fits, and cropped in the middle. Raises UsageError.
    """
    shape, kind = inputs[source]
    channel = _channel_axis(shape, axes, source)
    files = _files(folder)[:count]
    _check(preparation, shape[channel])
    opened = _pillow()
    deviation = np.array(preparation.deviation or (1,), np.float32)
    others = noise({name: value for name, value in inputs.items() if name != source}, seed, len(files))

    def make(number: int) -> Arrays:
        size = (shape[axes[0]], shape[axes[1]])
        pixels = _pixels(opened, files[number], size, shape[channel])
        if onnx.helper.tensor_dtype_to_np_dtype(kind).kind in "iu":
            ready = pixels.astype(onnx.helper.tensor_dtype_to_np_dtype(kind))
        else:
            ready = pixels.astype(np.float32) / 255
            ready = (ready - np.array(preparation.mean or (0,), np.float32)) / deviation
        image = ready if channel == len(shape) - 1 else np.moveaxis(ready, -1, 0)
        return {**others.make(number), source: np.repeat(image[None], shape[0], 0).astype(ready.dtype)}

    return Feeds("images", len(files), make)


def image(source: str, numbers: NDArray[Any]) -> Callable[[Inputs, Mapping[str, tuple[int, ...]]], Feeds]:
    """One image as an array for one input, noise for the others."""

    def feeds(inputs: Inputs, _: Mapping[str, tuple[int, ...]]) -> Feeds:
        if source not in inputs:
            return noise(inputs, 0, 1)
        return structs.replace(arrays(inputs, source, [numbers], 0), source="images")

    return feeds


def _channel_axis(shape: Shape, axes: tuple[int, ...], name: str) -> int:
    rest = [axis for axis in range(1, len(shape)) if axis not in axes]
    if len(axes) != 2 or len(rest) != 1 or rest[0] not in {1, len(shape) - 1} or shape[rest[0]] not in {1, 3}:
        raise UsageError(
            f"--images: input {name!r} is {shape_text(shape)}, which is not an image of 1 or 3 channels",
            "prepare arrays and give them with --data",
        )
    return rest[0]


def _check(preparation: Preparation, channels: int) -> None:
    for option, numbers in (("--mean", preparation.mean), ("--std", preparation.deviation)):
        if numbers and len(numbers) not in {1, channels}:
            raise UsageError(f"{option} gives {len(numbers)} numbers for {channels} channels", "give one, or one each")


def _files(folder: str) -> list[Path]:
    if not Path(folder).is_dir():
        raise UsageError(f"--images {folder}: there is no such folder", "name a folder of images")
    files = sorted(file for file in Path(folder).iterdir() if file.suffix.lower() in _SUFFIXES)
    if not files:
        raise UsageError(f"--images {folder}: there is no image in it", f"it takes {', '.join(sorted(_SUFFIXES))}")
    return files


def _pillow() -> Any:  # noqa: ANN401  # a module that may be missing
    try:
        from PIL import Image
    except ImportError:
        raise UsageError("--images needs Pillow", "pip install 'strideinspect[erf]'") from None
    return Image


def _pixels(opened: Any, file: Path, size: tuple[int, int], channels: int) -> NDArray[np.uint8]:  # noqa: ANN401
    """The image in this size as bytes, with channels last."""
    try:
        with opened.open(file) as image:
            plain = image.convert("RGB" if channels == 3 else "L")
    except OSError as error:
        raise UsageError(f"--images: {file} cannot be read as an image: {error}", "remove it from the folder") from None
    scale = max(size[0] / plain.height, size[1] / plain.width)
    wide, high = max(size[1], round(plain.width * scale)), max(size[0], round(plain.height * scale))
    left, top = (wide - size[1]) // 2, (high - size[0]) // 2
    scaled = plain.resize((wide, high), opened.Resampling.BILINEAR)
    cropped = scaled.crop((left, top, left + size[1], top + size[0]))
    return np.asarray(cropped, np.uint8).reshape(*size, channels)


def chosen(
    folder: str | None,
    data: Sequence[str | os.PathLike[str] | NDArray[Any]],
    preparation: tuple[tuple[float, ...], tuple[float, ...]],
    seed: int,
    count: int | None,
) -> Callable[[Inputs, Mapping[str, tuple[int, ...]]], Feeds]:
    """What the user asks to feed, to be made once the inputs and their spatial axes are known.

    Images and arrays are for the first input with spatial axes. Raises UsageError.
    """

    def feeds(inputs: Inputs, axes: Mapping[str, tuple[int, ...]]) -> Feeds:
        if folder is None and not data:
            return noise(inputs, seed, count or DEFAULT_COUNT)
        source = next(name for name in inputs if axes.get(name))
        if folder is not None:
            return images(inputs, source, axes[source], folder, Preparation(*preparation), seed, count)
        return arrays(inputs, source, loaded[:count], seed)

    loaded = [_loaded(one) for one in data]
    return feeds


def _loaded(given: str | os.PathLike[str] | NDArray[Any]) -> NDArray[Any]:
    if isinstance(given, np.ndarray):
        return given
    name = os.fspath(given)
    try:
        found = np.load(name, allow_pickle=False)
    except FileNotFoundError:
        raise UsageError(f"--data {name}: there is no such file", "give a file that numpy.save wrote") from None
    except OSError as error:
        # numpy's own error for what is no archive has no number of the system and no words for it
        problem = f"cannot be read: {error.strerror}" if error.strerror else "is not an array of numpy"
        raise UsageError(f"--data {name}: {problem}", "give a file that numpy.save wrote") from None
    except (ValueError, EOFError, BadZipFile):
        raise UsageError(f"--data {name}: is not an array of numpy", "give a file that numpy.save wrote") from None
    if not isinstance(found, np.ndarray):
        raise UsageError(f"--data {name}: holds several arrays", "give a file that numpy.save wrote")
    return found
