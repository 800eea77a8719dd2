"""onnxruntime as an oracle: every tensor of a run, and which of them change when one row of an input changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from tests.oracle_sets import Booleans, Shape

Values = dict[str, NDArray[Any]]


def session_of(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """A session that runs the nodes as they stand, in one thread, and says nothing."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


def exposed(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with every tensor that a node of the main graph makes as an output."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    there = {output.name for output in copy.graph.output}
    for node in copy.graph.node:
        for name in node.output:
            if name and name not in there:
                copy.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
                there.add(name)
    return copy


def graph_inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The inputs that must be fed: initializers are listed among them in old files."""
    held = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in held]


def declared_shape(value: onnx.ValueInfoProto) -> Shape:
    """The shape in the file; 0 for an axis without a number."""
    return tuple(axis.dim_value for axis in value.type.tensor_type.shape.dim)


def random_feeds(model: onnx.ModelProto, shapes: Mapping[str, Shape] | None = None, seed: int = 0) -> Values:
    """Positive random numbers for every input, of its declared shape unless another is given."""
    rng = np.random.default_rng(seed)
    feeds: Values = {}
    for value in graph_inputs(model):
        shape = (shapes or {}).get(value.name, declared_shape(value))
        kind = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        feeds[value.name] = (rng.random(shape) + 0.5).astype(kind)
    return feeds


@dataclass(frozen=True, slots=True)
class Run:
    """A session with every tensor exposed, and what it gave for some feeds."""

    session: onnxruntime.InferenceSession
    names: tuple[str, ...]
    feeds: Values
    values: Values

    def again(self, feeds: Values) -> Values:
        """Run on other values of the same shapes."""
        found = self.session.run(list(self.names), feeds)
        return {name: value for name, value in zip(self.names, found, strict=True) if isinstance(value, np.ndarray)}


def run(model: onnx.ModelProto, feeds: Values | None = None) -> Run:
    """Run the model once with every tensor exposed. onnxruntime's own exceptions pass through."""
    session = session_of(exposed(model))
    names = tuple(output.name for output in session.get_outputs())
    fed = random_feeds(model) if feeds is None else feeds
    once = Run(session, names, fed, {})
    return Run(session, names, fed, once.again(fed))


def influence(
    ran: Run,
    input: str,
    axis: int,
    tensors: Sequence[str],
    *,
    seeds: int = 2,
    bumps: Sequence[float] = (64.0, -64.0, 0.5),
) -> dict[str, Booleans]:
    """Which elements of the tensors change, by any bit, when row r of the input does; shape (*tensor shape, rows).

    A change proves dependence. That nothing changed proves independence only as far as no maximum hid it: large bumps
    up and down make every tap win once where weights are positive.
    """
    rows = ran.feeds[input].shape[axis]
    found = {name: np.zeros((*ran.values[name].shape, rows), dtype=np.bool_) for name in tensors}
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        feeds: Values = {
            name: (value * (rng.random(value.shape) + 0.5)).astype(value.dtype) for name, value in ran.feeds.items()
        }
        before = ran.again(feeds)
        for row in range(rows):
            for bump in bumps:
                changed = feeds[input].copy()
                place = tuple(slice(None) if other != axis else row for other in range(changed.ndim))
                changed[place] = changed[place] + bump * (rng.random(changed[place].shape) + 1)
                after = ran.again({**feeds, input: changed})
                for name in tensors:
                    found[name][..., row] |= before[name] != after[name]
    return found
