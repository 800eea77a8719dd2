"""The third check, in the worker: change one index of an input, run the real weights, and see what changed with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from strideinspect.model.inline import inline_functions
from strideinspect.model.topological_sort import sort_graph
from strideinspect.verify.exactness import bodies
from strideinspect.verify.shapes import plain
from strideinspect.verify.weightless import UnrunnableError, open_sizes

_LARGEST: Final = 1 << 30  # bytes of a model file, which is in memory three times while it is made ready
_MOST_WATCHED: Final = 1 << 25  # elements of all watched tensors
_BLOCKED: Final = "com.microsoft.nchwc"  # its tensors lie in memory in another order than their shape says
_EXTERNAL_FOLDER: Final = "session.model_external_initializers_file_folder_path"


def send(path: str, inputs: Mapping[str, Sequence[int]], asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The answers, ready for JSON: what is watched, then one line per impulse. Whatever fails ends them as an error."""
    try:
        yield from _sent(path, {name: tuple(shape) for name, shape in inputs.items()}, asked)
    except UnrunnableError as problem:
        yield {"error": str(problem)}
    except MemoryError:
        yield {"error": "it would take more memory than it may"}
    except Exception as problem:  # noqa: BLE001 - onnxruntime's errors share no base class; any of them is an answer
        yield {"error": f"the model with its weights does not run: {plain(problem)}"}


def _sent(path: str, inputs: Mapping[str, tuple[int, ...]], asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    reaches: dict[tuple[str, int], list[_Reach]] = {}
    for reach in asked["reaches"]:
        reaches.setdefault((reach["input"], reach["axis"]), []).append(_Reach(reach))
    sizes = {reach["tensor"]: int(np.prod(reach["shape"])) for reach in asked["reaches"]}
    model = _model(path, inputs)
    made = {name for node in model.graph.node for name in node.output}
    missing = {name: "it stands in a branch, into which impulses do not look" for name in sizes if name not in made}
    laid_out = [node for node in model.graph.node if node.domain == _BLOCKED and node.op_type != "ReorderOutput"]
    blocked = {name for node in laid_out for name in node.output}
    missing |= dict.fromkeys(blocked & sizes.keys(), "its channels lie in blocks, as onnxruntime saved it")
    watched, room = [], _MOST_WATCHED
    for tensor in sorted(sizes.keys() - missing.keys(), key=lambda name: (sizes[name], name)):
        room -= sizes[tensor]
        if room < 0:
            missing[tensor] = "it is too large to be watched beside the others"
        else:
            watched.append(tensor)
    if not watched:
        raise UnrunnableError(f"no tensor can be watched: {next(iter(missing.values()), 'none is asked for')}")
    known = {entry.name for entry in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in watched if name not in known)
    runner = _session(model, Path(path).parent)
    feeds = {entry.name: _noise(entry, inputs) for entry in model.graph.input if entry.name in inputs}
    del model

    def run(changed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(watched, runner.run(watched, {**feeds, **changed}), strict=True))

    before, again = run({}), run({})
    shapes = {reach["tensor"]: tuple(reach["shape"]) for reach in asked["reaches"]}
    missing |= {name: why for name in watched if (why := _unfit(before[name], again[name], shapes[name]))}
    watched = [name for name in watched if name not in missing]
    del again
    yield {"watched": len(watched), "missing": missing}
    for name, axis, index in asked["tries"]:
        after = run({name: _changed(feeds[name], axis, index)})
        candidates = (r.wrongly_reached(index, before, after) for r in reaches[name, axis] if r.tensor not in missing)
        yield {"found": next((found for found in candidates if found is not None), None)}


class _Reach:
    """One claim, with its hulls as arrays that broadcast to the tensor."""

    def __init__(self, claim: Mapping[str, Any]) -> None:
        self.tensor: str = claim["tensor"]
        self._first = np.array(claim["first"], np.int64).reshape(claim["extents"])
        self._last = np.array(claim["last"], np.int64).reshape(claim["extents"])
        self._dark: list[list[int]] = claim["dark"]

    def wrongly_reached(
        self, index: int, before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]
    ) -> dict[str, Any] | None:
        """An element that changed although it does not depend on the changed index of the input; None if there is none.

        Values that overflowed tell nothing: what is infinite may become no number far away.
        """
        old, new = before[self.tensor], after[self.tensor]
        wrong = _bits(old) != _bits(new)
        if not any(first <= index <= last for first, last in self._dark):
            wrong &= (index < self._first) | (self._last < index)
        if not wrong.any() or (_finite(old) and not _finite(new)):
            return None
        place = np.unravel_index(int(wrong.argmax()), wrong.shape)
        own = tuple(k if extent > 1 else 0 for k, extent in zip(place, self._first.shape, strict=True))
        first, last = int(self._first[own]), int(self._last[own])
        seen = {"first": first, "last": last} if first <= last else {"first": None, "last": None}
        return {"tensor": self.tensor, "index": [int(k) for k in place], **seen}


def _bits(array: np.ndarray) -> np.ndarray:
    return array.view(f"u{array.dtype.itemsize}")


def _finite(array: np.ndarray) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _unfit(one: np.ndarray, other: np.ndarray, shape: tuple[int, ...]) -> str | None:
    """Why a tensor cannot be watched, if so: it has another shape, or is not the same in two runs on one input."""
    if one.shape != shape:
        return f"with these weights its shape is {list(one.shape)}"
    if one.dtype.kind not in "biufV" or one.dtype.itemsize > 8:
        return "it holds no numbers that could be compared"
    if one.shape != other.shape or bool((_bits(one) != _bits(other)).any()):
        return "two runs on the same input differ there, so that a change means nothing"
    return None


def _model(path: str, inputs: Mapping[str, tuple[int, ...]]) -> onnx.ModelProto:
    """The model with its weights, open to any input size."""
    size = Path(path).stat().st_size
    if size > _LARGEST:
        raise UnrunnableError(f"impulses are sent through files up to {_LARGEST >> 20:,} MiB; this has {size >> 20:,}")
    model = inline_functions(path, onnx.load(path, load_external_data=False))
    sort_graph(path, model.graph, nested=True)
    for tensor in _tensors(model.graph):
        _check_external(tensor, Path(path).parent)
    open_sizes(model.graph, inputs)
    return model


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for node in graph.node:
        yield from (attribute.t for attribute in node.attribute if attribute.HasField("t"))
        for body in bodies(node):
            yield from _tensors(body)


def _check_external(tensor: onnx.TensorProto, folder: Path) -> None:
    """Refuse weights that are not there, and files outside the model's folder."""
    if tensor.data_location != onnx.TensorProto.EXTERNAL:
        return
    location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
    file = (folder / location).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise UnrunnableError(f"its weights are said to lie outside its folder, in {location!r}")
    if not file.is_file():
        raise UnrunnableError(f"its weights are missing: there is no file {location!r} beside the model")


def _session(model: onnx.ModelProto, folder: Path) -> onnxruntime.InferenceSession:
    """A silent CPU session, optimised as it would be where the model is used."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry(_EXTERNAL_FOLDER, str(folder))
    try:
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as problem:
        raise UnrunnableError(f"the model with its weights cannot be started: {plain(problem)}") from problem


def _noise(entry: onnx.ValueInfoProto, inputs: Mapping[str, tuple[int, ...]]) -> np.ndarray:
    """An input of random values, the same at every run; zeros for wide integers, which may be indices or sizes."""
    dtype = helper.tensor_dtype_to_np_dtype(entry.type.tensor_type.elem_type)
    random = np.random.default_rng(0)
    shape = inputs[entry.name]
    if dtype.kind in "iu" and dtype.itemsize == 1:
        return random.integers(0, 256, shape, np.uint8).view(dtype)
    if dtype.kind in "biu":
        return np.zeros(shape, dtype)
    return random.normal(size=shape).astype(dtype)


def _changed(before: np.ndarray, axis: int, index: int) -> np.ndarray:
    """The input with another finite value everywhere at one index of an axis."""
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
