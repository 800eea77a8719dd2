"""`strideinspect erf MODEL`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import structs

from strideinspect.cli import console, erf_options, one_model

if TYPE_CHECKING:
    from strideinspect.settings import Settings


@one_model.command
def run(
    question: one_model.ModelQuestion,
    at: erf_options.At = None,
    images: erf_options.Images = None,
    mean: erf_options.Mean = None,
    std: erf_options.Std = None,
    data: erf_options.Data = None,
    seed: erf_options.Seed = 0,
    count: erf_options.Count = None,
    layers: Annotated[
        bool, typer.Option("--layers", help="Also measure layers on the way to the cell: how sigma grows with depth.")
    ] = False,
    save: Annotated[
        str | None,
        typer.Option(
            metavar="MAP.npy",
            help="Write the map as an array; those of several inputs as MAP.npz by their names, of several cells by "
            "OUTPUT:7,7/INPUT.",
        ),
    ] = None,
) -> int:
    """Show what a cell really sees with the model's weights: the effective receptive field, by gradients."""
    fed = erf_options.Fed(images, mean, std, data, seed, count).arguments()

    def ask(file: str, settings: "Settings", shown: str) -> one_model.Answered:
        from strideinspect import gradient_question
        from strideinspect.cli import saved_maps
        from strideinspect.report import effective_field_text as report

        if save is not None:
            saved_maps.check(save)
        answer = gradient_question.erf(file, at=at, settings=settings, layers=layers, progress=console.step, **fed)
        answer = structs.replace(answer, path=shown)
        if save is not None:
            saved_maps.write(save, answer)
        return one_model.Answered(report.answer(answer), answer.to_dict())

    return question.answer(ask)
