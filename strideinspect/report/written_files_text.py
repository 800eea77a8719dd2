"""What `annotate` and `plot` wrote, in words and as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from strideinspect.report.answers import Answer, Section
from strideinspect.report.layout import Column
from strideinspect.results.written_file import WrittenFile
from strideinspect.spelling import count

COLUMNS = (Column("file", elastic=True), Column("content"), Column("layers", right=True))


def answer(path: str, written: Sequence[WrittenFile], stopped: str | None = None) -> Answer:
    """The files, and what they leave out; `stopped` says why the model does not run, if it does not."""
    rows = [(file.path, file.content, f"{file.nodes:,}" if file.nodes else "") for file in written]
    lost = {file.reason: file.left_out for file in written if file.reason is not None}
    notes = [f"left out: {count(number, 'layer')}; {reason}" for reason, number in lost.items()]
    if stopped is not None:
        notes.append(f"the model {stopped}; nothing is known of what comes after that")
    return Answer(path, [Section(f"wrote {count(len(written), 'file')}", COLUMNS, rows, notes)])


def data(path: str, written: Sequence[WrittenFile], command: str = "annotate") -> Mapping[str, Any]:
    """The same under the schema `strideinspect/annotate/1`, or that of another command that writes files."""
    return {"schema": f"strideinspect/{command}/1", "path": path, "files": [structs.asdict(file) for file in written]}
