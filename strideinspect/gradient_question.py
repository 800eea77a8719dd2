"""`erf`: what the outputs really see, by gradients; the question that runs the model."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import structs

from strideinspect.errors import UsageError
from strideinspect.questions import analysis_of
from strideinspect.settings import InputShapes, InputValues, Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from strideinspect.analysis import Analysis
    from strideinspect.results.effective_field import EffectiveField
    from strideinspect.studies import averaged_gradients as study


def erf(
    path: str | os.PathLike[str],
    *,
    at: str | Sequence[str] | None = None,
    images: str | os.PathLike[str] | None = None,
    data: Sequence[str | os.PathLike[str] | NDArray[Any]] = (),
    seed: int = 0,
    count: int | None = None,
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
    input_shapes: InputShapes | None = None,
    input_values: InputValues | None = None,
    settings: Settings | None = None,
    layers: bool = False,
    progress: Callable[[str], None] | None = None,
) -> EffectiveField:
    """What a cell really sees: the gradient of its channels with respect to the inputs, with the weights of the file.

    The map of an input is the mean, over the inputs fed, of the absolute gradients of the sum of the cell's channels,
    added up over the input's channels. onnxruntime computes it, in a process of its own. Weights that the file lacks
    are drawn at random. On every run the gradient is checked against a derivative that the model's own nodes compute,
    and has to be zero outside the exact field.

    Args:
        path: The file.
        at: The cell: an index of a graph output, or of any other tensor, node or layer: `"logits:7,7"`. By default the
            middle one of the first output with a position; of a classifier, of the map that it pools; of a
            detector, of its first level. Of several, also of different tensors, the answer is that of the first, and
            the others are its `further`.
        images: A folder of images to feed: scaled to the input's size, cropped, from 0 to 1. Needs Pillow.
        data: Arrays of the input's shape to feed, or `.npy` files of them.
        seed: Of the noise that is fed without images and data, of random weights and of the checks.
        count: How many inputs to feed: by default 8 of noise, and all images.
        mean: What is subtracted from the pixels of images, one number or one per channel.
        std: What they are divided by afterwards.
        input_shapes: As of `inspect`.
        input_values: As of `inspect`.
        settings: What holds where an argument is None: its input shapes, input values and operators.
        layers: Whether to measure layers on the way as well, at most twelve (`EffectiveField.growth`).
        progress: Called with one line of text about each step.

    Returns:
        The map of every input with a position, with its numbers, and the checks.

    Raises:
        UnreadableModelError: The file is missing, is not an ONNX model, or is damaged.
        UnsupportedModelError: An operator on the way has no gradient, a check failed, or onnxruntime refuses the model.
        InputShapeError: A size cannot be used, or one is needed that is not given.
        InputValueError: A value does not fit the input that it is given for, or there is no such input.
        UsageError: There is no such cell, or nothing to feed.
    """
    if images is not None and data:
        raise UsageError("give either images or data, not both", "--images DIR, or --data x.npy")
    if images is None and (mean or std):
        raise UsageError("--mean and --std only work with --images", "leave them out, or name a folder of images")
    if count is not None and count < 1:
        raise UsageError(f"--count {count}: at least one input has to be fed", "leave it out to feed 8")
    if seed < 0:
        raise UsageError(f"--seed {seed}: a seed is a whole number, 0 or more", "write --seed 0")
    model, analysis = analysis_of(path, settings, input_shapes, input_values, partly=bool(at))
    from strideinspect.gradients.feeds import chosen
    from strideinspect.studies import averaged_gradients as study
    from strideinspect.studies.middle_cells import place_of

    folder = None if images is None else os.fspath(images)
    feeds = chosen(folder, data, (tuple(mean), tuple(std)), seed, count)
    wanted: Sequence[str | None] = [at] if at is None or isinstance(at, str) else at
    cells = dict.fromkeys(place_of(analysis, text) for text in wanted or [None])
    requests = [study.Request(cell, feeds, seed, progress or _nothing) for cell in cells]
    first, *others = [_effective(analysis, model, request, layers=layers) for request in requests]
    return structs.replace(first, further=tuple(others))


def _effective(analysis: Analysis, model: str, request: study.Request, *, layers: bool) -> EffectiveField:
    """The field of one cell; with `layers` those on the way to it, too."""
    from strideinspect.effective_outputs import measured
    from strideinspect.studies import effective_growth as growth

    field = measured(analysis, model, request)
    if not layers:
        return field
    places = growth.layers(analysis, request.at)
    found = [(depth, measured(analysis, model, structs.replace(request, at=at))) for depth, at in places]
    return structs.replace(field, growth=tuple(growth.steps(found)))


def _nothing(step: str) -> None:
    """What is told of a step where nobody asks."""
