"""Proof of what is never used: overwritten with random numbers, it changes no bit of any output.

The model runs with its own weights. Pixels of a graph input are overwritten as they are fed; for rows of a map within
the model, an Add before its readers brings other numbers in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import helper

from strideinspect.model.subgraphs import captured
from strideinspect.verify.messages import Failure, Overwritten, RunModel, UnseenClaim, UnseenResult
from strideinspect.verify.refusal import plain
from strideinspect.verify.weightless import UnrunnableError
from strideinspect.verify.with_weights import model_with_weights, noise, session_with_weights

_FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)


def overwritten(request: RunModel, claims: Sequence[UnseenClaim]) -> Overwritten | Failure:
    """Which output each of the claimed indices reaches, if any does. Any error is a Failure."""
    try:
        return Overwritten(list(_results(request, claims)))
    except UnrunnableError as problem:
        return Failure(str(problem))
    except MemoryError:
        return Failure("it needs more memory than the limit")
    except Exception as problem:  # noqa: BLE001 - onnxruntime's errors share no base class; any of them is an answer
        return Failure(f"the model with its weights does not run: {plain(problem)}")


def _results(request: RunModel, claims: Sequence[UnseenClaim]) -> Iterator[UnseenResult]:
    model = model_with_weights(request)
    feeds = {entry.name: noise(entry, request.inputs) for entry in model.graph.input if entry.name in request.inputs}
    outputs = [entry.name for entry in model.graph.output]
    maps = {claim.input for claim in claims if claim.input not in feeds}
    zeros = _with_changes(model, maps, feeds, request)
    runner = session_with_weights(model, Path(request.path).parent)
    del model  # frees memory: the session has its own copy of the weights

    def run(changed: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        return list(runner.run(outputs, {**feeds, **zeros, **changed}))

    before, again = run({}), run({})
    steady = [same(one, other) for one, other in zip(before, again, strict=True)]
    for claim in claims:
        name = claim.input if claim.input in feeds else _entrance(claim.input)
        values = feeds.get(name, zeros.get(name))
        if values is None or values.dtype.kind not in "fiu":
            yield UnseenResult(claim.input, claim.axis, None, "other numbers cannot be brought in there")
        elif not all(steady):
            yield UnseenResult(claim.input, claim.axis, None, "two runs on the same input differ")
        else:
            after = run({name: _changed(values, claim)})
            moved = (n for n, old, new in zip(outputs, before, after, strict=True) if not same(old, new))
            yield UnseenResult(claim.input, claim.axis, next(moved, None))


def _entrance(tensor: str) -> str:
    """The input through which other numbers are added to a tensor."""
    return f"strideinspect/added/{tensor}"


def _with_changes(
    model: onnx.ModelProto, maps: set[str], feeds: Mapping[str, np.ndarray], request: RunModel
) -> dict[str, np.ndarray]:
    """Add to each map an input that its readers see added to it; zeros for these inputs.

    Left out is what a body captures, and what holds no floating-point numbers.
    """
    graph = model.graph
    inside = {name for node in graph.node for name in captured(node)}
    outputs = {entry.name for entry in graph.output}
    asked = [name for name in sorted(maps - inside - outputs) if any(name in node.output for node in graph.node)]
    if not asked:
        return {}
    seen = onnx.ModelProto()
    seen.CopyFrom(model)
    del seen.graph.output[:]
    seen.graph.output.extend(onnx.ValueInfoProto(name=name) for name in asked)
    values = session_with_weights(seen, Path(request.path).parent).run(asked, dict(feeds))
    zeros = {}
    for tensor, value in zip(asked, values, strict=True):
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        if kind not in _FLOATS:
            continue
        added, changed = _entrance(tensor), f"strideinspect/changed/{tensor}"
        for node in graph.node:
            for place, name in enumerate(node.input):
                if name == tensor:
                    node.input[place] = changed
        at = next(number for number, node in enumerate(graph.node) if tensor in node.output)
        graph.node.insert(at + 1, helper.make_node("Add", [tensor, added], [changed], name=changed))
        graph.input.append(helper.make_tensor_value_info(added, kind, value.shape))
        zeros[added] = np.zeros_like(value)
    return zeros


def _changed(values: np.ndarray, claim: UnseenClaim) -> np.ndarray:
    """The values, with other finite ones at the claimed indices."""
    after = values.copy()
    random = np.random.default_rng(1)
    along = np.moveaxis(after, claim.axis, 0)
    for first, last in claim.ranges:
        old = along[first : last + 1]
        far = random.uniform(1, 4, old.shape) * random.choice([-1, 1], old.shape)
        along[first : last + 1] = (old + far).astype(old.dtype) if old.dtype.kind == "f" else 1 - old
    return after


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays have the same bits."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
