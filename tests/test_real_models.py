"""What is said of real models on docs/real-models.md has been looked at, entry by entry."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "generate_real_models.py"))
RECORD = json.loads((ROOT / "real_models" / "findings.json").read_text(encoding="utf-8"))


def test_every_entry_is_judged_once() -> None:
    """Every finding above a note has one judgement, and every judgement is about as many findings as it says."""
    assert SCRIPT["unmatched"]() == []


def test_there_are_enough_models() -> None:
    """At least forty, from at least ten packages and from all three exporters."""
    names = [model["model"] for model in RECORD]
    packages = {name.split("/")[1] for name in names if name.startswith("packages/")}
    exporters = {name.removesuffix(".onnx").rpartition("-")[2] for name in names if name.startswith("exports/")}
    assert (len(names) >= 40, len(packages) >= 10, exporters) == (True, True, {"dynamo", "torchscript", "keras"})


def test_no_path_of_a_machine() -> None:
    """The record names models relative to the folder that they are kept in, and no place on a machine."""
    text = json.dumps(RECORD)
    assert [place for place in (f"{Path.home()}/", "site-packages/") if place in text] == []
