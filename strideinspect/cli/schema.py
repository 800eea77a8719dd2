"""`strideinspect schema`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from typing import Annotated

import typer

from strideinspect.cli import console
from strideinspect.errors import UsageError


def run(
    name: Annotated[
        str, typer.Argument(metavar="[COMMAND]", help="A command that answers a question: sizes, tiles, diff, …")
    ] = "report",
) -> None:
    """Print the JSON Schema of the JSON report, or of the answer of another command."""
    from strideinspect.results.schemas import SCHEMAS, schema_text

    if name not in SCHEMAS:
        raise UsageError(f"{name!r} has no schema", f"name one of {', '.join(SCHEMAS)}")
    console.write(schema_text(name))
