"""The shape of the JSON of `strideinspect whatif`: schema `strideinspect/whatif/1`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from strideinspect.results.json_map_types import LadderStepJson, TotalsJson
from strideinspect.results.json_numbers import Count, CountPerAxis, Keyword
from strideinspect.results.json_types import TensorJson, UnseenJson

NAME = "strideinspect/whatif/1"
"""The name of the schema, with its number."""


class ChangeJson(TypedDict):
    """One number of a window node that is changed."""

    node: Annotated[str, "Name of the node, or of its first output where it has none."]
    output: Annotated[str, "Name of its first output."]
    layer: Annotated[str, "Path of its layer where the exporter recorded it, else the node's name."]
    attribute: Annotated[str, Keyword("enum", ("stride", "dilation", "padding", "kernel", "ceil_mode"))]
    before: Annotated[CountPerAxis, "Per axis; of padding before all axes, then after them."]
    after: CountPerAxis


class DroppedByJson(TypedDict):
    """A window node that drops pixels of its map."""

    node: str
    pixels: CountPerAxis


class SummaryJson(TypedDict):
    """What is known of the model at one input size."""

    totals: TotalsJson
    ladder: list[LadderStepJson]
    outputs: list[TensorJson]
    unseen: list[UnseenJson]
    dropped: list[DroppedByJson]
    findings: Annotated[dict[str, Count], "How often each rule found something."]


class BrokenJson(TypedDict):
    """A node that does not run any more."""

    node: str
    op: str
    reason: str


class WhatIfJson(TypedDict):
    """What strideinspect whatif --format json writes. New keys may be added without a new version."""

    schema: Annotated[str, Keyword("const", NAME)]
    path: str
    changes: list[ChangeJson]
    before: SummaryJson
    after: SummaryJson
    broken: list[BrokenJson]
    saved: Annotated[str | None, "The file that was written."]
    refused: Annotated[str | None, "Why onnxruntime does not run it; null where it does, and where none was written."]
    stopped: Annotated[str | None, "Why the model does not run as it is in the file; null where it does."]
