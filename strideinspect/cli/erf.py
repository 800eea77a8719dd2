"""`strideinspect erf MODEL`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from strideinspect.cli import console, one_model

if TYPE_CHECKING:
    from strideinspect.settings import Settings


@one_model.command
def run(
    question: one_model.Question,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="OUTPUT:7,7",
            help="The cell: an index of an output, tensor, node or layer. Default: the middle of the first output with "
            "a position; of a classifier, of the map that it pools.",
        ),
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Feed the images of a folder, scaled to the input's size and cropped in the middle, with pixels from "
            "0 to 1.",
        ),
    ] = None,
    mean: Annotated[
        str | None, typer.Option(metavar="0.485,…", help="With --images: subtract this, one number or one per channel.")
    ] = None,
    std: Annotated[str | None, typer.Option(metavar="0.229,…", help="With --images: then divide by this.")] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="X.npy", help="Feed an array of the input's shape. Repeatable."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of noise and of random weights.")] = 0,
    count: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Number of inputs to feed. Default: 8 of noise; all images.", show_default=False
        ),
    ] = None,
    save: Annotated[
        str | None,
        typer.Option(
            metavar="MAP.npy", help="Write the map as an array; of several inputs, as MAP.npz by their names."
        ),
    ] = None,
) -> int:
    """Show what a cell really sees with the model's weights: the effective receptive field, by gradients."""

    def ask(file: str, settings: "Settings", shown: str) -> one_model.Answered:
        from strideinspect import arguments, questions
        from strideinspect.cli import saved_maps
        from strideinspect.report import effective_field as report

        if save is not None:
            saved_maps.check(save)
        answer = questions.erf(
            file,
            at=at,
            images=images,
            data=data or (),
            seed=seed,
            count=count,
            mean=arguments.reals(mean, "--mean"),
            std=arguments.reals(std, "--std"),
            settings=settings,
            progress=console.step,
        )
        answer = replace(answer, path=shown)
        if save is not None:
            saved_maps.write(save, answer)
        return one_model.Answered(report.answer(answer), answer.to_dict())

    return question.answer(ask)
