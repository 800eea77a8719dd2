"""No false alarms: every warning over samples and the onnx package's networks is in warnings.txt, with its reason."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.runs import FILES, NETWORKS, SLOW, every_place, model_of
from tests.some_slow import some_slow

TEXT = (Path(__file__).parent / "warnings.txt").read_text(encoding="utf-8")


def listed() -> dict[str, tuple[str, list[str]]]:
    """Per model in warnings.txt the remark above it, and its warnings a line each."""
    found: dict[str, tuple[str, list[str]]] = {}
    for block in TEXT.split("\n\n"):
        lines = block.splitlines()
        remark = " ".join(line for line in lines if line.startswith("#"))
        for line in lines:
            if line.startswith(" "):
                name = next(reversed(found))
                found[name][1].append(line.strip())
            elif not line.startswith("#"):
                found[line] = (remark, [])
    return found


def line_of(finding: dict[str, Any]) -> str:
    """What warnings.txt has for a finding: rule, place, and which indices of which axes."""
    parts = [finding["rule"] if finding["severity"] == "warning" else f"{finding['severity']} {finding['rule']}"]
    parts += [f"at {finding['node'] or finding['output']}"] if finding["output"] else []
    parts += [f"input {finding['input']}"] if finding["input"] else []
    parts += [f"axes {' '.join(map(str, finding['axes']))}"] if finding["axes"] else []
    parts += [f"indices {indices(finding['ranges'])}"] if finding["ranges"] else []
    return ", ".join(parts)


def indices(ranges: list[list[int]]) -> str:
    """Ranges as people write them: 5, 7–9, or 1, 3 … 55."""
    steps = {after[0] - before[0] for before, after in pairwise(ranges)}
    if len(ranges) > 3 and len(steps) == 1 and all(first == last for first, last in ranges):
        return f"{ranges[0][0]} {ranges[1][0]} … {ranges[-1][0]}"
    return " ".join(str(first) if first == last else f"{first}–{last}" for first, last in ranges)


@pytest.mark.parametrize("name", some_slow([*FILES, *NETWORKS], SLOW))
def test_warnings_are_the_ones_that_were_looked_at(name: str) -> None:
    """The warnings and errors of a model at its design size are those of the list, in that order; most have none.

    The further places of a finding follow it.
    """
    found = [line_of(place) for place in every_place(model_of(name)) if place["severity"] != "note"]
    assert found == listed().get(name, ("", []))[1]


def test_every_entry_says_why_it_is_true() -> None:
    """Each model in the list is one that is inspected, has warnings, and a remark above them."""
    assert set(listed()) <= {*FILES, *NETWORKS}
    for remark, warnings in listed().values():
        assert len(remark.split()) > 5
        assert warnings
