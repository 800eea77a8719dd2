"""`strideinspect schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from strideinspect.cli import console
from strideinspect.errors import UsageError


def run(
    name: Annotated[
        str, typer.Argument(metavar="[COMMAND]", help="erf, sizes, tiles or where, for the schema of that.")
    ] = "report",
) -> None:
    """Print the JSON Schema of the JSON report, or of the answer of another command."""
    from strideinspect.results.schemas import SCHEMAS, schema_text

    if name not in SCHEMAS:
        raise UsageError(f"{name!r} has no schema", f"name one of {', '.join(SCHEMAS)}")
    console.write(schema_text(name))
