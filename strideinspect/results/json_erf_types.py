"""The shape of the JSON of `strideinspect erf`: schema `strideinspect/erf/1`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from strideinspect.results.json_numbers import CountPerAxis, Keyword

NAME = "strideinspect/erf/1"
"""The name of the schema, with its number."""


class EffectiveInputJson(TypedDict):
    """How a cell sees one graph input. Distances are in pixels."""

    name: str
    axes: CountPerAxis
    theoretical: Annotated[list[int | None], "Size of the theoretical field per axis; null without a closed form."]
    center: Annotated[list[float], "Center of the theoretical field of the cell."]
    centroid: Annotated[list[float], "Center of the mass."]
    radius: Annotated[dict[str, float], 'By percentage of the mass ("50", "90", "99"): distance from `center`.']
    sigma: Annotated[list[float], "Standard deviation of the mass per axis."]
    share_of_theoretical: Annotated[
        float | None, "The fewest pixels that hold 90 % of the mass, as a share of the theoretical field's."
    ]
    square: Annotated[
        dict[str, float | None] | None,
        "RepLKNet's measure: by percentage of its log10(map + 1), the square that holds it, in percent of the image.",
    ]


class ChecksJson(TypedDict):
    """What was checked of the gradients."""

    adjoint: Annotated[float, "Largest relative difference between the reverse and the forward derivative."]
    support: Annotated[str, Keyword("enum", ("inside", "unbounded"))]


class CropJson(TypedDict):
    """The part of an input that was run."""

    name: str
    first: CountPerAxis
    size: CountPerAxis


class GrowthStepJson(TypedDict):
    """What the middle index of a layer sees of one graph input."""

    output: str
    depth: Annotated[int, "The most convolutions and poolings on a way to it, itself included."]
    input: str
    theoretical: Annotated[list[int | None], "Size of the theoretical field per axis; null without a closed form."]
    sigma: Annotated[list[float], "Standard deviation of the mass per axis."]


class EffectiveCellJson(TypedDict):
    """What one cell really sees."""

    output: str
    shape: CountPerAxis
    axes: Annotated[CountPerAxis, "Axes of the output along which its position runs."]
    at: Annotated[CountPerAxis, "The index along each of `axes`."]
    inputs: list[EffectiveInputJson]
    count: int
    source: Annotated[str, Keyword("enum", ("noise", "images", "data"))]
    weights: Annotated[str, Keyword("enum", ("file", "random"))]
    straight_through: bool
    crop: list[CropJson]
    checks: ChecksJson
    growth: Annotated[list[GrowthStepJson], "The same at layers on the way, by depth; empty without --layers."]


class ErfJson(EffectiveCellJson):
    """What strideinspect erf --format json writes. New keys may be added without a new version."""

    schema: Annotated[str, Keyword("const", NAME)]
    path: str
    further: Annotated[list[EffectiveCellJson], "The other cells, where several were asked for."]
