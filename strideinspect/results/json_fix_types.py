"""The shape of the JSON of `strideinspect fix`: schema `strideinspect/fix/1`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from strideinspect.results.json_numbers import Keyword
from strideinspect.results.json_whatif_types import SummaryJson

NAME = "strideinspect/fix/1"
"""The name of the schema, with its number."""


class FixJson(TypedDict):
    """A change that mends something."""

    name: Annotated[str, Keyword("enum", ("crop-unseen", "explicit-padding", "pad-input", "pad-layer"))]
    safe: Annotated[bool, "Whether every output keeps all of its bits."]
    text: str
    nodes: Annotated[list[str], "Nodes that are changed or inserted."]


class LeftOverJson(TypedDict):
    """A finding that no fix mends."""

    rule: str
    severity: Annotated[str, Keyword("enum", ("warning", "error"))]
    message: str
    help: str


class RunComparisonJson(TypedDict):
    """What onnxruntime makes of both models with the same random input."""

    status: Annotated[str, Keyword("enum", ("equal", "changed", "not-compared"))]
    reason: str | None
    largest: Annotated[float | None, "The largest difference of any value."]
    runtime: str | None


class FixedJson(TypedDict):
    """What strideinspect fix --format json writes. New keys may be added without a new version."""

    schema: Annotated[str, Keyword("const", NAME)]
    path: str
    output: Annotated[str | None, "The file that was written; where there are no fixes, a copy of the model."]
    fixes: list[FixJson]
    unsafe: Annotated[list[FixJson], "Fixes that were not allowed: --unsafe-fixes makes them."]
    left: list[LeftOverJson]
    before: SummaryJson
    after: SummaryJson
    comparison: RunComparisonJson
    diff: Annotated[list[str], "The edits as text."]
