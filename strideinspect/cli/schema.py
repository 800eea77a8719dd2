"""`strideinspect schema`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from enum import StrEnum
from typing import Annotated

import typer

from strideinspect.cli import console


class Document(StrEnum):
    """What has a schema: the report, and the answers of commands."""

    REPORT = "report"
    DIFF = "diff"
    FIX = "fix"
    SIZES = "sizes"
    WHATIF = "whatif"
    WHERE = "where"


def run(
    document: Annotated[
        Document, typer.Argument(metavar="[COMMAND]", help="The command whose answer is meant: diff, fix, …")
    ] = Document.REPORT,
) -> None:
    """Print the JSON Schema of the JSON report, or of the answer of another command."""
    from strideinspect.results.json_types import schema_text

    console.write(schema_text(document))
