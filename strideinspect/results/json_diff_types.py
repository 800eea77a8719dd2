"""The shape of the JSON of `strideinspect diff`: schema `strideinspect/diff/1`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from strideinspect.results.json_numbers import CountPerAxis, Exact, Keyword

NAME = "strideinspect/diff/1"
"""The name of the schema, with its number."""

DifferenceValue = list[int] | list[Exact | None] | str | None


class DifferenceJson(TypedDict):
    """One thing in which two windows or two outputs differ."""

    what: Annotated[
        str,
        'Of a window itself: "operator", "kernel", "stride", "dilation", "padding" (before every axis, then after), '
        '"size". Of the map that it slides over, or of an output: "field", "effective stride", "offset". Of an output: '
        '"shape", "axes", "scales", "field of scale 0".',
    ]
    a: Annotated[DifferenceValue, "In the first model, per spatial axis; exact numbers as texts."]
    b: Annotated[DifferenceValue, "In the second model."]


class LayersJson(TypedDict):
    """The layer of each node as the exporter recorded it, else the node's name; empty where there is no node."""

    a: str
    b: str


class WindowOutputsJson(TypedDict):
    """The first output of each node, by which the JSON of a report names it."""

    a: str
    b: str


class FirstDifferenceJson(TypedDict):
    """The first place where the models part."""

    a: Annotated[str | None, "The window node of the first model; null where only the second one has one here."]
    b: Annotated[str | None, "The window node of the second model."]
    layers: LayersJson
    what: Annotated[list[str], "In what they differ; empty where one is missing."]


class MatchedWindowJson(TypedDict):
    """Two window nodes in the same place of the two graphs."""

    a: Annotated[str, "Name of the node, or of its first output where it has none."]
    b: str
    layers: LayersJson
    differences: list[DifferenceJson]
    outputs: WindowOutputsJson


class MatchedOutputJson(TypedDict):
    """Two graph outputs."""

    a: str
    b: str
    differences: list[DifferenceJson]
    shift: Annotated[
        list[Exact] | None, "Pixels by which cells of the second lie behind those of the first, per spatial axis."
    ]
    position: Annotated[bool, "False where the outputs are global: the last maps before them are compared."]


class OnlyLayersJson(TypedDict):
    """The layers that only one of the models has."""

    a: Annotated[list[str], "Of `only_a`, in the same order."]
    b: Annotated[list[str], "Of `only_b`, in the same order."]


class DiffJson(TypedDict):
    """What strideinspect diff --format json writes. New keys may be added without a new version."""

    schema: Annotated[str, Keyword("const", NAME)]
    paths: Annotated[list[str], "The two files.", Keyword("minItems", 2), Keyword("maxItems", 2)]
    sizes: Annotated[list[CountPerAxis], "The shapes of the first input of each at which they were compared."]
    same: bool
    first: FirstDifferenceJson | None
    windows: list[MatchedWindowJson]
    only_a: Annotated[list[str], "Window nodes of the first model alone."]
    only_b: Annotated[list[str], "Window nodes of the second model alone."]
    outputs: list[MatchedOutputJson]
    notes: list[str]
    only_layers: Annotated[OnlyLayersJson, "Paths of their layers where the exporter recorded them, else names."]
