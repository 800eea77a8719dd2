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
    """A window as the framework ran it: its name in ONNX, the layer, its stride, the spatial size of its output."""

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
    """One exported file.

    `refused` is an input shape at which the framework itself fails, for dynamic sizes. There is no field where a
    network takes two images, or images of one size alone.
    """

    exporter: str
    inputs: dict[str, list[int]]
    outputs: list[list[int]]
    windows: list[Window]
    field: Field | None
    refused: list[int] | None = None


def coarsest_first(windows: list[Window]) -> list[Window]:
    """Give the windows from the smallest output to the largest, of equal ones the last first: where a descent ends."""
    latest = windows[::-1]  # sorting leaves equal ones in their order
    return sorted(latest, key=lambda window: window.size)


def field_of(layer: str, gradients: dict[int, np.ndarray]) -> Field | None:
    """Read the field off the gradients of two neighbouring output rows, each a vector over the input rows.

    There is none where a border cuts a field off.
    """
    (row, span), (below, next_span) = ((row, np.flatnonzero(gradient)) for row, gradient in gradients.items())
    rows = len(next(iter(gradients.values())))
    if span[0] == 0 or next_span[-1] == rows - 1 or below != row + 1:
        return None
    stride = int(next_span[0] - span[0])
    return Field(layer, int(span[-1] - span[0] + 1), stride, int(row * stride - span[0]))


def record(path: Path, expected: Expected, *, rearranged: bool = False) -> None:
    """Check the file against the framework and write the framework's side to `expected.json`.

    `rearranged` says that the exporter slides the windows over maps of another shape.
    Raises ValueError where onnxruntime's shapes are not the framework's.
    """
    check(path, expected, rearranged=rearranged)
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


def check(path: Path, expected: Expected, *, rearranged: bool) -> None:
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
    # Keras' own preprocessing leaves inputs behind that nothing reads.
    sizes = {item.name: [dim.dim_value for dim in item.type.tensor_type.shape.dim] for item in model.graph.input}
    feeds = {name: np.ones(shape, np.float32) for name, shape in (sizes | expected.inputs).items()}
    ran = dict(zip((item.name for item in session.get_outputs()), session.run(None, feeds), strict=True))
    outputs = [list(ran[name].shape) for name in produced]
    if outputs != expected.outputs:
        raise ValueError(f"{path.name}: the outputs are {outputs}, the framework's {expected.outputs}")
    slid = Counter((op, *ran[name].shape[2:]) for op, name in watched)
    wanted = Counter((window.op, *window.size) for window in expected.windows)
    if slid != wanted and not rearranged:
        raise ValueError(f"{path.name}: ran but not expected {slid - wanted}; expected but not run {wanted - slid}")
    if expected.refused:
        feeds = {name: np.ones(expected.refused, np.float32) for name in expected.inputs}
        try:
            session.run(None, feeds)
        except onnxruntime.capi.onnxruntime_pybind11_state.Fail:
            return
        raise ValueError(f"{path.name}: runs at {expected.refused}, where the framework fails")
