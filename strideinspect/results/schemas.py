"""The JSON Schemas that ship in the package: of the report, and of the answers to questions."""

from __future__ import annotations

from pathlib import Path

SCHEMAS = ("report", "sizes", "where", "tiles", "diff", "whatif", "fix", "erf")
"""What has a schema: the report, and the commands that answer a question."""


def schema_text(name: str = "report") -> str:
    """One of `SCHEMAS`, as shipped in the package."""
    return Path(__file__).with_name(f"{name}-1.schema.json").read_text(encoding="utf-8")
