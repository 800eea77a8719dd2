"""What an operator really reads, asked of onnxruntime by changing one input element at a time; and what we say of it.

The truth is a boolean array [output elements, input elements]: whether the output element changed with the input
element. It owes nothing to our formulas. What we say is asked two ways: the exact set behind one output element
(`liveness.back`), and the hull along each axis (`forward.propagate`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from strideinspect.fields.axis_field import AxisField
from strideinspect.fields.closed_form import Closed
from strideinspect.fields.forward import propagate
from strideinspect.fields.index_masks import back
from strideinspect.fields.node_reads import described
from strideinspect.model.inference import infer
from strideinspect.model.load import from_proto
from strideinspect.model.network import prepare
from strideinspect.model.shapes import Shapes
from strideinspect.reads.steps import Everything
from strideinspect.results.field import NOTHING

Array = NDArray[Any]
Reads = NDArray[np.bool_]

_DOMAINS = {"com.microsoft": 1, "ai.onnx.ml": 3}


@dataclass(frozen=True, slots=True)
class Case:
    """One operator with its inputs.

    `inputs` are the values to change, one element at a time; `constants` the node's other inputs. `order` are the
    node's inputs by name, "" for one left out, where they are not the inputs and then the constants. A `linear`
    operator is lit from zero, so that what comes out is the coefficient itself; any other is changed both ways from
    `tries` random points near the values given. `outputs` counts the node's outputs; only those in `watched` are
    compared. `closed` says that the closed form, too, has to agree wherever its span lies inside the input;
    `within` that it is enough to say no less than what is read (coefficients may vanish), `pairs`
    that the set is no product of one set per axis, so that only its hulls have to be exact. Changes up to `noise` are
    rounding, `scatter` says how far the random points lie apart.
    """

    op: str
    inputs: Mapping[str, Array]
    constants: Mapping[str, Array] = field(default_factory=dict)
    attributes: Mapping[str, object] = field(default_factory=dict)
    opset: int = 21
    domain: str = ""
    linear: bool = False
    order: Sequence[str] = ()
    outputs: int = 1
    watched: Sequence[int] = (0,)
    tries: int = 2
    jump: float = 0.0
    closed: bool = True
    within: bool = False
    pairs: bool = False
    noise: float = 0.0
    scatter: float = 0.2

    def __str__(self) -> str:
        """A short name for a failing case."""
        shapes = ", ".join(f"{name} {array.shape}" for name, array in self.inputs.items())
        given = {name: np.asarray(array).tolist() for name, array in self.constants.items() if array.size <= 16}
        return f"{self.op}-{self.opset} {shapes} {dict(self.attributes)} {given}"

    def model(self) -> onnx.ModelProto:
        """The operator as a model; outputs are declared without a shape."""
        names = list(self.order) or [*self.inputs, *self.constants]
        node = helper.make_node(self.op, names, [f"y{i}" for i in range(self.outputs)], domain=self.domain)
        node.attribute.extend(helper.make_attribute(name, value) for name, value in self.attributes.items())
        graph = helper.make_graph(
            [node],
            "g",
            [helper.make_tensor_value_info(n, _dtype(a), a.shape) for n, a in self.inputs.items()],
            [helper.make_empty_tensor_value_info(f"y{i}") for i in range(self.outputs)],
            [numpy_helper.from_array(a, n) for n, a in self.constants.items()],
        )
        opsets = [helper.make_opsetid("", self.opset)]
        if self.domain:
            opsets.append(helper.make_opsetid(self.domain, _DOMAINS[self.domain]))
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def _dtype(array: Array) -> int:
    return int(helper.np_dtype_to_tensor_dtype(array.dtype))


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """The model ready to run, exactly as it stands."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def refused(case: Case) -> str:
    """Why onnxruntime does not run the case; empty where it does."""
    from onnxruntime.capi import onnxruntime_pybind11_state as native

    errors = (native.Fail, native.InvalidArgument, native.InvalidGraph, native.NotImplemented, native.RuntimeException)
    try:
        session(case.model()).run(None, dict(case.inputs))
    except errors as error:
        return str(error).strip().splitlines()[0][:300]
    return ""


def changes(case: Case) -> tuple[dict[tuple[str, int], Reads], dict[int, tuple[int, ...]]]:
    """Per input and output what changed with what, shape [output elements, input elements]; and the outputs' shapes."""
    run = session(case.model())
    random = np.random.default_rng(0)
    found: dict[tuple[str, int], Reads] = {}
    shapes: dict[int, tuple[int, ...]] = {}
    for _ in range(1 if case.linear else case.tries):
        feeds = {name: _start(case, array, random) for name, array in case.inputs.items()}
        before = run.run(None, feeds)
        shapes = {k: before[k].shape for k in case.watched}
        for name, array in feeds.items():
            for element, value in _changed(case, array, random):
                other = array.copy()
                other.reshape(-1)[element] = value
                after = run.run(None, {**feeds, name: other})
                for k in case.watched:
                    differs = _differs(before[k], after[k], case.noise)
                    into = found.setdefault((name, k), np.zeros((differs.size, array.size), dtype=bool))
                    into[:, element] |= differs.reshape(-1)
    return found, shapes


def _differs(one: Array, other: Array, noise: float) -> Reads:
    if one.dtype.kind != "f":
        return np.asarray(one != other)
    with np.errstate(invalid="ignore"):
        return np.asarray(~(np.abs(one - other) <= noise) & ~(np.isnan(one) & np.isnan(other)))


def _start(case: Case, array: Array, random: np.random.Generator) -> Array:
    if case.linear:
        return np.zeros_like(array)
    if array.dtype.kind == "f":
        return np.asarray(array + random.uniform(-case.scatter, case.scatter, array.shape), array.dtype)
    if array.dtype.kind == "b":
        return np.asarray(random.random(array.shape) < 0.5)
    return array.copy()


def _changed(case: Case, array: Array, random: np.random.Generator) -> Iterator[tuple[int, Any]]:
    for element, value in enumerate(array.reshape(-1)):
        if case.linear:
            yield element, 1
        elif array.dtype.kind == "b":
            yield element, not value
        elif array.dtype.kind == "f":
            jump = case.jump or 3.0
            yield element, value + random.uniform(0.5, 1) * jump
            yield element, value - random.uniform(0.5, 1) * jump
        else:
            yield element, value + int(case.jump or 40)
            yield element, value - int(case.jump or 40)


@dataclass(frozen=True, slots=True)
class Said:
    """What the analysis says of a case; the arrays are as in `changes`."""

    shapes: Shapes
    reads: dict[tuple[str, int], Reads]
    unknown: tuple[str, ...]


def said(case: Case) -> Said:
    """The exact set behind every output element, by the reads run backwards."""
    network = prepare(from_proto(case.model()))
    shapes = infer(network, {name: array.shape for name, array in case.inputs.items()})
    nodes, _ = described(shapes)
    found: dict[tuple[str, int], Reads] = {}
    unknown = []
    for item in nodes:
        for read in item.reads:
            name, output = item.node.inputs[read.input], item.node.outputs[read.output]
            unknown += [step.reason for step in read.steps if isinstance(step, Everything) and step.reason]
            before, after = shapes.shapes[name], shapes.shapes[output]
            empty = np.zeros((math.prod(after), math.prod(before)), dtype=bool)
            into = found.setdefault((name, read.output), empty)
            for number, index in enumerate(np.ndindex(*after)):
                marks = back(read, tuple(_lit(n, i) for n, i in zip(after, index, strict=True)))
                if marks is not None:
                    into[number] |= _box(marks).reshape(-1)
    return Said(shapes, found, tuple(unknown))


def _lit(length: int, index: int) -> NDArray[np.bool_]:
    found = np.zeros(length, dtype=bool)
    found[index] = True
    return found


def _box(marks: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    found = np.ones((), dtype=bool)
    for vector in marks:
        found = np.logical_and(found[..., None], vector)
    return found


def differences(case: Case) -> list[str]:
    """Where what we say is not what onnxruntime does."""
    within = case.within
    truth, ran = changes(case)
    ours = said(case)
    found = [f"unknown: {reason}" for reason in ours.unknown if not within]
    for k, shape in ran.items():
        if ours.shapes.shapes.get(f"y{k}") != shape:
            found.append(f"output {k} is {shape}, we say {ours.shapes.shapes.get(f'y{k}')} {ours.shapes.unknown}")
    if found:
        return found
    for (name, k), reads in truth.items():
        if not reads.size:
            continue  # an output without elements reads nothing
        said_reads = ours.reads.get((name, k), np.zeros_like(reads))
        wrong = reads & ~said_reads if within or case.pairs else reads != said_reads
        if wrong.any():
            row = int(np.argmax(wrong.any(axis=1)))
            found.append(
                f"{name} → output {k}: {int(wrong.sum())} of {wrong.size} differ, first at output element {row}: "
                f"reads {np.flatnonzero(reads[row]).tolist()}, we say {np.flatnonzero(said_reads[row]).tolist()}"
            )
        for axis in range(len(case.inputs[name].shape)):
            found += _hulls(case, ours, name, axis, k, reads, within=within)
    return found


def _hulls(case: Case, ours: Said, name: str, axis: int, k: int, reads: Reads, *, within: bool) -> list[str]:
    """Compare the hull along one axis, actual and (where nothing is cut off at an edge) theoretical."""
    shape, after = case.inputs[name].shape, ours.shapes.shapes[f"y{k}"]
    nodes, _ = described(ours.shapes)
    seen = propagate(ours.shapes, nodes, [(name, axis)]).get(f"y{k}", {}).get((name, axis))
    place = np.broadcast_to(np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))]), shape)
    first = np.where(reads, place.reshape(-1), NOTHING).min(axis=1, initial=NOTHING)
    last = np.where(reads, place.reshape(-1), -1).max(axis=1, initial=-1)
    spans = np.full((2, *after), NOTHING) if seen is None else np.broadcast_to(seen.actual.full, (2, *after))
    low, high = spans[0].reshape(-1), -spans[1].reshape(-1)
    nothing = low >= NOTHING
    high = np.where(nothing, -1, high)
    wrong = (first < low) | (last > high) if within else (low != first) | (high != last)
    if wrong.any():
        row = int(np.argmax(wrong))
        said_so = f"the index arrays say {low[row]}…{high[row]}"
        return [f"{name} axis {axis} → output {k}: element {row} reads {first[row]}…{last[row]}, {said_so}"]
    return [] if within or not case.closed else _closed(ours, seen, name, axis, k, first, last)


def _closed(ours: Said, seen: AxisField | None, name: str, axis: int, k: int, first: Array, last: Array) -> list[str]:
    """The closed form, wherever its span lies inside the input: there it must be what was read."""
    if seen is None or not isinstance(seen.form, Closed) or seen.actual.local is None:
        return []
    after, form = ours.shapes.shapes[f"y{k}"], seen.form
    length = ours.shapes.shapes[name][axis]
    index = np.arange(after[form.axis])
    spans = form.spans.take(index % form.period, form.axis + 1).astype(np.int64)
    moved = index // form.period * form.step
    moved = moved.reshape([-1 if i == form.axis else 1 for i in range(len(after))])
    low = np.broadcast_to(np.where(spans[0] >= NOTHING, -1, spans[0] + moved), after).reshape(-1)
    high = np.broadcast_to(np.where(spans[1] >= NOTHING, length, moved - spans[1]), after).reshape(-1)
    full_is_local = seen.actual.local is seen.actual.full
    inside = (low >= 0) & (high < length) & full_is_local
    wrong = inside & ((low != first) | (high != last))
    if not wrong.any():
        return []
    row = int(np.argmax(wrong))
    said_so = f"the closed form says {low[row]}…{high[row]}"
    return [f"{name} axis {axis} → output {k}: element {row} reads {first[row]}…{last[row]}, {said_so}"]


def zeros(**shapes: tuple[int, ...]) -> dict[str, Array]:
    """Inputs of zeros, for linear operators."""
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def around(**shapes: tuple[int, ...]) -> dict[str, Array]:
    """Inputs of random numbers from 0.5 to 1.5."""
    random = np.random.default_rng(7)
    return {name: random.uniform(0.5, 1.5, shape).astype(np.float32) for name, shape in shapes.items()}


def integers(**values: Any) -> dict[str, Array]:
    """Constant tables of 64-bit integers."""
    return {name: np.array(value, np.int64) for name, value in values.items()}
