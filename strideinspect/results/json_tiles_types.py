"""The shape of the JSON of `strideinspect tiles`: schema `strideinspect/tiles/1`."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from strideinspect.results.json_numbers import AnyEntries, Count, Keyword, Stride

NAME = "strideinspect/tiles/1"
"""The name of the schema, with its number."""

Sides = Annotated[list[Count], Keyword("minItems", 2), Keyword("maxItems", 2), "Before and after."]


class MillisecondsJson(TypedDict):
    """Times, with --rate."""

    step: float
    lookahead: float
    lookback: float
    smallest_tile: float


class TiledAxisJson(TypedDict):
    """How one axis of a graph input can be cut for one output."""

    input: str
    axis: Annotated[Count, "Axis of the input."]
    node_axis: Annotated[Count, "Axis of the output that it becomes."]
    step: Annotated[Count, "Tiles begin at multiples of it; sizes differ by multiples of it."]
    halo: Annotated[Sides, "Pixels needed around a part that begins and ends at multiples of the step."]
    crop: Annotated[Sides, "Cells of the output to discard, but not at a border of the whole input."]
    crop_on_grid: Annotated[Count, "The crop, equal at both sides, with which the next tile begins on the grid."]
    smallest_tile: Annotated[Count, "Pixels of the smallest tile of which a step is left."]
    scale: Annotated[Stride, "Cells of the output per pixel."]
    lookahead: Annotated[Count, "Pixels that any cell sees past those that it stands for."]
    lookback: Annotated[Count, "Pixels that any cell sees before them."]
    milliseconds: NotRequired[MillisecondsJson]


class WholeAxisJson(TypedDict):
    """An axis of a graph input that cannot be cut for one output."""

    input: str
    axis: Count
    reason: str


class TiledOutputJson(TypedDict):
    """How the inputs can be cut for one output."""

    output: str
    exact: Annotated[bool, "Whether tiles along `axes` give what the whole input gives; false where there are none."]
    reason: Annotated[str | None, "Why some axis cannot be cut; null where all can."]
    axes: list[TiledAxisJson]
    whole: list[WholeAxisJson]


class RatiosJson(TypedDict):
    """The overlap as a share of the tile, as each tool is given it."""

    monai: float
    sahi: float
    nnunet: float


class TilePlanJson(TypedDict):
    """Tiles of one size along one axis of a graph input, for all outputs that can be tiled."""

    input: str
    axis: Count
    size: Annotated[Count, "Pixels of a tile."]
    advance: Annotated[Count, "Pixels from one tile to the next."]
    overlap: Annotated[Count, "Pixels that neighbouring tiles share."]
    ratios: RatiosJson
    fixed: Annotated[bool, "Whether the file fixes the size: tiles of another one need another export."]


class StatePairJson(TypedDict):
    """An input that carries context, and the output that is fed back to it with the next chunk."""

    input: str
    output: str


class TilingProofJson(TypedDict):
    """The whole input compared with its tiles, both run by onnxruntime."""

    status: Annotated[str, Keyword("enum", ("equal", "unequal", "not_checked"))]
    reason: Annotated[str, "What was compared, or why nothing was."]
    max_difference: Annotated[float | None, "The largest difference of any value that is kept."]
    bound: Annotated[float | None, "The largest difference that counts as rounding."]
    moved: Annotated[float | None, "How much kept cells change where pixels outside a tile do: 0 if equal."]
    one_less: Annotated[
        float | None, "How much the cells next to them change: more than 0 if the crop is the smallest."
    ]
    tiles: Count


class TilesJson(TypedDict):
    """What strideinspect tiles --format json writes. New keys may be added without a new version."""

    schema: Annotated[str, Keyword("const", NAME)]
    path: str
    outputs: list[TiledOutputJson]
    plan: list[TilePlanJson]
    states: list[StatePairJson]
    bioimageio: Annotated[AnyEntries | None, "The axes of a bioimage.io description, format 0.5; null without words."]
    proof: TilingProofJson
