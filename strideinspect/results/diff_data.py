"""The answer to `diff` as plain data: the JSON contract `strideinspect/diff/1`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from strideinspect.results.differences import Difference, FirstDifference, MatchedOutput, MatchedWindow, Numbers, Value
from strideinspect.results.json_diff_types import (
    NAME,
    DifferenceJson,
    DifferenceValue,
    DiffJson,
    FirstDifferenceJson,
    LayersJson,
    MatchedOutputJson,
)
from strideinspect.spelling import exact


def document(
    paths: tuple[str, str],
    sizes: tuple[Numbers, Numbers],
    same: bool,  # noqa: FBT001  # the attributes of Diff in their order
    first: FirstDifference | None,
    windows: Sequence[MatchedWindow],
    only_a: Sequence[str],
    only_b: Sequence[str],
    outputs: Sequence[MatchedOutput],
    notes: Sequence[str],
    only_layers: tuple[Sequence[str], Sequence[str]],
) -> DiffJson:
    """The document as dicts, lists, texts and numbers."""
    return {
        "schema": NAME,
        "paths": [*paths],
        "sizes": [[*size] for size in sizes],
        "same": same,
        "first": None if first is None else _first(first),
        "windows": [
            {
                "a": pair.a,
                "b": pair.b,
                "layers": _layers(pair.layers),
                "differences": [*map(_difference, pair.differences)],
                "outputs": {"a": pair.outputs[0], "b": pair.outputs[1]},
            }
            for pair in windows
        ],
        "only_a": [*only_a],
        "only_b": [*only_b],
        "outputs": [*map(_output, outputs)],
        "notes": [*notes],
        "only_layers": {"a": [*only_layers[0]], "b": [*only_layers[1]]},
    }


def _first(first: FirstDifference) -> FirstDifferenceJson:
    return {"a": first.a, "b": first.b, "layers": _layers(first.layers), "what": [*first.what]}


def _layers(layers: tuple[str, str]) -> LayersJson:
    return {"a": layers[0], "b": layers[1]}


def _difference(difference: Difference) -> DifferenceJson:
    return {"what": difference.what, "a": _value(difference.a), "b": _value(difference.b)}


def _value(value: Value) -> DifferenceValue:
    if value is None or isinstance(value, str):
        return value
    if all(isinstance(number, int) for number in value):
        return [int(number) for number in value if number is not None]
    return [None if number is None else exact(Fraction(number)) for number in value]


def _output(pair: MatchedOutput) -> MatchedOutputJson:
    return {
        "a": pair.a,
        "b": pair.b,
        "differences": [*map(_difference, pair.differences)],
        "shift": None if pair.shift is None else [exact(number) for number in pair.shift],
        "position": not pair.global_,
    }
