"""`where`, `sizes`, `diff`: questions that are answered without running a model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import structs

from strideinspect import arguments
from strideinspect.errors import UsageError
from strideinspect.input_arguments import LONGEST_NUMBER
from strideinspect.limits import LONGEST_INPUT_AXIS
from strideinspect.processes.onnx_loading import load_onnx
from strideinspect.settings import InputShapes, InputValues, Settings, overridden

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.results.diff_result import Diff
    from strideinspect.results.sizes_result import Sizes
    from strideinspect.results.where_result import Where


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
    model, analysis = analysis_of(path, settings, input_shapes, input_values, partly=True)
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
    model, analysis = analysis_of(path, settings, input_shapes, input_values, partly=True)
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
    first, analysis = analysis_of(a, settings, input_shapes, input_values)
    second, other = analysis_of(b, settings, {}, input_values)
    from strideinspect.results.asked import Asked
    from strideinspect.studies import geometry_comparison as study

    asked = overridden(
        Settings() if settings is None else settings, input_shapes=input_shapes, input_values=input_values
    )
    given = Asked(asked.input_shapes, asked.input_values, asked.operators)
    return structs.replace(study.compare(analysis, other, (first, second)), asked=given)


def analysis_of(
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
