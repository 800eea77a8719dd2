"""Damaged models by the thousand: whatever is wrong with a file, it ends as a report or as a clear error."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tests.fuzz.damage import cases
from tests.fuzz.sources import sources

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How one case ended: report, error, or crash, with what went wrong."""

    case: int
    source: str
    end: str
    what: str = ""

    @property
    def allowed(self) -> bool:
        """Whether it ended as it may."""
        return self.end in ("report", "error") and not self.what


def run(seed: int, count: int, *, start: int = 0, largest: int = 60_000) -> Iterator[Ended]:
    """Inspect `count` damaged models; a process that dies is replaced, and the case that it died of is a crash."""
    at = start
    while at < start + count:
        with tempfile.TemporaryDirectory() as folder:
            arguments = [str(number) for number in (seed, at, start + count - at, largest)]
            command = [sys.executable, "-m", "tests.fuzz.worker", *arguments, folder]
            with subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            ) as process:
                current = None
                for line in process.stdout or ():
                    told = json.loads(line)
                    if "end" not in told:
                        current = told
                        continue
                    yield _ended(told, current["source"] if current else "")
                    at, current = told["case"] + 1, None
            if current is not None:
                yield Ended(at, current["source"], "died", f"the process ended with {process.returncode}")
                at += 1
            elif process.returncode:
                raise RuntimeError(f"the fuzzing process cannot start: {process.returncode}")


def _ended(told: dict[str, object], source: str) -> Ended:
    what = str(told.get("what", ""))
    if told["touched"]:
        what += f" opened or left {told['touched']}"
    return Ended(int(str(told["case"])), source, str(told["end"]), what.strip())


def case(seed: int, number: int, largest: int = 60_000) -> bytes:
    """The damaged model of a case."""
    return next(islice(cases(sources(largest), seed), number, None))[1]


def tally(found: Iterator[Ended]) -> Counter[str]:
    """How many ended in which way."""
    return Counter(ended.end for ended in found)
