"""`strideinspect plot MODEL`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strideinspect.cli import console, erf_options, one_model
from strideinspect.errors import UsageError

if TYPE_CHECKING:
    from strideinspect.settings import Settings


class FigureKind(StrEnum):
    """What is drawn."""

    LADDER = "ladder"
    FIELDS = "fields"
    GRAPH = "graph"
    BOXES = "boxes"
    CONTRIBUTION = "contribution"
    ERF = "erf"


@one_model.command
def run(
    question: one_model.ModelQuestion,
    kind: Annotated[
        FigureKind,
        typer.Option(
            help="Resolution by step; receptive field by depth; the graph by effective stride; the box of one layer's "
            "middle index; how much each pixel contributes to it; what a cell really sees (the options of "
            "strideinspect erf)."
        ),
    ],
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The file: .svg, .png or .pdf.")],
    layer: Annotated[
        str | None, typer.Option(metavar="LAYER", help="Of boxes and contribution: the layer. Default: the coarsest.")
    ] = None,
    at: erf_options.At = None,
    images: erf_options.Images = None,
    mean: erf_options.Mean = None,
    std: erf_options.Std = None,
    data: erf_options.Data = None,
    seed: erf_options.Seed = 0,
    count: erf_options.Count = None,
) -> int:
    """Draw a figure for a paper or a talk, by matplotlib."""
    suffix = Path(output).suffix.lower().lstrip(".")
    if suffix not in {"svg", "png", "pdf"}:
        raise UsageError(f"--output {output}: not a format of figures", "use a file that ends with .svg, .png or .pdf")
    fed = erf_options.Fed(images, mean, std, data, seed, count)
    if kind is FigureKind.ERF and layer is not None:
        raise UsageError(
            "--layer only works with --kind boxes and contribution", f"name a cell of it: --at {layer}:7,7"
        )
    if kind is not FigureKind.ERF and (at or fed != erf_options.Fed()):
        raise UsageError("the options that choose a cell and its inputs only work with --kind erf", "remove them")
    asked = {"at": at, **fed.arguments()}

    def ask(file: str, settings: "Settings", shown: str) -> one_model.Answered:
        from strideinspect import plotting
        from strideinspect.cli import outputs
        from strideinspect.report import written_files_text as report
        from strideinspect.results.written_file import WrittenFile

        outputs.check_writable(Path(output))
        if kind is FigureKind.ERF:
            data = plotting.effective_drawn(file, settings, suffix, console.step, asked)
        else:
            data = plotting.drawn(file, settings, kind.value, suffix, layer)
        outputs.write_bytes(Path(output), data)
        written = [WrittenFile(output, kind.value, 0, 0)]
        return one_model.Answered(report.answer(shown, written), report.data(shown, written, "plot"))

    return question.answer(ask)
