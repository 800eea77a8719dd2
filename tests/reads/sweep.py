"""The whole sweep, more than the tests take: python -m tests.reads.sweep [family …]."""

from __future__ import annotations

import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

from tests.reads.running import differences, refused


def main(wanted: list[str]) -> int:
    """Run every case of the families named, or of all; print what differs. The number of cases that do."""
    names = wanted or sorted(path.stem.removeprefix("cases_") for path in Path(__file__).parent.glob("cases_*.py"))
    wrong = 0
    for name in names:
        counts: Counter[str] = Counter()
        for case in import_module(f"tests.reads.cases_{name}").cases():
            reason = refused(case)
            found = [] if reason else differences(case)
            counts["refused by onnxruntime" if reason else "different" if found else "equal"] += 1
            for text in found:
                print(f"{case}\n    {text}")  # noqa: T201 - a command, run by hand
        print(name, dict(counts))  # noqa: T201
        wrong += counts["different"]
    return wrong


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
