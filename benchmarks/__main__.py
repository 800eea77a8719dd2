"""`python -m benchmarks`: measure, print one table, and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import cases, page
from benchmarks.opponents import RUN, peers
from benchmarks.receptive_fields import answers
from benchmarks.running import measured

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the smallest cases, one run each; writes no page")
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="counted runs of each command (default: 7)")
    parser.add_argument("--only", action="append", metavar="WORD", help="cases whose name holds this; writes no page")
    parser.add_argument("--models", type=Path, metavar="FOLDER", help="where models are kept, for the next time")
    parser.add_argument(
        "--peers",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="a virtual environment with tools that benchmarks/peers.txt names; may be given again",
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as scratch:
        _run(asked, asked.models or Path(scratch))


def _run(asked: argparse.Namespace, folder: Path) -> None:
    runs = 1 if asked.quick else asked.runs
    networks, growing = (_wanted(group, asked) for group in (cases.NETWORKS, (*cases.SCALING, *cases.MANY)))
    tools, missing = peers(asked.peers)
    found: list[page.Row] = []
    for case in networks:
        _tell(case.name)
        cases.build([case], folder)
        figures, failed = measured(cases.commands_of(case, folder, tools), runs, warm=not asked.quick)
        found += page.rows(case.name, figures, RUN)
        missing |= {f"{name} on {case.name}": reason for name, reason in failed.items()}
    _tell("growth")
    cases.build(growing, folder)
    figures, failed = measured(cases.scaling_commands(growing, folder, jobs=(1, 2)), runs, warm=not asked.quick)
    scaling = page.rows("growth", figures, RUN)
    missing |= failed
    fields, unasked = answers(asked.peers)
    page.show([*found, *scaling])
    for name, reason in (missing | unasked).items():
        _tell(f"left out: {name}: {reason}")
    if not asked.quick and not asked.only:
        PAGE.write_text(page.markdown(found, scaling, fields, missing | unasked, runs), encoding="utf-8")
        _tell(f"wrote {PAGE.name}")


def _wanted(group: tuple[cases.Case, ...], asked: argparse.Namespace) -> list[cases.Case]:
    words = asked.only or ([*cases.QUICK] if asked.quick else [""])
    return [case for case in group if any(word in case.name for word in words)]


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
