"""`python -m tests.fuzz --minutes 60 --seed 7`: a campaign as long as one likes; what it finds is kept in a folder."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.campaign import case, run


def main() -> int:
    """Run until the time is over; the exit status is 1 if something ended as it may not."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="folder for the models that do harm")
    given = parser.parse_args()
    until = time.monotonic() + 60 * given.minutes
    ends: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for ended in run(given.seed, sys.maxsize):
        ends[ended.end] += 1
        if not ended.allowed:
            seen[ended.what] += 1
            if seen[ended.what] == 1:
                given.keep.mkdir(exist_ok=True)
                (given.keep / f"{given.seed}-{ended.case}.onnx").write_bytes(case(given.seed, ended.case))
                print(f"case {ended.case} of {ended.source}: {ended.end}: {ended.what}", flush=True)  # noqa: T201
        if time.monotonic() > until:
            break
    sys.stdout.write(", ".join(f"{count:,} {end}" for end, count in sorted(ends.items())) + "\n")
    return 1 if seen else 0


if __name__ == "__main__":
    sys.exit(main())
