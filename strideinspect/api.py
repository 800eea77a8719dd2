"""`inspect` and `tiles`, for one model: they start the verifying process before anything heavy is imported."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from strideinspect import arguments
from strideinspect.processes.onnx_loading import load_onnx
from strideinspect.settings import InputShapes, InputValues, Settings, Verify, overridden

if TYPE_CHECKING:
    from pathlib import Path

    from strideinspect.results.report import Report
    from strideinspect.results.tiling import Tiling
    from strideinspect.verify.client import Verifier


def inspect(
    path: str | os.PathLike[str],
    *,
    input_shapes: InputShapes | None = None,
    input_values: InputValues | None = None,
    verify: Verify | None = None,
    verify_timeout: float | None = None,
    tensors: str | Sequence[str] | None = None,
    select: str | Sequence[str] | None = None,
    ignore: str | Sequence[str] | None = None,
    expect: str | Sequence[str] | None = None,
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Inspect one ONNX file at one input size.

    Args:
        path: The file. External weights are never read and may be missing.
        input_shapes: The size of inputs, in elements per axis: `{"image": (1, 3, 224, 224)}`, for a single input
            `(1, 3, 224, 224)` or `"1,3,224,224"`. A size that neither this nor the file gives is assumed, and the
            report says so (`Input.assumed`).
        input_values: The values of inputs that decide shapes or branches: `{"sr": 16000}`, or text as on the command
            line, `"sr=16000"`. They are constants for the analysis and for the run.
        verify: `"none"` runs nothing; `"run"`, the default, checks shapes and receptive fields by running onnxruntime;
            `"full"` also does so at enlarged inputs, and with the real weights about a hundred times.
        verify_timeout: Seconds after which verification is given up; 60 by default. What is left is not checked.
        tensors: Patterns (fnmatch) of names of tensors, nodes or layers whose fields are reported too; of a layer the
            tensors that leave it. A pattern of `settings` that matches nothing is in `Report.unmatched`.
        select: Only these rules or groups.
        ignore: All rules or groups but these.
        expect: Assertions on geometry, such as `"logits:size=427,stride=32"`.
        settings: What holds where an argument is None; `Settings()` if not given. No configuration file is read:
            `settings_for(path)` does that. An empty argument (`select=()`) replaces what the settings have.
        progress: Called with a line of text at each stage.

    Returns:
        Everything that is known of the model at this size.

    Raises:
        UnreadableModelError: The file is missing, is not an ONNX model, or is damaged.
        UnsupportedModelError: The model is well-formed, but cannot be inspected.
        InputShapeError: A size cannot be used, or one is needed that is not given.
        InputValueError: A value does not fit the input that it is given for, or there is no such input.
        UsageError: An argument has a value that it cannot have, or names a rule, a group or a tensor that there is not;
            the baseline of the settings cannot be read.
    """
    model = arguments.model(path)
    asked = overridden(
        Settings() if settings is None else settings,
        input_shapes=input_shapes,
        input_values=input_values,
        verify=verify,
        verify_timeout=verify_timeout,
        tensors=tensors,
        select=select,
        ignore=ignore,
        expect=expect,
    )
    with _verifier(model, asked) as verifier:
        load_onnx()
        from strideinspect import inspector  # imports numpy and networkx, too
        from strideinspect.policy import assumed_sizes, choices

        report = inspector.run(
            model, asked, progress=progress or _silently, verifier=verifier, strict=tensors is not None
        )
    report = assumed_sizes.applied(choices.applied(report, asked.severity, asked.per_node_ignores))
    return report if asked.baseline is None else _without_accepted(report, asked.baseline, asked)


def tiles(
    path: str | os.PathLike[str],
    *,
    tile: Sequence[int] = (),
    prove: bool = False,
    rate: float | None = None,
    input_shapes: InputShapes | None = None,
    input_values: InputValues | None = None,
    verify_timeout: float | None = None,
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
) -> Tiling:
    """How a model can be run on tiles of its input so that every output stays exactly what it is, or why it cannot.

    Args:
        path: The file. Weights may be missing.
        tile: The sizes of a tile along the spatial axes of the input, in pixels, or one size for all. By default that
            of the input, or the smallest possible one if that is larger.
        prove: Run the whole and its tiles with onnxruntime and compare them.
        rate: Samples per second: the result then has milliseconds, too.
        input_shapes: As for `inspect`.
        input_values: As for `inspect`.
        verify_timeout: Seconds after which the proof is given up; 60 by default.
        settings: What holds where an argument is None; `Settings()` if not given.
        progress: Called with a line of text at each stage.

    Returns:
        Step, halo, crop and smallest tile of every axis of every output, or the reason why it cannot be cut.

    Raises:
        UnreadableModelError: The file is missing, is not an ONNX model, or is damaged.
        UnsupportedModelError: The model is well-formed, but cannot be inspected.
        InputShapeError: A size cannot be used, or one is needed that is not given.
        InputValueError: A value does not fit the input that it is given for, or there is no such input.
        UsageError: No tile can have the size that is asked for, or an argument has a value that it cannot have.
    """
    model = arguments.model(path)
    asked = overridden(
        Settings() if settings is None else settings,
        input_shapes=input_shapes,
        input_values=input_values,
        verify="run" if prove else "none",
        verify_timeout=verify_timeout,
    )
    sizes = tuple(arguments.count(size, "tile", 1) for size in tile)
    frequency = None if rate is None else arguments.rate(rate)
    with _verifier(model, asked) as verifier:
        load_onnx()
        from strideinspect import proven_tiles  # imports numpy and networkx, too

        return proven_tiles.run(model, asked, sizes, rate=frequency, progress=progress or _silently, verifier=verifier)


def _without_accepted(report: Report, file: Path, settings: Settings) -> Report:
    from strideinspect import baseline_file
    from strideinspect.policy import accepted

    entries = baseline_file.read(file).of(report.path)
    return accepted.applied(report, entries, baseline=file.name, rules=accepted.judged(report, settings))


def _verifier(path: str, settings: Settings) -> AbstractContextManager[Verifier | None]:
    if settings.verify == "none":
        return nullcontext(None)
    from strideinspect.verify.client import Verifier

    return Verifier(path, timeout=settings.verify_timeout, values=settings.input_values)


def _silently(_: str) -> None:
    """Discard a line of progress."""
