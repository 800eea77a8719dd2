"""The options of the commands that show effective fields: which cell, and what the model is fed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from msgspec import Struct, structs

At = Annotated[
    list[str] | None,
    typer.Option(
        metavar="OUTPUT:7,7",
        help="The cell: an index of an output, tensor, node or layer. Default: the middle of the first output with "
        "a position; of a classifier, of the map that it pools; of a detector, of its first level. Repeatable.",
    ),
]
Images = Annotated[
    str | None,
    typer.Option(
        metavar="DIR",
        help="Feed the images of a folder, scaled to the input's size and cropped in the middle, with pixels from "
        "0 to 1.",
    ),
]
Mean = Annotated[
    str | None, typer.Option(metavar="0.485,…", help="With --images: subtract this, one number or one per channel.")
]
Std = Annotated[str | None, typer.Option(metavar="0.229,…", help="With --images: then divide by this.")]
Data = Annotated[
    list[str] | None,
    typer.Option(metavar="X.npy", help="Feed an array of the input's shape. Repeatable."),
]
Seed = Annotated[int, typer.Option(metavar="N", help="Seed of noise and of random weights.")]
Count = Annotated[
    int | None,
    typer.Option(metavar="N", help="Number of inputs to feed. Default: 8 of noise; all images.", show_default=False),
]


class Fed(Struct, frozen=True):
    """What the model is fed, as it was given."""

    images: str | None = None
    mean: str | None = None
    std: str | None = None
    data: Sequence[str] | None = None
    seed: int = 0
    count: int | None = None

    def arguments(self) -> dict[str, Any]:
        """The same as arguments of `strideinspect.erf`. Raises UsageError for what are no numbers."""
        from strideinspect import arguments  # imports fractions

        numbers = {"mean": arguments.reals(self.mean, "--mean"), "std": arguments.reals(self.std, "--std")}
        return {**structs.asdict(self), **numbers, "data": self.data or ()}
