"""`where`, `sizes`, `diff`: questions that are answered without running a model; `erf`, which runs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from strideinspect import arguments
from strideinspect.errors import UsageError
from strideinspect.input_arguments import LONGEST_NUMBER
from strideinspect.limits import LONGEST_INPUT_AXIS
from strideinspect.processes.onnx_loading import load_onnx
from strideinspect.settings import InputShapes, InputValues, Settings, overridden

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from strideinspect.analysis import Analysis
    from strideinspect.results.diff_result import Diff
    from strideinspect.results.effective_field import EffectiveField
    from strideinspect.results.sizes_result import Sizes
    from strideinspect.results.where_result import Where
    from strideinspect.studies import averaged_gradients as study


def sizes(
    path: str | os.PathLike[str],
    *,
    near: int | str | Sequence[int] | None = None,
    range: str | tuple[int, int] | None = None,
    input_shapes: InputShapes | None = None,
    input_values: InputValues | None = None,
    settings: Settings | None = None,
) -> Sizes:
    """Which sizes of the spatial axes run, see every pixel, drop none and keep branches aligned.

    Sizes of two periods of the effective strides are judged one by one; where the second repeats the first, further
    sizes follow from the rule.

    Args:
        path: The file.
        near: The present size of the spatial axes: one number for all, or one each. By default the one of the file.
        range: First and last size of a range to list one by one: `(192, 320)` or `"192:320"`.
        input_shapes: As of `inspect`.
        input_values: As of `inspect`.
        settings: What holds where an argument is None: its input shapes, input values and operators.

    Returns:
        Rules for every spatial axis of every graph input.

    Raises:
        UnreadableModelError: The file is missing, is not an ONNX model, or is damaged.
        UnsupportedModelError: The model is well-formed, but cannot be inspected.
        InputShapeError: A size cannot be used, or one is needed that is not given.
        InputValueError: A value does not fit the input that it is given for, or there is no such input.
        UsageError: No window slides over an input; `near` or `range` cannot be used.
    """
    within = None if range is None else _range(range)
    wanted = () if near is None else _numbers(near)
    model, analysis = _analysed(path, settings, input_shapes, input_values, partly=True)
    from strideinspect.studies import model_sizes as study
    from strideinspect.studies.opening import refuse_stopped

    if wanted:
        analysis = _at(analysis, wanted)
        refuse_stopped(analysis, model, early=True)
    return study.model_sizes(analysis, model, within)


def _range(given: str | tuple[int, int]) -> tuple[int, int]:
    texts = given.split(":") if isinstance(given, str) else list(map(str, given))
    if len(texts) != 2 or not all(text.strip().isdecimal() and len(text) < LONGEST_NUMBER for text in texts):
        raise UsageError(f"--range {given}: not a range of sizes", "write --range 192:320")
    return int(texts[0]), int(texts[1])


def _numbers(given: int | str | Sequence[int]) -> tuple[int, ...]:
    texts = given.split(",") if isinstance(given, str) else map(str, [given] if isinstance(given, int) else given)
    numbers = [int(text) if text.strip().isdecimal() and len(text) < LONGEST_NUMBER else 0 for text in texts]
    if not all(numbers):
        raise UsageError(
            f"--near {given}: not a size", "write --near 224, or a number per spatial axis: --near 224,320"
        )
    return tuple(numbers)


def _at(analysis: Analysis, near: tuple[int, ...]) -> Analysis:
    """The analysis with these sizes of the spatial axes."""
    shapes = {}
    for name, axes in analysis.spatial_axes.items():
        if len(near) not in {1, len(axes)} and axes:
            wrong = f"--near gives {len(near)} sizes, and {name} has {len(axes)} spatial axes"
            raise UsageError(wrong, "give one for all, or one each")
        at = dict(zip(axes, tuple(near) * len(axes) if len(near) == 1 else near, strict=False))
        shapes[name] = tuple(at.get(axis, size) for axis, size in enumerate(analysis.sizes[name]))
        if max(shapes[name], default=0) > LONGEST_INPUT_AXIS:
            raise UsageError(f"--near {max(near)} is too large", f"give at most {LONGEST_INPUT_AXIS}")
    return analysis.at(shapes)


def where(
    path: str | os.PathLike[str],
    *,
    at: str | None = None,
    pixel: str | None = None,
    source: str | None = None,
    to: str | None = None,
    input_shapes: InputShapes | None = None,
    input_values: InputValues | None = None,
    settings: Settings | None = None,
) -> Where:
    """Which pixels an index depends on (`at`), or which indices depend on a pixel (`pixel`).

    Args:
        path: The file.
        at: An index of a graph output, or of any other tensor, node or layer: `"logits:7,7"`, one number per axis on
            which its position runs. The name may be left out where only one output has a position.
        pixel: A pixel of a graph input, or an index of any other tensor: `"image:100,60"`.
        source: With `at`: the tensor whose indices are given instead of those of the graph inputs.
        to: With `pixel`: the tensor whose indices are given instead of those of the graph outputs.
        input_shapes: As of `inspect`.
        input_values: As of `inspect`.
        settings: What holds where an argument is None: its input shapes, input values and operators.

    Returns:
        The boxes of the index, or the cells of the pixel. Fields are local, and actual: only what exists at this size.

    Raises:
        UnreadableModelError: The file is missing, is not an ONNX model, or is damaged.
        UnsupportedModelError: The model is well-formed, but cannot be inspected.
        InputShapeError: A size cannot be used, or one is needed that is not given.
        InputValueError: A value does not fit the input that it is given for, or there is no such input.
        UsageError: There is no such tensor or index, or both or neither of `at` and `pixel` are given.
    """
    if (at is None) == (pixel is None):
        raise UsageError(
            "give either an index of an output or a pixel of an input", "--at OUTPUT:7,7 or --pixel 100,60"
        )
    if source is not None and at is None:
        raise UsageError("--from only works with --at", "with --pixel, name the other tensor with --to")
    if to is not None and pixel is None:
        raise UsageError("--to only works with --pixel", "with --at, name the other tensor with --from")
    model, analysis = _analysed(path, settings, input_shapes, input_values, partly=True)
    from strideinspect.studies import boxes_and_cells as study

    if at is not None:
        return study.boxes(analysis, model, at, source)
    return study.cells(analysis, model, pixel or "", to)


def diff(
    a: str | os.PathLike[str],
    b: str | os.PathLike[str],
    *,
    input_shapes: InputShapes | None = None,
    input_values: InputValues | None = None,
    settings: Settings | None = None,
) -> Diff:
    """Whether two models have the same geometry, the first place where they part, and how far their outputs lie apart.

    Window nodes are matched along the two graphs, so that exports by different tools, and simplified, quantised and
    fused versions of one network are compared layer by layer. Channels and weights are not compared.

    Args:
        a: The first file.
        b: The second file, which is looked at at the input size of the first one, if it runs there.
        input_shapes: As of `inspect`, of the first file.
        input_values: As of `inspect`, of both files.
        settings: What holds where an argument is None: its input shapes, input values and operators.

    Returns:
        The matched windows and outputs with their differences.

    Raises:
        UnreadableModelError: A file is missing, is not an ONNX model, or is damaged.
        UnsupportedModelError: A model is well-formed, but cannot be inspected.
        InputShapeError: A size cannot be used, or one is needed that is not given.
        InputValueError: A value does not fit the input that it is given for, or there is no such input.
    """
    first, analysis = _analysed(a, settings, input_shapes, input_values)
    second, other = _analysed(b, settings, {}, input_values)
    from strideinspect.results.asked import Asked
    from strideinspect.studies import geometry_comparison as study

    asked = overridden(
        Settings() if settings is None else settings, input_shapes=input_shapes, input_values=input_values
    )
    given = Asked(asked.input_shapes, asked.input_values, asked.operators)
    return study.compare(analysis, other, (first, second))._replace(asked=given)


def _analysed(
    path: str | os.PathLike[str],
    settings: Settings | None,
    input_shapes: InputShapes | None,
    input_values: InputValues | None,
    *,
    partly: bool = False,
) -> tuple[str, Analysis]:
    """The file and its analysis; with `partly` also at a size at which only its first nodes run."""
    model = arguments.model(path)
    asked = overridden(
        Settings() if settings is None else settings, input_shapes=input_shapes, input_values=input_values
    )
    load_onnx()
    from strideinspect.studies.opening import analysed, refuse_stopped

    analysis = analysed(model, asked)
    refuse_stopped(analysis, model, early=partly)
    return model, analysis


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
    model, analysis = _analysed(path, settings, input_shapes, input_values, partly=bool(at))
    from strideinspect.gradients.feeds import chosen
    from strideinspect.studies import averaged_gradients as study
    from strideinspect.studies.middle_cells import place_of

    folder = None if images is None else os.fspath(images)
    feeds = chosen(folder, data, (tuple(mean), tuple(std)), seed, count)
    wanted: Sequence[str | None] = [at] if at is None or isinstance(at, str) else at
    cells = dict.fromkeys(place_of(analysis, text) for text in wanted or [None])
    requests = [study.Request(cell, feeds, seed, progress or _nothing) for cell in cells]
    first, *others = [_effective(analysis, model, request, layers=layers) for request in requests]
    return replace(first, further=tuple(others))


def _effective(analysis: Analysis, model: str, request: study.Request, *, layers: bool) -> EffectiveField:
    """The field of one cell; with `layers` those on the way to it, too."""
    from strideinspect.effective_outputs import measured
    from strideinspect.studies import effective_growth as growth

    field = measured(analysis, model, request)
    if not layers:
        return field
    places = growth.layers(analysis, request.at)
    found = [(depth, measured(analysis, model, request._replace(at=at))) for depth, at in places]
    return replace(field, growth=tuple(growth.steps(found)))


def _nothing(step: str) -> None:
    """What is told of a step where nobody asks."""
