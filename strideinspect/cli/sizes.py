"""`strideinspect sizes MODEL`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from typing import TYPE_CHECKING, Annotated

import typer

from strideinspect.cli import one_model, options
from strideinspect.cli.colour_choice import Colour

if TYPE_CHECKING:
    from strideinspect.cli.one_model import Answered
    from strideinspect.settings import Settings


def run(
    model: options.OneModel,
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
    input_shape: options.InputShape = None,
    input_value: options.InputValue = None,
    format: options.AnswerFormatOption = options.AnswerFormat.TEXT,
    color: options.Color = Colour.AUTO,
    config: options.Config = None,
    no_config: options.NoConfig = False,
) -> int:
    """Show which input sizes run, see every pixel, drop none and keep branches aligned: as rules, such as 16·k + 3."""

    def ask(file: str, settings: "Settings", shown: str) -> "Answered":
        from strideinspect import questions
        from strideinspect.report import sizes as report

        answer = questions.sizes(file, near=near, range=range, settings=settings)._replace(path=shown)
        return report.answer(answer), answer.to_dict()

    request = one_model.ModelRequest(model, input_shape, input_value, config, not no_config)
    return one_model.answer(request, one_model.Presentation(format, color), ask)
