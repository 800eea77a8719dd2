"""One name means one thing: a class and a file can be found by their names alone."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import strideinspect

PACKAGE = Path(strideinspect.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))


def test_class_names_occur_once() -> None:
    """No two classes of the package share a name, private ones included."""
    names = Counter(
        re.findall(r"^class (\w+)", "\n".join(file.read_text(encoding="utf-8") for file in FILES), re.MULTILINE)
    )
    assert len(names) > 300
    assert [name for name, count in names.items() if count > 1] == []


def test_file_names_occur_once() -> None:
    """No two files share a name, but for a family of operators and its half of the probe."""
    places: dict[str, list[str]] = {}
    for file in FILES:
        if file.name != "__init__.py":
            places.setdefault(file.name, []).append(file.parent.relative_to(PACKAGE).as_posix())
    assert len(places) > 400
    shared = {tuple(sorted(folders)) for folders in places.values() if len(folders) > 1}
    assert shared <= {("reads", "verify/probe")}
