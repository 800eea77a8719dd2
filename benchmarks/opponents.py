"""The commands that are held against each other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

FLOOR = (sys.executable, "-c", "import onnx, networkx, typer")

_LOAD = "import sys, onnx; onnx.shape_inference.infer_shapes(onnx.load(sys.argv[1]))"

_RUN = """
import sys, numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
session.run(None, {i.name: numpy.zeros(i.shape, dtype=numpy.float32) for i in session.get_inputs()})
"""

STATIC, FULL, RUN = "static run", "full run", "onnxruntime"


def ours(model: Path, *options: str) -> tuple[str, ...]:
    """Strideinspect on a model."""
    return (sys.executable, "-m", "strideinspect", str(model), "--no-cache", *options)


def commands(model: Path, peers: Mapping[str, Path]) -> dict[str, tuple[str, ...]]:
    """What is run on every model, by the name of its column."""
    path = str(model)
    found: dict[str, tuple[str, ...]] = {
        "floor": FLOOR,
        STATIC: ours(model, "--no-verify"),
        FULL: ours(model),
        RUN: (sys.executable, "-c", _RUN, path),
        "load + infer_shapes": (sys.executable, "-c", _LOAD, path),
    }
    for name, program in peers.items():
        found[name] = (str(program), *(part.replace("MODEL", path) for part in _PEERS[name][1]))
    return found


_PEERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Polygraphy": ("polygraphy", ("inspect", "model", "MODEL")),
    "onnx-tool": ("python", ("-m", "onnx_tool", "-i", "MODEL")),
    "onnx-doctor": ("onnx-doctor", ("check", "MODEL")),
}
"""Per tool the program in its environment's `bin`, and its arguments."""

_MODULES = {"Polygraphy": "polygraphy", "onnx-tool": "onnx_tool", "onnx-doctor": "onnx_doctor"}


NO_PEERS = "no --peers environment was given"


def peers(environments: Sequence[Path]) -> tuple[dict[str, Path], dict[str, str]]:
    """Which other tools are in some environments (benchmarks/peers.txt), and why the others are left out."""
    found, missing = {}, {}
    for name, (program, _) in _PEERS.items():
        python, reason = _where(_MODULES[name], environments)
        if python is None:
            missing[name] = reason
        else:
            found[name] = python.with_name(program)
    return found, missing


def _where(module: str, environments: Sequence[Path]) -> tuple[Path | None, str]:
    """The Python of the first environment that can import a module, or why none can."""
    reason = NO_PEERS
    for environment in environments:
        python = environment / "bin" / "python"
        tried = subprocess.run((str(python), "-c", f"import {module}"), capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            return python, ""
        reason = tried.stderr.strip().rpartition("\n")[2] or "it cannot be imported"
    return None, reason
