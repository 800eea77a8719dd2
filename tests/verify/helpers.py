"""What the tests of verification share: models from text, the worker's answers in this process, and perturbation."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper, parser

from strideinspect.results.verdict import Verification
from strideinspect.verify.claims import Claims
from strideinspect.verify.client import Verifier
from strideinspect.verify.messages import AxisProbe, ObservedField, RunModel
from strideinspect.verify.responses import ExecutedModel, learn, observed_fields, shapes_of

Shape = tuple[int, ...]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Case:
    """A graph in ONNX text, and what the line with its name says: operator set, constants, expectations."""

    text: str
    settings: Mapping[str, Any]

    def model(self) -> onnx.ModelProto:
        """The model."""
        return model_of(self.text, **self.settings)


def cases(name: str) -> dict[str, Case]:
    """The cases of a text file beside this one: blocks that begin with == and the case's name."""
    found = {}
    for block in re.split(r"^== ", Path(__file__).with_name(name).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = block.partition("\n")
        title, *settings = head.split(" ")
        lines = [line for line in body.splitlines() if not line.startswith("#")]
        pairs = (setting.split("=", 1) for setting in settings)
        found[title] = Case("\n".join(lines), {key: json.loads(value) for key, value in pairs})
    return found


def model_of(text: str, *, opset: int = 20, **tables: Any) -> onnx.ModelProto:
    """A model from its graph's text. Inputs whose name begins with w become random weights, `tables` constants."""
    model = parser.parse_model(f'<ir_version: 8, opset_import: ["": {opset}, "com.microsoft": 1]> g {text}')
    random = np.random.default_rng(0)
    entries = list(model.graph.input)
    del model.graph.input[:]
    for entry in entries:
        kind = entry.type.tensor_type
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        if entry.name in tables:
            array = np.array(tables[entry.name], dtype)
        elif entry.name.startswith("w"):
            array = random.uniform(0.5, 1.5, [d.dim_value for d in kind.shape.dim]).astype(dtype)
        else:
            model.graph.input.append(entry)
            continue
        model.graph.initializer.append(numpy_helper.from_array(array, entry.name))
    return model


def input_shapes(model: onnx.ModelProto) -> dict[str, Shape]:
    """The declared sizes of a model's inputs."""
    return {e.name: tuple(d.dim_value for d in e.type.tensor_type.shape.dim) for e in model.graph.input}


def saved(model: onnx.ModelProto, directory: Path) -> str:
    """The path of the model's file."""
    path = directory / "model.onnx"
    onnx.save(model, path)
    return str(path)


def executed(model: onnx.ModelProto, directory: Path, inputs: Mapping[str, Shape] | None = None) -> ExecutedModel:
    """The model after the worker's run."""
    return learn(*shapes_of(RunModel(saved(model, directory), inputs or input_shapes(model)), directory))


def observed(model: ExecutedModel, source: str, axis: int, tensor: str, along: int | None) -> ObservedField | str:
    """What the worker observes of one tensor, or why it does not."""
    return observed_all(model, source, axis, {tensor: along})[tensor]


def observed_all(
    model: ExecutedModel, source: str, axis: int, wanted: Mapping[str, int | None]
) -> dict[str, ObservedField | str]:
    """What the worker observes of several tensors of one input axis."""
    results = observed_fields(model, [AxisProbe(source, axis, wanted)], []).fields
    return {result.tensor: result.field for result in results}


def checked(verifier: Verifier, claims: Claims, progress: Callable[[str], None] = lambda _: None) -> Verification:
    """What comes of these claims, after `begin`."""
    return verifier.ask(claims)(progress)


def reached(model: onnx.ModelProto, source: str, axis: int, tries: int = 4) -> Iterator[tuple[str, Booleans]]:
    """Per graph output [length, *shape]: whether changing that row of the input changed that element.

    Runs the real model with its real operators: each row is raised and lowered by random amounts, over several random
    images, so that neither a maximum nor a threshold hides a dependence.
    """
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    shapes = input_shapes(model)
    names = [entry.name for entry in model.graph.output]
    length = shapes[source][axis]
    found: dict[str, Booleans] = {}
    for attempt in range(tries):
        random = np.random.default_rng(attempt)
        feeds = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
        before = session.run(names, feeds)
        for row in range(length):
            place = tuple(row if k == axis else slice(None) for k in range(len(shapes[source])))
            for sign in (3.0, -3.0):
                image = feeds[source].copy()
                image[place] += sign * random.uniform(0.5, 1.5, np.shape(image[place])).astype(np.float32)
                for name, old, new in zip(names, before, session.run(names, feeds | {source: image}), strict=True):
                    marks = found.setdefault(name, np.zeros((length, *old.shape), bool))
                    marks[row] |= old != new
    yield from found.items()


def hulls(marks: Booleans, along: int) -> tuple[list[int | None], list[int | None]]:
    """First and last row that reach each index along one axis of a tensor, from what `reached` gives."""
    columns = np.moveaxis(marks, along + 1, 0)
    lit = [np.flatnonzero(column.reshape(len(marks), -1).any(axis=1)).tolist() for column in columns]
    return [r[0] if r else None for r in lit], [r[-1] if r else None for r in lit]
