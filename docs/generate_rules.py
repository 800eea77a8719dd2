"""Write docs/rules/ from the rules' own docstrings: a page per rule and an index by group.

Run it after changing a rule's documentation; `--check` only checks whether the pages are current.
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from strideinspect.rules.page import page
from strideinspect.rules.registry import all_rules

FOLDER = Path(__file__).parent / "rules"
NOTICE = "<!-- Written by docs/generate_rules.py; a test checks that it is current. -->"
INTRODUCTION = """\
Every finding names its rule. `strideinspect rules` prints this list; `--select` and `--ignore` take ids and groups.
The severity is the maximum that a rule reports. Each page has an example that the rule flags and a clean one; both are
run as tests."""


def index() -> str:
    """The index: a table of rules per group."""
    parts = ["# Rules", NOTICE, INTRODUCTION]
    for group, rules in groupby(all_rules(), key=lambda rule: rule.group):
        rows = [f"| [{rule.id}]({rule.id}.md) | {rule.severity.value} | {rule.summary} |" for rule in rules]
        parts += [f"## {group}", "\n".join(["| rule | severity | when |", "|---|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


def pages() -> dict[str, str]:
    """Every file of the folder by its name."""
    written = {f"{rule.id}.md": page(rule).markdown() for rule in all_rules()}
    titled = {name: text.replace("\n\n", f"\n\n{NOTICE}\n\n", 1) for name, text in written.items()}
    return titled | {"README.md": index()}


def stale() -> list[str]:
    """Names of files that are missing, out of date, or belong to no rule."""
    wanted = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        names = stale()
        sys.exit(f"stale in docs/rules: {', '.join(names)}; run python docs/generate_rules.py" if names else 0)
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.md"):
        path.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
