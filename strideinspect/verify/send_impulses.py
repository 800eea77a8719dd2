"""The third check, in the worker: change one index of an input, run the real weights, and compare what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx

from strideinspect.limits import MOST_WATCHED_ELEMENTS
from strideinspect.verify.messages import Failure, Impulse, ImpulseResult, ImpulsesReady, Reach, RunModel, WrongReach
from strideinspect.verify.refusal import plain
from strideinspect.verify.weightless import UnrunnableError
from strideinspect.verify.with_weights import model_with_weights, noise, session_with_weights

_BLOCKED: Final = "com.microsoft.nchwc"  # the memory layout of its tensors is not that of their shape
_EXTERNAL_FOLDER: Final = "session.model_external_initializers_file_folder_path"


def send(
    request: RunModel, reaches: Sequence[Reach], impulses: Sequence[Impulse]
) -> Iterator[ImpulsesReady | ImpulseResult | Failure]:
    """The tensors compared, then one response per impulse. Any error ends them with a Failure."""
    try:
        yield from _results(request, reaches, impulses)
    except UnrunnableError as problem:
        yield Failure(str(problem))
    except MemoryError:
        yield Failure("it needs more memory than the limit")
    except Exception as problem:  # noqa: BLE001 - onnxruntime's errors share no base class; any of them is an answer
        yield Failure(f"the model with its weights does not run: {plain(problem)}")


def _results(
    request: RunModel, reaches: Sequence[Reach], impulses: Sequence[Impulse]
) -> Iterator[ImpulsesReady | ImpulseResult]:
    shapes = {reach.tensor: reach.shape for reach in reaches}
    path, inputs = request.path, request.inputs
    model = model_with_weights(request)
    watched, missing = _watchable(model, shapes)
    known = {entry.name for entry in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in watched if name not in known)
    runner = session_with_weights(model, Path(path).parent)
    feeds = {entry.name: noise(entry, inputs) for entry in model.graph.input if entry.name in inputs}
    del model  # frees memory: the session has its own copy of the weights

    def run(changed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(watched, runner.run(watched, {**feeds, **changed}), strict=True))

    before, again = run({}), run({})
    missing |= {name: why for name in watched if (why := _unfit(before[name], again[name], shapes[name]))}
    watched = [name for name in watched if name not in missing]
    del again
    yield ImpulsesReady(len(watched), missing)
    watched_reaches: dict[tuple[str, int], list[_Reach]] = {}
    for reach in reaches:
        if reach.tensor not in missing:
            watched_reaches.setdefault((reach.input, reach.axis), []).append(_Reach(reach))
    for impulse in impulses:
        name, axis, index = impulse.input, impulse.axis, impulse.position
        after = run({name: _changed(feeds[name], axis, index)})
        wrong = (reach.wrongly_reached(index, before, after) for reach in watched_reaches.get((name, axis), ()))
        yield ImpulseResult(next((element for element in wrong if element is not None), None))


def _watchable(model: onnx.ModelProto, shapes: Mapping[str, Sequence[int]]) -> tuple[list[str], dict[str, str]]:
    """The tensors to fetch after each run, the smallest first, and why others are not fetched."""
    sizes = {name: int(np.prod(shape)) for name, shape in shapes.items()}
    made = {name for node in model.graph.node for name in node.output}
    missing = {name: "it is inside a branch, where impulses are not observed" for name in sizes if name not in made}
    laid_out = [node for node in model.graph.node if node.domain == _BLOCKED and node.op_type != "ReorderOutput"]
    blocked = {name for node in laid_out for name in node.output}
    missing |= dict.fromkeys(blocked & sizes.keys(), "its channels are in blocks, as onnxruntime saved it")
    watched, room = [], MOST_WATCHED_ELEMENTS
    for tensor in sorted(sizes.keys() - missing.keys(), key=lambda name: (sizes[name], name)):
        room -= sizes[tensor]
        if room < 0:
            missing[tensor] = "it is too large to be compared together with the others"
        else:
            watched.append(tensor)
    if not watched:
        raise UnrunnableError(f"no tensor can be compared: {next(iter(missing.values()), 'none is asked for')}")
    return watched, missing


class _Reach:
    """One claim, with its hulls as arrays that broadcast to the tensor."""

    def __init__(self, claim: Reach) -> None:
        self.tensor = claim.tensor
        self._first = np.array(claim.first, np.int64).reshape(claim.extents)
        self._last = np.array(claim.last, np.int64).reshape(claim.extents)
        self._unseen = claim.unseen

    def wrongly_reached(
        self, index: int, before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]
    ) -> WrongReach | None:
        """An element that changed although it should not depend on the changed input index; None if there is none.

        Overflowed values are ignored, because an infinity may become NaN at unrelated elements.
        """
        old, new = before[self.tensor], after[self.tensor]
        wrong = _bits(old) != _bits(new)
        if not any(first <= index <= last for first, last in self._unseen):
            wrong &= (index < self._first) | (self._last < index)
        if not wrong.any() or (_finite(old) and not _finite(new)):
            return None
        element = np.unravel_index(int(wrong.argmax()), wrong.shape)
        place = tuple(int(k) for k in element)
        own = tuple(k if extent > 1 else 0 for k, extent in zip(place, self._first.shape, strict=True))
        first, last = int(self._first[own]), int(self._last[own])
        claimed = (first, last) if first <= last else (None, None)
        return WrongReach(self.tensor, place, *claimed)


def _bits(array: np.ndarray) -> np.ndarray:
    return array.view(f"u{array.dtype.itemsize}")


def _finite(array: np.ndarray) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _unfit(one: np.ndarray, other: np.ndarray, shape: tuple[int, ...]) -> str | None:
    """The reason why a tensor cannot be compared; None if it can. `one` and `other` are from runs on equal inputs."""
    if one.shape != shape:
        return f"with these weights its shape is {list(one.shape)}"
    if one.dtype.kind not in "biufV" or one.dtype.itemsize > 8:
        return "its elements are not numbers that can be compared"
    if one.shape != other.shape or bool((_bits(one) != _bits(other)).any()):
        return "two runs on the same input differ there, so a change means nothing"
    return None


def _changed(before: np.ndarray, axis: int, index: int) -> np.ndarray:
    """The input with all values at one index of an axis replaced by other finite values."""
    after = before.copy()
    place = tuple(index if k == axis else slice(None) for k in range(before.ndim))
    random = np.random.default_rng(index + 1)
    old = before[place]
    if old.dtype.kind in "iu" and old.dtype.itemsize == 1:
        after[place] = (old.view(np.uint8) + random.integers(1, 256, old.shape, np.uint8)).view(old.dtype)
    elif old.dtype.kind in "biu":
        after[place] = 1 - old.astype(np.uint8)
    else:
        far = random.uniform(1, 4, old.shape) * random.choice([-1, 1], old.shape)
        after[place] = (old.astype(np.float64) + far).astype(old.dtype)
    return after
