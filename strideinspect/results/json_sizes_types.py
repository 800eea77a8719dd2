"""The shape of the JSON of `strideinspect sizes`: schema `strideinspect/sizes/1`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from strideinspect.results.json_numbers import Count, CountPerAxis, Keyword, RangeJson

NAME = "strideinspect/sizes/1"
"""The name of the schema, with its number."""


class SizeRuleJson(TypedDict):
    """Sizes n with n mod step = remainder and n ≥ smallest, and exceptions; null where there is none."""

    smallest: Annotated[Count | None, "The smallest size from which on the rule holds."]
    step: Annotated[Count | None, "The distance between such sizes, or after which they repeat."]
    remainder: Annotated[Count | None, "What they leave when divided by step; null where there is no single one."]
    remainders: Annotated[CountPerAxis, "All remainders; empty without a rule."]
    rule: Annotated[str | None, 'As text: "16·k + 3", "8·k + 0 or 5–7", "any".']
    below: Annotated[Count | None, "The nearest such size below the present one."]
    above: Annotated[Count | None, "The nearest such size above the present one."]
    exceptions: Annotated[
        CountPerAxis, "Good sizes in the period below smallest; without a rule all good ones of those judged."
    ]


class SizeRowJson(TypedDict):
    """What holds at one size."""

    size: Count
    runs: bool
    sees_everything: bool
    drops_nothing: bool
    aligned: bool


class AxisSizesJson(TypedDict):
    """The sizes of one spatial axis of a graph input."""

    input: str
    axis: Count
    current: Annotated[Count, "Its size now."]
    fixed: Annotated[bool, "Whether the file declares this size."]
    runs: Annotated[SizeRuleJson, "Sizes at which every node runs."]
    sees_everything: Annotated[SizeRuleJson, "Sizes at which every pixel has an effect on some output."]
    drops_nothing: Annotated[SizeRuleJson, "Sizes at which no window drops a pixel of its map."]
    aligned: Annotated[SizeRuleJson, "Sizes at which merged branches have one effective stride and lie at one place."]
    pad_end: Annotated[Count | None, "Pixels to add at the end now so that nothing is dropped; null for none."]
    period: Annotated[Count, "Pixels after which sizes repeat: the least common multiple of the effective strides."]
    judged: Annotated[
        RangeJson | None,
        "Sizes judged one by one, two periods; larger ones follow from the rules. Null: none.",
    ]
    together: Annotated[CountPerAxis, "Other axes that have to have the same size."]
    sizes: Annotated[list[SizeRowJson], "With --range: what holds at each size of it; else empty."]


class SizesJson(TypedDict):
    """What strideinspect sizes --format json writes. New keys may be added without a new version."""

    schema: Annotated[str, Keyword("const", NAME)]
    path: str
    axes: list[AxisSizesJson]
