"""`strideinspect where MODEL`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import structs

from strideinspect.cli import one_model

if TYPE_CHECKING:
    from strideinspect.settings import Settings


@one_model.command
def run(
    question: one_model.ModelQuestion,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="OUTPUT:7,7",
            help="An index of an output, tensor, node or layer: which pixels does it depend on? OUTPUT: is optional "
            "where only one output has a position.",
        ),
    ] = None,
    pixel: Annotated[
        str | None,
        typer.Option(
            metavar="INPUT:100,60",
            help="A pixel of an input, or an index of another tensor: which indices of the outputs depend on it?",
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="TENSOR", help="With --at: indices of this tensor instead of the inputs."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="TENSOR", help="With --pixel: indices of this tensor instead of the outputs."),
    ] = None,
) -> int:
    """Show which pixels an output index depends on, padding and holes included, or which indices depend on a pixel."""

    def ask(file: str, settings: "Settings", shown: str) -> one_model.Answered:
        from strideinspect import questions
        from strideinspect.report import where_text as report

        answer = structs.replace(
            questions.where(file, at=at, pixel=pixel, source=source, to=to, settings=settings), path=shown
        )
        return one_model.Answered(report.answer(answer), answer.to_dict())

    return question.answer(ask)
