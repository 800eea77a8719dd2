"""`where`, `sizes`: questions about one model that are answered without running it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from strideinspect import arguments
from strideinspect.errors import UsageError
from strideinspect.settings import InputShapes, InputValues, Settings, overridden

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.results.where import Where


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
        raise UsageError("give either an index of an output or a pixel of an input", "--at OUTPUT:7,7 or --pixel 100,60")
    if source is not None and at is None:
        raise UsageError("--from only works with --at", "with --pixel, name the other tensor with --to")
    if to is not None and pixel is None:
        raise UsageError("--to only works with --pixel", "with --at, name the other tensor with --from")
    model, analysis = _analysed(path, settings, input_shapes, input_values)
    from strideinspect.studies import where as study

    if at is not None:
        return study.boxes(analysis, model, at, source)
    return study.cells(analysis, model, pixel or "", to)


def _analysed(
    path: str | os.PathLike[str],
    settings: Settings | None,
    input_shapes: InputShapes | None,
    input_values: InputValues | None,
) -> tuple[str, Analysis]:
    model = arguments.model(path)
    asked = overridden(
        Settings() if settings is None else settings, input_shapes=input_shapes, input_values=input_values
    )
    from strideinspect.studies.opening import analysed  # imports onnx and numpy

    return model, analysed(model, asked)
