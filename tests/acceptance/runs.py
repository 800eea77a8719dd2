"""What is said of all models that many tests look at, and the command as a user runs it on one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import onnx

from tests.cli.process import SAMPLES, strideinspect
from tests.unverified import unverified

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
ALEXNET = str(LIGHT / "light_bvlc_alexnet.onnx")
NETWORKS = sorted(path.name for path in LIGHT.glob("*.onnx"))
FILES = sorted(path.name for path in SAMPLES.glob("*.onnx"))

Model = dict[str, Any]


def family(name: str) -> str:
    """What the files of one network are called before the exporter: resnet18, wavenet, light."""
    return re.split("[-_]", name)[0]


FIRST = {family(name): name for name in reversed([*FILES, *NETWORKS]) if "dynamic" not in name}.values()
SLOW = {*FILES, *NETWORKS} - {*FIRST}
"""All but one file of each network."""


@cache
def model_of(name: str) -> Model:
    """The JSON report on a sample or on a network of the onnx package, without running it.

    `test_onnxruntime_agrees` shows that the command says the same.
    """
    found: Model = json.loads(json.dumps(unverified(path_of(name)).to_dict()))
    return found


def path_of(name: str) -> Path:
    """Where a sample or a network lies."""
    return (SAMPLES if name in FILES else LIGHT) / name


def reports(names: Iterable[str], *options: str) -> dict[str, Model]:
    """The JSON reports of one run of the command over these models, by file name."""
    done = strideinspect(*(str(path_of(name)) for name in names), "--format", "json", "--fail-on", "never", *options)
    assert (done.returncode, done.stderr) == (0, "")
    return {Path(model["path"]).name: model for model in json.loads(done.stdout)["models"]}


def at_size(path: str, *options: str) -> tuple[int, Model]:
    """Exit status and JSON report of one model with these options, without running it."""
    done = strideinspect(path, "--format", "json", "--no-verify", *options)
    assert done.stderr == ""
    (model,) = json.loads(done.stdout)["models"]
    return done.returncode, model


def findings(model: Model, rule: str) -> list[dict[str, Any]]:
    """What one rule says, one finding per place."""
    return [place for place in every_place(model) if place["rule"] == rule]


def every_place(model: Model) -> list[dict[str, Any]]:
    """The findings taken apart: one per place."""
    return [place for finding in model["findings"] for place in (finding, *finding["also"])]


def last_of_the_coarsest_map(model: Model) -> Model:
    """The last window whose output is the smallest, global poolings and what comes after them aside."""

    def size(node: Model) -> list[int]:
        axes = [field["node_axis"] for field in node["fields"]]
        return [node["output_shape"][axis] for axis in axes]

    placed = [node for node in model["nodes"] if all(field["node_axis"] is not None for field in node["fields"])]
    windows = [node for node in placed if node["dropped"] is not None or node["op"] == "ConvTranspose"]
    smallest = min(map(size, windows))
    found: Model = [node for node in windows if size(node) == smallest][-1]
    return found
