"""What the tests of verification share: models from text, the worker's answers in this process, and perturbation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper, parser

from strideinspect.verify.answers import Ran, field_line, learn, shapes_of

Shape = tuple[int, ...]


def model_of(text: str, opset: int = 20, seed: int = 0, **tables: list[Any]) -> onnx.ModelProto:
    """A model from its graph's text. Inputs whose name begins with w become random weights, `tables` constants."""
    header = f'<ir_version: 8, opset_import: ["": {opset}, "com.microsoft": 1]>'
    model = parser.parse_model(f"{header} g {text}")
    random = np.random.default_rng(seed)
    entries = list(model.graph.input)
    del model.graph.input[:]
    for entry in entries:
        kind = entry.type.tensor_type
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        if entry.name in tables:
            array = np.array(tables[entry.name], dtype)
        elif entry.name.startswith("w"):
            array = (random.uniform(0.5, 1.5, [d.dim_value for d in kind.shape.dim])).astype(dtype)
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
    onnx.save(model, str(path))
    return str(path)


def ran(model: onnx.ModelProto, directory: Path, inputs: Mapping[str, Shape] | None = None) -> Ran:
    """The model after the worker's run."""
    return learn(*shapes_of(saved(model, directory), inputs or input_shapes(model), directory))


def seen(known: Ran, source: str, axis: int, tensor: str, along: int | None) -> dict[str, Any]:
    """The worker's answer to one question about a field."""
    (answer,) = field_line(known, [{"input": source, "axis": axis, "tensors": {tensor: along}}], [])["fields"]
    return answer


def reached(model: onnx.ModelProto, source: str, axis: int, tries: int = 4) -> Iterator[tuple[str, np.ndarray]]:
    """Per graph output [length, *shape]: whether changing that row of the input changed that element.

    Runs the real model with its real operators: each row is raised and lowered, in random amounts and over several
    random images, so that neither a maximum nor a threshold hides a dependence.
    """
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    shapes = input_shapes(model)
    names = [entry.name for entry in model.graph.output]
    length = shapes[source][axis]
    found: dict[str, np.ndarray] = {}
    for attempt in range(tries):
        random = np.random.default_rng(attempt)
        feeds = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
        before = session.run(names, feeds)
        for row in range(length):
            for sign in (3.0, -3.0):
                changed = dict(feeds)
                image = feeds[source].copy()
                place = tuple(row if k == axis else slice(None) for k in range(image.ndim))
                image[place] += sign * random.uniform(0.5, 1.5, image[place].shape).astype(np.float32)
                changed[source] = image
                for name, old, new in zip(names, before, session.run(names, changed), strict=True):
                    marks = found.setdefault(name, np.zeros((length, *old.shape), bool))
                    marks[row] |= old != new
    yield from found.items()


def hulls(marks: np.ndarray, along: int) -> tuple[list[int | None], list[int | None]]:
    """First and last row that reach each index along one axis of a tensor, from what `reached` gives."""
    rows = np.moveaxis(marks, along + 1, 1).reshape(*marks.shape[:1], marks.shape[along + 1], -1).any(axis=2)
    lit = [np.flatnonzero(rows[:, index]).tolist() for index in range(rows.shape[1])]
    return [r[0] if r else None for r in lit], [r[-1] if r else None for r in lit]
