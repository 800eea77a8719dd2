"""`inspect`, the way in: it starts the verifying process before anything heavy is imported."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from strideinspect import expectation
from strideinspect.errors import UsageError
from strideinspect.settings import InputShapes, Settings, Verify

if TYPE_CHECKING:
    from pathlib import Path

    from strideinspect.results.report import Report
    from strideinspect.verify.client import Verifier


def inspect(
    path: str | os.PathLike[str],
    *,
    input_shapes: InputShapes | None = None,
    verify: Verify | None = None,
    verify_timeout: float | None = None,
    tensors: Sequence[str] = (),
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    expect: Sequence[str] = (),
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Inspect an ONNX file at one input size and, unless `verify` is "none", hold the result against onnxruntime.

    "full" runs the model at enlarged sizes and with its real weights, too, about a hundred times.

    `input_shapes` maps input names to shapes, the key "" (or a bare sequence) standing for the only input; axes without
    a size get a default. `tensors` are patterns of tensor or node names whose fields are reported too; `select` and
    `ignore` name rules or groups; `expect` are assertions such as "logits:size=427,stride=32"; `progress` is told in
    words what goes on; `verify_timeout` is in seconds (default: 60). What is given here goes before the same in
    `settings`, which no file is read for: `settings_for(path)` gives those of the project's configuration.

    Raises UnreadableModelError, InputShapeError or UsageError, all of them StrideinspectError.
    """
    given: dict[str, Any] = {
        "input_shapes": {"": input_shapes} if isinstance(input_shapes, Sequence) else input_shapes,
        "verify": verify,
        "verify_timeout": verify_timeout,
        "tensors": tuple(tensors),
        "select": tuple(select),
        "ignore": tuple(ignore),
        "expect": tuple(expectation.parsed(text) for text in expect),
    }
    asked = replace(settings or Settings(), **{name: value for name, value in given.items() if value})
    with _verifier(os.fspath(path), asked) as verifier:
        from strideinspect import inspector  # imports onnx, numpy and networkx
        from strideinspect.policy import choices

        report = inspector.run(path, asked, progress=progress or _silently, verifier=verifier)
    report = choices.applied(report, asked.severity, asked.per_node_ignores)
    return report if asked.baseline is None else _without_accepted(report, asked.baseline, asked)


def _without_accepted(report: Report, file: Path, settings: Settings) -> Report:
    from strideinspect import baseline_file
    from strideinspect.policy import baseline

    accepted = baseline_file.read(file).of(report.path)
    return baseline.applied(report, accepted, baseline=file.name, rules=baseline.judged(report, settings))


def _verifier(path: str, settings: Settings) -> AbstractContextManager[Verifier | None]:
    if settings.verify not in ("none", "run", "full"):
        raise UsageError(f"verify cannot be {settings.verify!r}", "use none, run or full")
    if settings.verify == "none":
        return nullcontext(None)
    from strideinspect.verify.client import Verifier

    return Verifier(path, timeout=settings.verify_timeout)


def _silently(_: str) -> None:
    """Nobody wants to know."""
