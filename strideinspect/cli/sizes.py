"""`strideinspect sizes MODEL`."""

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
    near: Annotated[
        str | None,
        typer.Option(
            metavar="224",
            help="The size to start from, one number or one per spatial axis. Default: the size in the file.",
        ),
    ] = None,
    range: Annotated[
        str | None, typer.Option("--range", metavar="192:320", help="Also list each size of this range.")
    ] = None,
) -> int:
    """Show which input sizes run, see every pixel, drop none and keep branches aligned: as rules, such as 16·k + 3."""

    def ask(file: str, settings: "Settings", shown: str) -> one_model.Answered:
        from strideinspect import questions
        from strideinspect.report import sizes_text as report

        answer = structs.replace(questions.sizes(file, near=near, range=range, settings=settings), path=shown)
        return one_model.Answered(report.answer(answer), answer.to_dict())

    return question.answer(ask)
