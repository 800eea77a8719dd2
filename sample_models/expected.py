"""Note what a framework says of the networks that were exported, and hold onnxruntime to it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

HERE = Path(__file__).resolve().parent
FILE = HERE / "expected.json"


@dataclass(frozen=True)
class Window:
    """A window as the framework ran it: its name in ONNX, the layer, its stride, height and width of its output."""

    op: str
    layer: str
    stride: list[int]
    size: list[int]


@dataclass(frozen=True)
class Field:
    """What the coarsest map sees, in input rows, as the framework's own gradients show it.

    On a plane without borders, row `u` of the output of `layer` depends on the input rows from `u·stride − padding`
    to `u·stride − padding + size − 1`.
    """

    layer: str
    size: int
    stride: int
    padding: int


@dataclass(frozen=True)
class Expected:
    """One exported file. `refused` is an input shape at which the framework itself fails, for dynamic sizes."""

    exporter: str
    inputs: dict[str, list[int]]
    outputs: list[list[int]]
    windows: list[Window]
    field: Field
    refused: list[int] | None = None


def coarsest(windows: list[Window]) -> Window:
    """Give the last of the windows whose output is the smallest: where the descent ends."""
    smallest = min(window.size for window in windows)
    return [window for window in windows if window.size == smallest][-1]


def field_of(layer: str, gradients: dict[int, np.ndarray]) -> Field:
    """Read the field off the gradients of two neighbouring output rows, each a vector over the input rows.

    Raises ValueError when a border cuts a field off.
    """
    (row, span), (below, next_span) = ((row, np.flatnonzero(gradient)) for row, gradient in gradients.items())
    rows = len(next(iter(gradients.values())))
    if span[0] == 0 or next_span[-1] == rows - 1 or below != row + 1:
        raise ValueError(f"{layer}: {rows} input rows are too few to see the whole field of row {row}")
    stride = int(next_span[0] - span[0])
    return Field(layer, int(span[-1] - span[0] + 1), stride, int(row * stride - span[0]))


def record(path: Path, expected: Expected) -> None:
    """Check the file against the framework and write the framework's side to `expected.json`.

    Raises ValueError where onnxruntime's shapes are not the framework's.
    """
    check(path, expected)
    entries = json.loads(FILE.read_text()) if FILE.exists() else {}
    entries[path.name] = asdict(expected)
    FILE.write_text(layout(dict(sorted(entries.items()))))
    print(f"{path.name}: {path.stat().st_size:,} bytes, {len(expected.windows)} windows")


def layout(entries: dict[str, dict[str, object]]) -> str:
    """Give the entries as JSON with one window a line."""
    blocks = []
    for name, entry in entries.items():
        lines = []
        for key, value in entry.items():
            text = json.dumps(value)
            if key == "windows":
                text = "[\n" + ",\n".join(f"   {json.dumps(window)}" for window in value) + "\n  ]"
            lines.append(f"  {json.dumps(key)}: {text}")
        blocks.append(f" {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def check(path: Path, expected: Expected) -> None:
    """Run the file and compare the shapes of its outputs and windows with the framework's."""
    model = onnx.load(path)
    produced = [shape.name for shape in model.graph.output]
    kinds = {window.op for window in expected.windows}
    watched = [(node.op_type, node.output[0]) for node in model.graph.node if node.op_type in kinds]
    new = [name for _, name in watched if name not in produced]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in new)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = {name: np.ones(shape, np.float32) for name, shape in expected.inputs.items()}
    ran = dict(zip((item.name for item in session.get_outputs()), session.run(None, feeds), strict=True))
    outputs = [list(ran[name].shape) for name in produced]
    if outputs != expected.outputs:
        raise ValueError(f"{path.name}: the outputs are {outputs}, the framework's {expected.outputs}")
    sizes = Counter((op, *ran[name].shape[2:]) for op, name in watched)
    wanted = Counter((window.op, *window.size) for window in expected.windows)
    if sizes != wanted:
        raise ValueError(f"{path.name}: ran but not expected {sizes - wanted}; expected but not run {wanted - sizes}")
    if expected.refused:
        feeds = {name: np.ones(expected.refused, np.float32) for name in expected.inputs}
        try:
            session.run(None, feeds)
        except onnxruntime.capi.onnxruntime_pybind11_state.Fail:
            return
        raise ValueError(f"{path.name}: runs at {expected.refused}, where the framework fails")
