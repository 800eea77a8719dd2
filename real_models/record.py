"""Inspect every real model without options, record what is found above a note, and write the page about it.

Usage: python real_models/record.py FOLDER [PART...]

FOLDER is what `fetch.py` and the two export scripts filled. With PARTs, only models whose name contains one of them are
inspected again, and those that are not recorded yet. The record is `findings.json`; the page, docs/real-models.md, is
written from it and from `judgements.toml`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

HERE = Path(__file__).resolve().parent
RECORD = HERE / "findings.json"
JOBS = 2
SLOW = 20.0  # seconds; a model that takes longer is named while recording


def inspected(folder: Path, name: str) -> dict[str, Any]:
    """One model's exit status, its number of findings by severity, and those above a note."""
    start = monotonic()
    command = [sys.executable, "-m", "strideinspect", name, "--format", "json", "--no-cache"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if monotonic() - start > SLOW:
        print(f"slow: {name} took {monotonic() - start:.0f} s", file=sys.stderr)
    entry: dict[str, Any] = {"model": name, "status": done.returncode}
    if done.returncode > 1:
        return entry | {"refused": done.stderr.strip()}
    findings = json.loads(done.stdout)["models"][0]["findings"]
    counts = Counter(finding["severity"] for finding in findings)
    above = [kept(finding) for finding in findings if finding["severity"] != "note"]
    return entry | {"errors": counts["error"], "warnings": counts["warning"], "notes": counts["note"], "above": above}


def kept(finding: dict[str, Any]) -> dict[str, str]:
    """What is recorded of one finding."""
    place = finding["node"] or finding["output"] or finding["input"] or ""
    return {"rule": finding["rule"], "place": place, "message": finding["message"], "help": finding["help"]}


def models_in(folder: Path) -> Iterator[str]:
    """Every model of the folder, relative to it, the packages' first."""
    for kind in ("packages", "exports"):
        yield from sorted(str(path.relative_to(folder)) for path in (folder / kind).rglob("*.onnx"))


def main(folder: Path, parts: list[str]) -> None:
    """Record the models, each as soon as it is inspected, then write the page."""
    names = list(models_in(folder))
    there = json.loads(RECORD.read_text(encoding="utf-8")) if parts and RECORD.exists() else []
    entries = {entry["model"]: entry for entry in there if entry["model"] in names}
    again = [name for name in names if name not in entries or any(part in name for part in parts)]
    with ThreadPoolExecutor(JOBS) as pool:
        for entry in pool.map(lambda name: inspected(folder, name), again):
            entries[entry["model"]] = entry
            written = [entries[name] for name in names if name in entries]
            RECORD.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    subprocess.run([sys.executable, HERE.parent / "docs" / "generate_real_models.py"], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
