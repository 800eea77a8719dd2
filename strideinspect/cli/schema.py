"""`strideinspect schema`."""

from __future__ import annotations

from strideinspect.cli import console


def run() -> None:
    """Print the JSON Schema of the JSON report."""
    from strideinspect.results.json_types import schema_text

    console.write(schema_text())
