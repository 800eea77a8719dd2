"""The results: one table on the terminal, and the page that keeps them."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.receptive_fields import EXPECTED, Answer
from benchmarks.running import Figures

WIDTH = 140
"""Cells of the table where no terminal sets a width."""

PACKAGES = ("strideinspect", "onnx", "onnxruntime", "numpy", "networkx", "typer")


@dataclass(frozen=True, slots=True)
class Row:
    """One command on one model.

    Ratios, to the floor and to a run of onnxruntime, are of wall-clock and of processor time; None without a partner.
    """

    model: str
    command: str
    seconds: float
    floors: tuple[float, float]
    runs: tuple[float, float] | None
    mebibytes: float
    above: float

    def cells(self) -> tuple[str, ...]:
        """As text."""
        runs = ("", "") if self.runs is None else tuple(f"{ratio:.2f}" for ratio in self.runs)
        return (
            self.model,
            self.command,
            f"{self.seconds:.2f}",
            *(f"{ratio:.2f}" for ratio in self.floors),
            *runs,
            f"{self.mebibytes:,.0f}",
            f"{self.above:+,.0f}",
        )


TITLES = ("model", "command", "seconds", "× floor", "(processor)", "× onnxruntime", "(processor)", "MiB", "above floor")


def rows(model: str, figures: Mapping[str, Figures], runtime: str) -> list[Row]:
    """The rows of one model, the floor first."""
    floor, plain = figures["floor"], figures.get(runtime)
    return [
        Row(
            model=model,
            command=name,
            seconds=found.seconds,
            floors=found.times(floor),
            runs=found.times(plain) if plain is not None else None,
            mebibytes=found.mebibytes,
            above=found.mebibytes - floor.mebibytes,
        )
        for name, found in figures.items()
    ]


def show(found: Iterable[Row]) -> None:
    """One table on the terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*TITLES, box=None)
    last = None
    for row in found:
        model, *rest = row.cells()
        table.add_row("" if model == last else model, *rest)
        last = model
    console = Console()
    console.print(table, width=None if console.is_terminal else WIDTH)


def markdown(
    networks: Sequence[Row],
    scaling: Sequence[Row],
    fields: Sequence[Answer],
    missing: Mapping[str, str],
    runs: int,
) -> str:
    """The page."""
    parts = [
        "# Benchmarks\n",
        "Written by `python -m benchmarks`, which builds its models on the spot; nothing here is typed in.\n",
        f"{machine()}.\n",
        f"Medians of {runs} runs of whole processes, all commands of a table in turn (A B C A B C …); a",
        "ratio is the median over runs made side by side, of wall-clock time and (processor) of the time that all",
        "processors spent on it, which says more where the machine had other work. Memory is the peak of the process",
        "and of those that it starts together: a full run counts the process that runs onnxruntime.\n",
        'The floor is `python -c "import onnx, networkx, typer"`; onnxruntime is one session and one run of the model,',
        "load + infer_shapes is `onnx.load` and `onnx.shape_inference.infer_shapes`. The static run is",
        "`strideinspect MODEL --no-verify`, the full run `strideinspect MODEL`.\n",
        "## Networks\n",
        *_table(TITLES, (row.cells() for row in networks)),
        "",
        "## Growth\n",
        "Static runs.\n",
        *_table(
            ("what", "seconds", "× floor", "(processor)", "MiB"),
            ((r.command, *r.cells()[2:5], r.cells()[7]) for r in scaling),
        ),
        "",
    ]
    if fields:
        parts += [
            "## Receptive fields of other tools\n",
            *_table(
                ("network", "field", "from", "tool", "says", ""),
                (
                    (a.network, *map(str, EXPECTED[a.network]), a.tool, str(a.said), "right" if a.right else "wrong")
                    for a in fields
                ),
            ),
            "",
        ]
    if missing:
        parts += ["Left out:\n", *(f"- {name}: {reason}" for name, reason in missing.items()), ""]
    return "\n".join(parts)


def machine() -> str:
    """Processor, cores, what else it was doing, system and versions; no names of hosts or people."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = names[0] if names else platform.machine()
    packages = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    load = f", load average {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else ""
    return f"{model}, {os.cpu_count()} cores{load}, {platform.system()}, Python {platform.python_version()}, {packages}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _table(titles: Sequence[str], found: Iterable[Sequence[str]]) -> list[str]:
    lines = [titles, ["---"] * len(titles), *found]
    return ["| " + " | ".join(line) + " |" for line in lines]
