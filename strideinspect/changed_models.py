"""`whatif` and `fix`: a model that is changed in memory, and saved on request."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from strideinspect import arguments
from strideinspect.processes.onnx_loading import load_onnx
from strideinspect.settings import InputShapes, InputValues, Settings, overridden

if TYPE_CHECKING:
    from strideinspect.edited_analysis import EditedModel, InspectedModel
    from strideinspect.results.fixed import Fixed
    from strideinspect.results.whatif_result import WhatIf


def whatif(
    path: str | os.PathLike[str],
    changes: str | Sequence[str],
    *,
    keep_field: bool = False,
    save: str | os.PathLike[str] | None = None,
    input_shapes: InputShapes | None = None,
    input_values: InputValues | None = None,
    settings: Settings | None = None,
) -> WhatIf:
    """What a change of strides, dilations, padding, kernels or `ceil_mode` does to a model.

    Args:
        path: The file, which is not changed.
        changes: A pattern (fnmatch) of layers, nodes or tensors, and what to set there: `"layer4*:stride=1"`,
            `"*conv1:kernel=3x5,padding=1/2"`. A value per axis is written 3x5, padding before and after 1/2. Layers in
            which a part does not occur are left as they are.
        keep_field: Also dilate and pad the layers behind a smaller stride, so that every receptive field stays as it
            is: the dilated twin.
        save: A file to write the changed model to, with its weights byte for byte as they are.
        input_shapes: As of `inspect`.
        input_values: As of `inspect`.
        settings: What holds where an argument is None: its input shapes, input values, operators and rules.

    Returns:
        The changes, and what is known of the model before and after them at the same input size.

    Raises:
        UnreadableModelError: The file is missing, is not an ONNX model, or is damaged.
        UnsupportedModelError: The model cannot be inspected, or a change cannot be saved: a kernel of another size has
            no weights, and nodes in local functions, loops and branches are not written.
        InputShapeError: A size cannot be used, or one is needed that is not given.
        InputValueError: A value does not fit the input that it is given for, or there is no such input.
        UsageError: A change cannot be read, no layer is meant by it, or it cannot be made; `save` cannot be written.
    """
    asked = overridden(
        Settings() if settings is None else settings, input_shapes=input_shapes, input_values=input_values
    )
    return versions(path, changes, asked, keep_field=keep_field, save=save).found


class Versions(Struct, frozen=True):
    """What a change does, and the model before and after it."""

    found: WhatIf
    before: InspectedModel
    after: EditedModel


def versions(
    path: str | os.PathLike[str],
    changes: str | Sequence[str],
    asked: Settings,
    *,
    keep_field: bool = False,
    save: str | os.PathLike[str] | None = None,
) -> Versions:
    """As `whatif`, with both versions."""
    model = arguments.model(path)
    texts = arguments.texts(changes, "changes", '["layer4*:stride=1"]')
    target = None if save is None else arguments.path(save, "save")
    load_onnx()
    from strideinspect.edit import assignments, dilated_twin, splice, window_changes
    from strideinspect.edit.edits import editable
    from strideinspect.edited_analysis import EditedModel, broken, inspected, summary
    from strideinspect.results.asked import Asked
    from strideinspect.results.whatif_result import WhatIf
    from strideinspect.studies.opening import stopped

    wanted = [assignment for text in texts for assignment in assignments.parsed(text)]
    before = inspected(model, asked)
    changed = window_changes.assigned(before.analysis, wanted)
    if keep_field:
        changed = dilated_twin.dilated(before.analysis, changed)
    edits = window_changes.edits(before.analysis, changed, editable(before.model))
    after = EditedModel.of(before, edits, asked)
    if target is not None:
        splice.write(before.model, target, edits, after.declarations)
    found = WhatIf(
        path=model,
        changes=window_changes.changes(before.analysis, changed),
        before=summary(before.report),
        after=summary(after.report),
        broken=broken(before.analysis, after.analysis),
        saved=target,
        refused=None if target is None else refusal(target, after.analysis.sizes, asked),
        stopped=stopped(before.analysis),
        asked=Asked(asked.input_shapes, asked.input_values, asked.operators, tuple(texts), keep_field),
    )
    return Versions(found, before, after)


def refusal(path: str, sizes: dict[str, tuple[int, ...]], settings: Settings) -> str | None:
    """Why onnxruntime does not run a file at this size, with the values that were given for its inputs."""
    from strideinspect.verify.client import Verifier

    with Verifier(path, timeout=settings.verify_timeout, values=settings.input_values) as verifier:
        return verifier.refusal(sizes)


def fix(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    unsafe_fixes: bool = False,
    input_shapes: InputShapes | None = None,
    input_values: InputValues | None = None,
    settings: Settings | None = None,
) -> Fixed:
    """Mend what can be mended without training, and write the model: its weights byte for byte as they are.

    Safe fixes leave every bit of every output as it was, which is proven by running both models: what no output depends
    on is cropped, `auto_pad` is written as pads. A safe fix that changes a bit is not made. Sizes that the file leaves
    open are not mended.

    Args:
        path: The file, which is not changed.
        output: The file to write; where there is nothing to fix, a copy of the model. Without one nothing is written,
            and nothing is run.
        unsafe_fixes: Also pad inputs and layers with zeros at their end, so that no pixel is lost. That changes the
            values of outputs.
        input_shapes: As of `inspect`.
        input_values: As of `inspect`.
        settings: What holds where an argument is None: its input shapes, input values, operators and rules.

    Returns:
        The fixes, the unsafe ones that were not allowed, the findings that are left, and how both models compare.

    Raises:
        UnreadableModelError: The file is missing, is not an ONNX model, or is damaged.
        UnsupportedModelError: The model cannot be inspected, or a node to be mended is in a local function.
        InputShapeError: A size cannot be used, or one is needed that is not given.
        InputValueError: A value does not fit the input that it is given for, or there is no such input.
        UsageError: `output` cannot be written, or is the model itself.
    """
    model = arguments.model(path)
    asked = overridden(
        Settings() if settings is None else settings, input_shapes=input_shapes, input_values=input_values
    )
    target = None if output is None else arguments.path(output, "output")
    load_onnx()
    from strideinspect import fixing

    return fixing.fixed(model, target, asked, unsafe=unsafe_fixes)
