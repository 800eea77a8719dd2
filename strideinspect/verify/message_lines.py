"""Messages as lines of JSON: the field "kind" of a line is the name of the message's class.

Positions stay packed (base64), because converting millions of integers to text and objects is slow. This file is
imported before the worker starts, so it imports nothing slow.
"""

from __future__ import annotations

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from strideinspect.results.field import Positions, Span
from strideinspect.verify.messages import (
    AxisProbe,
    BorderResult,
    CompareTiles,
    Failure,
    FieldResult,
    Impulse,
    ImpulseResult,
    ImpulsesReady,
    KeptCells,
    MessageError,
    ObservedBorders,
    ObservedField,
    ObservedFields,
    ObservedShapes,
    Overwrite,
    Overwritten,
    ProbeBorders,
    ProbeFields,
    Reach,
    Request,
    Response,
    RunModel,
    SendImpulses,
    Stop,
    TilePart,
    TileRun,
    TilesCompared,
    UnseenClaim,
    UnseenResult,
    WrongReach,
)

_MessageT = TypeVar("_MessageT")


def encode(message: Request | Response) -> str:
    """The line of a message, with its line break."""
    return json.dumps({"kind": type(message).__name__, **message._asdict()}, default=_packed) + "\n"


def decode_request(line: str) -> Request:
    """The request that a line holds. Raises MessageError."""
    return _decoded(line, _REQUESTS)


def decode_response(line: str) -> Response:
    """The response that a line holds. Raises MessageError."""
    return _decoded(line, _RESPONSES)


def _decoded(line: str, decoders: Mapping[str, Callable[[dict[str, Any]], _MessageT]]) -> _MessageT:
    try:
        entries = json.loads(line)
        return decoders[entries.pop("kind")](entries)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MessageError(f"a message cannot be decoded ({type(error).__name__}: {error})") from error


def _packed(value: object) -> list[str]:
    """Positions in JSON: the packed first and last indices. All other fields of messages are JSON types already."""
    if not isinstance(value, Positions):
        raise TypeError(f"a message cannot hold {type(value).__name__}")
    return [b2a_base64(side, newline=False).decode("ascii") for side in (value.firsts, value.lasts)]


def _run_model(entries: dict[str, Any]) -> RunModel:
    return RunModel(entries["path"], _shapes(entries["inputs"]), entries["values"], _shapes(entries["given"]))


def _probe_fields(entries: dict[str, Any]) -> ProbeFields:
    return ProbeFields([AxisProbe(*axis) for axis in entries["axes"]], _claims(entries["unseen"]))


def _claims(entries: list[Any]) -> list[UnseenClaim]:
    return [UnseenClaim(name, axis, _spans(ranges)) for name, axis, ranges in entries]


def _send_impulses(entries: dict[str, Any]) -> SendImpulses:
    reaches = [
        Reach(name, axis, tensor, node, tuple(shape), tuple(extents), tuple(first), tuple(last), _spans(unseen))
        for name, axis, tensor, node, shape, extents, first, last, unseen in entries["reaches"]
    ]
    return SendImpulses(reaches, [Impulse(*impulse) for impulse in entries["impulses"]])


def _compare_tiles(entries: dict[str, Any]) -> CompareTiles:
    return CompareTiles(_shapes(entries["inputs"]), [_tile_run(*tile) for tile in entries["tiles"]])


def _tile_run(parts: dict[str, list[list[int]]], cells: dict[str, list[list[Any]]]) -> TileRun:
    return TileRun(
        {name: [TilePart(*part) for part in own] for name, own in parts.items()},
        {name: list(map(_kept_cells, own)) for name, own in cells.items()},
    )


def _kept_cells(entry: list[Any]) -> KeptCells:
    axis, first, last, place, (before, after) = entry
    return KeptCells(axis, first, last, place, (before, after))


def _observed_shapes(entries: dict[str, Any]) -> ObservedShapes:
    stop = None if entries["stop"] is None else Stop(*entries["stop"])
    return ObservedShapes(**{**entries, "shapes": _shapes(entries["shapes"]), "stop": stop})


def _observed_fields(entries: dict[str, Any]) -> ObservedFields:
    fields = [FieldResult(name, axis, tensor, _field(field)) for name, axis, tensor, field in entries["fields"]]
    return ObservedFields(fields, [UnseenResult(*result) for result in entries["unseen"]])


def _field(entry: str | list[Any]) -> ObservedField | str:
    if isinstance(entry, str):
        return entry
    (firsts, lasts), full = entry
    return ObservedField(Positions(a2b_base64(firsts), a2b_base64(lasts)), full and _span(full))


def _impulse_result(entries: dict[str, Any]) -> ImpulseResult:
    if entries["wrong"] is None:
        return ImpulseResult(None)
    tensor, element, first, last = entries["wrong"]
    return ImpulseResult(WrongReach(tensor, tuple(element), first, last))


def _shapes(entries: dict[str, list[int]]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(shape) for name, shape in entries.items()}


def _spans(entries: list[list[int]]) -> tuple[Span, ...]:
    return tuple(map(_span, entries))


def _span(entry: list[int]) -> Span:
    return entry[0], entry[1]


_REQUESTS: Final[Mapping[str, Callable[[dict[str, Any]], Request]]] = {
    "RunModel": _run_model,
    "ProbeFields": _probe_fields,
    "ProbeBorders": lambda entries: ProbeBorders([AxisProbe(*axis) for axis in entries["axes"]]),
    "SendImpulses": _send_impulses,
    "CompareTiles": _compare_tiles,
    "Overwrite": lambda entries: Overwrite(_claims(entries["claims"])),
}

_RESPONSES: Final[Mapping[str, Callable[[dict[str, Any]], Response]]] = {
    "ObservedShapes": _observed_shapes,
    "ObservedFields": _observed_fields,
    "ObservedBorders": lambda entries: ObservedBorders([BorderResult(*result) for result in entries["borders"]]),
    "ImpulsesReady": lambda entries: ImpulsesReady(**entries),
    "ImpulseResult": _impulse_result,
    "TilesCompared": lambda entries: TilesCompared(**entries),
    "Overwritten": lambda entries: Overwritten([UnseenResult(*result) for result in entries["results"]]),
    "Failure": lambda entries: Failure(**entries),
}
