"""`strideinspect annotate MODEL`: the model with what is known of it, and files for other viewers."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from typing import TYPE_CHECKING, Annotated

import typer

from strideinspect.cli import one_model
from strideinspect.errors import UsageError

if TYPE_CHECKING:
    from strideinspect.settings import Settings


@one_model.command
def run(
    question: one_model.ModelQuestion,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.onnx",
            help="Write the model with them in its metadata, which Netron shows; all other bytes stay as they are.",
        ),
    ] = None,
    netron: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write an attachment for Netron, to be opened together with the model."),
    ] = None,
    model_explorer: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Write node data for Model Explorer, one file per value.")
    ] = None,
    graph: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Write the graph of convolutions and poolings: .graphml, .dot, or node-link .json."
        ),
    ] = None,
) -> int:
    """Write the receptive fields, strides and findings into a model, or into files for viewers of models and graphs."""
    if all(file is None for file in (output, netron, model_explorer, graph)):
        raise UsageError(
            "there is nothing to write",
            "give --output OUT.onnx, --netron FILE, --model-explorer FOLDER or --graph FILE",
        )

    def ask(file: str, settings: "Settings", shown: str) -> one_model.Answered:
        from strideinspect.processes.onnx_loading import load_onnx

        load_onnx()
        from strideinspect.cli import annotations
        from strideinspect.report import written_files_text as report

        asked = annotations.WantedFiles(output, netron, model_explorer, graph)
        written = annotations.write(file, settings, asked)
        words = report.answer(shown, written.files, written.stopped)
        return one_model.Answered(words, {**report.data(shown, written.files), "stopped": written.stopped})

    return question.answer(ask)
