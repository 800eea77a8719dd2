"""`strideinspect tiles MODEL`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import structs

from strideinspect.cli import one_model, options

if TYPE_CHECKING:
    from strideinspect.settings import Settings


@one_model.command
def run(
    question: one_model.ModelQuestion,
    tile: Annotated[
        str | None,
        typer.Option(
            metavar="512,512", help="Size of a tile along each spatial axis of the input, or one size for all axes."
        ),
    ] = None,
    prove: Annotated[
        bool,
        typer.Option("--prove", help="Run the whole input and its tiles with onnxruntime, and compare what is kept."),
    ] = False,
    rate: Annotated[
        float | None, typer.Option(metavar="HZ", help="Samples per second: times are given in milliseconds, too.")
    ] = None,
    verify_timeout: options.VerifyTimeout = None,
) -> int:
    """Show how to run a model on tiles of its input so that every output stays exactly the same, or why it cannot.

    The step, halo, crop and smallest tile of every axis; of a signal the lookback, lookahead and smallest chunk.
    """
    from strideinspect import arguments

    sizes = () if tile is None else arguments.tile(tile)
    frequency = None if rate is None else arguments.rate(rate)
    seconds = None if verify_timeout is None else options.seconds(verify_timeout, "--verify-timeout")
    unequal = False

    def ask(file: str, settings: "Settings", shown: str) -> one_model.Answered:
        nonlocal unequal
        from strideinspect.api import tiles
        from strideinspect.report import tiling_text as report

        found = tiles(file, tile=sizes, prove=prove, rate=frequency, verify_timeout=seconds, settings=settings)
        unequal = found.proof.status == "unequal"
        found = structs.replace(found, path=shown)
        return one_model.Answered(report.answer(found), found.to_dict())

    status = question.answer(ask)
    return 1 if unequal else status
