"""The models that are measured, by name, and what is measured on each.

`python -m benchmarks.cases FOLDER NAME…` builds some of them, in a process of its own: only there onnx is imported.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.opponents import FLOOR, FULL, STATIC, commands, ours

if TYPE_CHECKING:
    import onnx

HUGE = 5_000_000_000
"""Bytes of the external data that nobody is to read."""


@dataclass(frozen=True, slots=True)
class Case:
    """A model, or so many copies of it. `others` says whether tools that read the weights are measured too."""

    name: str
    make: Callable[[], onnx.ModelProto]
    others: bool = True
    copies: int = 0


def _network(name: str) -> Callable[[], onnx.ModelProto]:
    def make() -> onnx.ModelProto:
        from benchmarks import networks

        made: onnx.ModelProto = getattr(networks, name)()
        return made

    return make


def _graph(name: str, size: int) -> Callable[[], onnx.ModelProto]:
    def make() -> onnx.ModelProto:
        from benchmarks import scaling

        made: onnx.ModelProto = getattr(scaling, name)(size)
        return made

    return make


EXTERNAL = Case("VGG-16 with 5 GB of external data", _network("vgg16"), others=False)

NETWORKS = (
    Case("LeNet-5", _network("lenet")),
    Case("ResNet-50", _network("resnet50")),
    Case("DenseNet-121", _network("densenet121")),
    Case("HRNet-W18", _network("hrnet")),
    Case("VGG-16", _network("vgg16")),
    EXTERNAL,
)

SCALING = (
    *(Case(f"{count:,} windows in series", _graph("chain", count)) for count in (100, 1_000, 10_000)),
    *(Case(f"{count} two-way merges in series", _graph("merges", count)) for count in (50, 100, 200)),
    *(Case(f"a dense block of {count} layers", _graph("dense_block", count)) for count in (6, 12, 24, 48)),
    *(Case(f"ten windows over {size:,}×{size:,}", _graph("strided", size)) for size in (64, 512, 8_192)),
)

MANY = tuple(Case(f"{copies} × a model of 16 merges", _graph("merges", 16), copies=copies) for copies in (1, 20, 200))

QUICK = ("LeNet-5", "100 windows in series")


def build(cases: Iterable[Case], folder: Path) -> None:
    """Write the models that are missing, in a process of its own."""
    names = [case.name for case in cases if not path_of(case, folder).exists()]
    if names:
        subprocess.run((sys.executable, "-m", "benchmarks.cases", str(folder), *names), check=True)


def path_of(case: Case, folder: Path) -> Path:
    """Where a case's model is, or the folder of its copies."""
    return folder / "".join(c if c.isalnum() else "-" for c in case.name) / ("" if case.copies else "model.onnx")


def commands_of(case: Case, folder: Path, peers: Mapping[str, Path]) -> dict[str, tuple[str, ...]]:
    """What is run on a network."""
    found = commands(path_of(case, folder), peers)
    return found if case.others else {name: found[name] for name in ("floor", STATIC, FULL)}


def scaling_commands(cases: Iterable[Case], folder: Path, jobs: Iterable[int]) -> dict[str, tuple[str, ...]]:
    """The static run of every case, side by side; copies with so many jobs each."""
    found = {"floor": FLOOR, "--help": (*FLOOR[:1], "-m", "strideinspect", "--help")}
    for case in cases:
        path = path_of(case, folder)
        if not case.copies:
            found[case.name] = ours(path, "--no-verify")
            continue
        for count in jobs:
            found[f"{case.name}, --jobs {count}"] = ours(path, "--no-verify", "--jobs", str(count))
    return found


def _write(case: Case, folder: Path) -> None:
    from benchmarks.builder import save_with_sparse_data

    path = path_of(case, folder)
    path = path if case.copies else path.parent
    path.mkdir(parents=True, exist_ok=True)
    model = case.make()
    if case is EXTERNAL:
        largest = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
        save_with_sparse_data(model, path / "model.onnx", largest.name, HUGE)
        return
    for number in range(max(1, case.copies)):
        name = f"{number:03}.onnx" if case.copies else "model.onnx"
        (path / name).write_bytes(model.SerializeToString())


if __name__ == "__main__":
    wanted = set(sys.argv[2:])
    for one in (*NETWORKS, *SCALING, *MANY):
        if one.name in wanted:
            _write(one, Path(sys.argv[1]))
