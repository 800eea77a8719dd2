"""The shape of the JSON of `strideinspect where`: schema `strideinspect/where/1`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from strideinspect.results.json_field_types import FullJson
from strideinspect.results.json_numbers import Count, CountPerAxis, Keyword, RangeJson, Ranges

NAME = "strideinspect/where/1"
"""The name of the schema, with its number."""


class AskedPlaceJson(TypedDict):
    """The index or pixel that was asked about."""

    tensor: str
    shape: CountPerAxis
    axes: Annotated[CountPerAxis, "Axes of the tensor along which its position runs."]
    index: Annotated[CountPerAxis, "The index along each of `axes`."]


class BoxAxisJson(TypedDict):
    """What an index depends on along one axis."""

    axis: Annotated[Count, "Axis of the input."]
    extent: Annotated[Count, "Size of that axis."]
    first: Annotated[Count | None, "First index that it depends on, locally; null where all of it is padding."]
    last: Annotated[Count | None, "Last such index, included."]
    center: Annotated[float | None, "Center of the theoretical field, in indices; of the actual one without one."]
    padding: Annotated[
        Annotated[list[Count], Keyword("minItems", 2), Keyword("maxItems", 2)] | None,
        "Indices of the theoretical field before `first` and after `last`: padding, of any layer on the way.",
    ]
    holes: Annotated[Ranges, "What it does not depend on between `first` and `last`."]
    full: Annotated[FullJson | None, "What it depends on besides, through a global pooling or a normalisation."]
    reason: Annotated[str | None, "Why there is no closed form or no position, or what restricts it."]


class BoxJson(TypedDict):
    """The part of a graph input, or of the tensor of --from, that an index depends on."""

    input: str
    axes: list[BoxAxisJson]


class CellsAxisJson(TypedDict):
    """The indices along one axis that depend on a pixel."""

    axis: Annotated[Count, "Axis of the output."]
    extent: Annotated[Count, "Size of that axis."]
    first: Annotated[Count, "First index that depends on the pixel."]
    last: Annotated[Count, "Last such index, included."]
    holes: Annotated[list[RangeJson], "Ranges between them that do not depend on it."]


class CellsJson(TypedDict):
    """The indices of a graph output, or of the tensor of --to, that depend on a pixel."""

    output: str
    axes: Annotated[list[CellsAxisJson], "Empty where no index depends on the pixel locally."]
    full: Annotated[str | None, "Why the output depends on the pixel as a whole; null where it does not."]
    unknown: Annotated[str | None, "Why nothing is known of the output; null where it is."]


class WhereJson(TypedDict):
    """What strideinspect where --format json writes. New keys may be added without a new version."""

    schema: Annotated[str, Keyword("const", NAME)]
    path: str
    at: AskedPlaceJson
    boxes: Annotated[list[BoxJson], "With --at; else empty."]
    cells: Annotated[list[CellsJson], "With --pixel; else empty."]
