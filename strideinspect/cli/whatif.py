"""`strideinspect whatif MODEL`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import structs

from strideinspect.cli import one_model

if TYPE_CHECKING:
    from strideinspect.settings import Settings


@one_model.command_with_page
def run(
    question: one_model.ModelQuestion,
    changes: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="PATTERN:stride=1",
            help="A pattern of layers, nodes or tensors, and what to set there: stride, dilation, padding, kernel, "
            "ceil_mode. A value per axis is written 2x1, padding before and after 0/1. Repeatable.",
        ),
    ],
    keep_field: Annotated[
        bool,
        typer.Option(
            "--keep-field",
            help="Behind a smaller stride, multiply dilations and padding so that every receptive field stays as it "
            "is: the dilated twin.",
        ),
    ] = False,
    save: Annotated[
        str | None,
        typer.Option(metavar="OUT.onnx", help="Write the changed model, its weights byte for byte as they are."),
    ] = None,
) -> int:
    """Show what other strides, dilations, padding or kernels would do, before and after side by side."""

    def ask(file: str, settings: "Settings", shown: str) -> one_model.Answered:
        from strideinspect import changed_models, comparison_page
        from strideinspect.report import whatif_text as report

        versions = changed_models.versions(file, changes, settings, keep_field=keep_field, save=save)
        found = structs.replace(versions.found, path=shown)
        words = report.answer(found)
        return one_model.Answered(words, found.to_dict(), lambda: comparison_page.of_whatif(versions, words))

    return question.answer(ask)
