"""Two models with their own weights and the same random input: whether every output has the same bits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from strideinspect.results.fixes import RunComparison
from strideinspect.verify.messages import RunModel
from strideinspect.verify.refusal import plain
from strideinspect.verify.weightless import UnrunnableError
from strideinspect.verify.with_weights import model_with_weights, noise, session_with_weights


def compare(first: str, second: str, inputs: Mapping[str, tuple[int, ...]], values: Mapping[str, Any]) -> RunComparison:
    """Run both files with onnxruntime's default optimisations at these input shapes, and compare their outputs."""
    runtime = f"onnxruntime {onnxruntime.__version__}"
    try:
        before, after = (_run(path, inputs, values) for path in (first, second))
    except (UnrunnableError, MemoryError) as problem:
        return RunComparison("not-compared", str(problem) or "not enough memory", None, runtime)
    if all(_same(one, other) for one, other in zip(before, after, strict=True)):
        return RunComparison("equal", None, 0.0, runtime)
    if any(np.shape(one) != np.shape(other) for one, other in zip(before, after, strict=True)):
        return RunComparison("changed", None, None, runtime)
    differences = [_difference(one, other) for one, other in zip(before, after, strict=True)]
    return RunComparison("changed", None, max(differences, default=0.0), runtime)


def _run(path: str, inputs: Mapping[str, tuple[int, ...]], values: Mapping[str, Any]) -> list[np.ndarray]:
    request = RunModel(str(Path(path).absolute()), inputs, values)
    model = model_with_weights(request)
    feeds = {entry.name: noise(entry, inputs) for entry in model.graph.input if entry.name in inputs}
    session = session_with_weights(model, Path(request.path).parent)
    try:
        return [np.asarray(made) for made in session.run(None, feeds)]
    except Exception as problem:
        raise UnrunnableError(f"onnxruntime does not run it: {plain(problem)}") from problem


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference of two values; infinite where it is not a number."""
    if one.dtype.kind not in "biuf":
        return 0.0 if _same(one, other) else float("inf")
    difference = np.abs(one.astype(np.float64) - other.astype(np.float64))
    return float(np.nan_to_num(difference, nan=np.inf).max(initial=0))
