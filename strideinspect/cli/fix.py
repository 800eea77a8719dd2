"""`strideinspect fix MODEL -o OUT.onnx`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import structs

from strideinspect.cli import one_model
from strideinspect.errors import UsageError

if TYPE_CHECKING:
    from strideinspect.settings import Settings


@one_model.command
def run(
    question: one_model.ModelQuestion,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="OUT.onnx", help="The file to write; the model itself is not changed."),
    ] = None,
    unsafe_fixes: Annotated[
        bool,
        typer.Option(
            "--unsafe-fixes",
            help="Also make fixes that change the values of outputs: padding with zeros, so that no pixel is lost.",
        ),
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the edits as text, and write nothing.")] = False,
) -> int:
    """Mend what needs no training: crop what reaches no output, write auto_pad as pads, pad so that no pixel is lost.

    The fixed model is run beside the original, and inspected again. Safe fixes leave every bit of every output as it
    is.
    """
    if diff == (output is not None):
        raise UsageError("fix writes a model, or shows the edits", "give -o OUT.onnx or --diff")

    def ask(file: str, settings: "Settings", shown: str) -> one_model.Answered:
        from strideinspect import changed_models
        from strideinspect.report import fixed_text as report

        found = structs.replace(
            changed_models.fix(file, output, unsafe_fixes=unsafe_fixes, settings=settings), path=shown
        )
        return one_model.Answered(report.answer(found, edits=diff), found.to_dict())

    return question.answer(ask)
