"""A process that inspects damaged models one after another, under bounds of memory and time, and says how each ended.

Started with the seed, the first case and the number of cases, and the folder in which they are put. One line of JSON is
written before each case and one after it, so that whoever reads them knows which case a process died of.
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from strideinspect import StrideinspectError, inspect
from tests.fuzz.damage import cases
from tests.fuzz.sources import sources

MEMORY = 3 << 30
"""Bytes of address space; Python with its libraries takes a sixth of it."""
SECONDS = 20
"""Of processor time for one case."""
VERIFIED = 100
"""One case of so many is also run."""


def main(seed: int, start: int, count: int, largest: int, folder: Path) -> None:
    """Inspect the cases start, start + 1, … of a seed."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    path = folder / "model.onnx"
    scratch = folder / "scratch"
    scratch.mkdir()
    tempfile.tempdir = str(scratch)  # what verification writes goes there, and has to be gone afterwards
    with _watched(folder) as touched:
        for number, (name, data) in enumerate(itertools.islice(cases(sources(largest), seed), start + count)):
            if number < start:
                continue
            _say({"case": number, "source": name})
            _bound(SECONDS)
            path.write_bytes(data)
            began = time.process_time()
            touched.clear()
            ended = _ended(path, verified=number % VERIFIED == 0)
            stray = sorted(touched) + sorted(p.name for p in folder.rglob("*") if p not in (path, scratch))
            _say({"case": number, **ended, "seconds": round(time.process_time() - began, 2), "touched": stray})


def _ended(path: Path, *, verified: bool) -> dict[str, str]:
    try:
        inspect(path, verify="run" if verified else "none")
    except StrideinspectError as error:
        one_line = error.message and "\n" not in error.message + error.help
        return {"end": "error"} if one_line else {"end": "crash", "what": f"message {error.message!r}"}
    except Exception as error:  # noqa: BLE001 - what the campaign is for
        places = [f for f in traceback.extract_tb(error.__traceback__) if "strideinspect" in f.filename]
        place = f"{Path(places[-1].filename).name}:{places[-1].lineno}" if places else "?"
        return {"end": "crash", "what": f"{type(error).__name__} at {place}: {error}"[:300]}
    return {"end": "report"}


def _bound(seconds: int) -> None:
    """Let the process be killed once it has used so much more processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


@contextmanager
def _watched(folder: Path) -> Iterator[set[str]]:
    """Files outside of `folder`, and of what Python itself is made of, that are opened meanwhile."""
    allowed = (str(folder), sys.prefix, sys.base_prefix, str(Path(__file__).parents[2]), "/dev/null", "/proc/self")
    touched: set[str] = set()
    on = [True]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if on[0] and event == "open" and isinstance(arguments[0], str | bytes):
            name = os.fsdecode(arguments[0])
            if not os.path.abspath(name).startswith(allowed):  # noqa: PTH100 - a Path costs more
                touched.add(name)

    sys.addaudithook(hook)
    yield touched
    on[0] = False  # a hook cannot be taken away


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
