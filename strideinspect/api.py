"""`inspect`, the way in: it starts the verifying process before anything heavy is imported."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Literal

from strideinspect.errors import UsageError

if TYPE_CHECKING:
    from strideinspect.report.model import Report
    from strideinspect.verify.client import Verifier

InputShapes = Mapping[str, Sequence[int]] | Sequence[int]


def inspect(
    path: str | os.PathLike[str],
    *,
    input_shapes: InputShapes | None = None,
    verify: Literal["none", "run"] = "run",
    verify_timeout: float = 60.0,
    tensors: Sequence[str] = (),
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Inspect an ONNX file at one input size and, unless `verify` is "none", hold the result against onnxruntime.

    `input_shapes` maps input names to shapes, the key "" (or a bare sequence) standing for the only input; axes without
    a size get a default. `tensors` are patterns of tensor or node names whose fields are reported too; `select` and
    `ignore` name rules or groups; `progress` is told in words what goes on; `verify_timeout` is in seconds.

    Raises UnreadableModelError, InputShapeError or UsageError, all of them StrideinspectError.
    """
    with _verifier(os.fspath(path), verify, verify_timeout) as verifier:
        from strideinspect import inspector  # imports onnx, numpy and networkx

        return inspector.run(
            path,
            input_shapes={"": input_shapes} if isinstance(input_shapes, Sequence) else input_shapes or {},
            tensors=tensors,
            select=select,
            ignore=ignore,
            tell=progress or _silently,
            verifier=verifier,
        )


def _verifier(path: str, verify: str, timeout: float) -> AbstractContextManager[Verifier | None]:
    if verify not in ("none", "run"):
        raise UsageError(f"verify cannot be {verify!r}", "use none or run")
    if verify == "none":
        return nullcontext(None)
    from strideinspect.verify.client import Verifier

    return Verifier(path, timeout=timeout)


def _silently(_: str) -> None:
    """Nobody wants to know."""
