"""`python -m benchmarks.many_sizes`: processor time of the sizes of a network beside that of one static inspection.

Both run in one process that has done both before, so that neither imports anything, in turn; the least of each counts.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import strideinspect

MODEL = Path(__file__).parents[1] / "sample_models" / "resnet50-torchscript.onnx"


class Cost(NamedTuple):
    """Processor time in seconds of one static inspection, and of judging the sizes."""

    inspection: float
    sizes: float


def cost(model: Path, within: tuple[int, int], runs: int) -> Cost:
    """What the sizes of a model cost, with a table of the sizes in this range, both ends included."""
    questions: tuple[Callable[[], object], ...] = (
        lambda: strideinspect.inspect(model, verify="none"),
        lambda: strideinspect.sizes(model, range=within),
    )
    for ask in questions:
        ask()
    times = [[_processor_time(ask) for ask in questions] for _ in range(runs)]
    return Cost(*map(min, zip(*times, strict=True)))


def _processor_time(ask: Callable[[], object]) -> float:
    begin = time.process_time()
    ask()
    return time.process_time() - begin


def main() -> None:
    """Read the command line, measure, and print one line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many_sizes", description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=MODEL)
    parser.add_argument("--range", type=int, nargs=2, default=(224, 323), metavar=("FIRST", "LAST"))
    parser.add_argument("--runs", type=int, default=25, metavar="N")
    asked = parser.parse_args()
    gc.set_threshold(200_000)  # as the command does
    found = cost(asked.model, tuple(asked.range), asked.runs)
    print(
        f"{asked.model.name}: inspection {1000 * found.inspection:.0f} ms, "
        f"sizes {1000 * found.sizes:.0f} ms, {found.sizes / found.inspection:.2f} times as much"
    )


if __name__ == "__main__":
    main()
