"""Every message between the client and the worker process: a frozen tuple of named fields, sent as one line of JSON.

The field "kind" of a line is the name of the message's class. Positions stay packed (base64), because converting
millions of integers to text and objects is slow. This file is imported before the worker starts, so it imports
nothing slow.
"""

from __future__ import annotations

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from strideinspect.results.field import Positions, Span

NO_TENSOR: Final = "onnxruntime has no tensor of this name"
"""The reason for a tensor that does not occur in a run."""

_MessageT = TypeVar("_MessageT")


class MessageError(Exception):
    """A line is not a valid message; the text says why."""


class AxisProbe(NamedTuple):
    """One axis of a graph input, and the tensors to observe: the axis along which each has positions, or None."""

    input: str
    axis: int
    tensors: Mapping[str, int | None]


class UnseenClaim(NamedTuple):
    """Indices of one axis of a graph input that should reach no output of the graph; both ends are included."""

    input: str
    axis: int
    ranges: Sequence[Span]


class Reach(NamedTuple):
    """Which indices of an axis of a graph input each element of a tensor may depend on, whatever the weights.

    `first` and `last` are the hull of full dependence, in row-major order over `extents`, which broadcasts to `shape`;
    `first` is greater than `last` where an element sees nothing. No element depends on an index in `unseen`.
    """

    input: str
    axis: int
    tensor: str
    node: str | None
    shape: tuple[int, ...]
    extents: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    unseen: tuple[Span, ...] = ()

    def excludes_any(self, length: int) -> bool:
        """Whether some index of an axis of this length must not reach some element."""
        return bool(self.unseen) or max(self.first, default=0) > 0 or min(self.last, default=length) < length - 1


class Impulse(NamedTuple):
    """A graph input, one of its axes, and the index along it at which the input is changed."""

    input: str
    axis: int
    position: int


# Requests


class RunModel(NamedTuple):
    """Run the model without its weights at these input shapes; the response is ObservedShapes.

    `values` are the values of other inputs, as the user gave them.
    """

    path: str
    inputs: Mapping[str, tuple[int, ...]]
    values: Mapping[str, Any] = {}


class ProbeFields(NamedTuple):
    """Observe the fields of tensors, and whether unseen indices reach an output; the response is ObservedFields."""

    axes: Sequence[AxisProbe]
    unseen: Sequence[UnseenClaim] = ()


class ProbeBorders(NamedTuple):
    """Observe which indices of tensors are affected by borders; the response is ObservedBorders."""

    axes: Sequence[AxisProbe]


class SendImpulses(NamedTuple):
    """Run the model with its weights; the responses are ImpulsesReady and one ImpulseResult for each impulse."""

    reaches: Sequence[Reach]
    impulses: Sequence[Impulse]


Request = RunModel | ProbeFields | ProbeBorders | SendImpulses


# Responses


class ObservedShapes(NamedTuple):
    """The shapes of one run; `not_checked` gives the reason for other tensors, `error` why the run ended early."""

    runtime: str
    shapes: Mapping[str, tuple[int, ...]]
    not_checked: Mapping[str, str]
    error: str | None


class ObservedField(NamedTuple):
    """What each index of a tensor sees locally, and the hull of full dependence over the whole tensor."""

    positions: Positions
    full: Span | None


class FieldResult(NamedTuple):
    """The field of one tensor, or the reason why it was not observed."""

    input: str
    axis: int
    tensor: str
    field: ObservedField | str


class UnseenResult(NamedTuple):
    """The first output that indices claimed to be unseen reach, None if there is none; `reason` if it is unknown."""

    input: str
    axis: int
    reached: str | None
    reason: str | None = None


class ObservedFields(NamedTuple):
    """The response to ProbeFields."""

    fields: Sequence[FieldResult]
    unseen: Sequence[UnseenResult]


class BorderResult(NamedTuple):
    """Whether each index of a tensor is affected by a border, or the reason why that is not known."""

    input: str
    axis: int
    tensor: str
    reached: Sequence[bool] | str


class ObservedBorders(NamedTuple):
    """The response to ProbeBorders."""

    borders: Sequence[BorderResult]


class ImpulsesReady(NamedTuple):
    """How many tensors are compared after each impulse; `missing` gives the reason for each one that is not."""

    watched: int
    missing: Mapping[str, str]


class WrongReach(NamedTuple):
    """An element that changed although it should not depend on the changed index, only on `first` to `last`."""

    tensor: str
    element: tuple[int, ...]
    first: int | None
    last: int | None


class ImpulseResult(NamedTuple):
    """One element that an impulse reached contrary to the claims; None if there is none."""

    wrong: WrongReach | None


class Failure(NamedTuple):
    """Why there is no response to a request."""

    reason: str


Response = ObservedShapes | ObservedFields | ObservedBorders | ImpulsesReady | ImpulseResult | Failure


def encode(message: Request | Response) -> str:
    """The line of a message, with its line break."""
    return json.dumps({"kind": type(message).__name__, **message._asdict()}, default=_packed) + "\n"


def decode_request(line: str) -> Request:
    """The request that a line holds. Raises MessageError."""
    return _decoded(line, _REQUESTS)


def decode_response(line: str) -> Response:
    """The response that a line holds. Raises MessageError."""
    return _decoded(line, _RESPONSES)


def by_axis(tensors: Iterable[tuple[str, int, str, int | None]]) -> list[AxisProbe]:
    """One probe for each axis of (input, axis, tensor, axis of the tensor)."""
    wanted: dict[tuple[str, int], dict[str, int | None]] = {}
    for name, axis, tensor, along in tensors:
        wanted.setdefault((name, axis), {})[tensor] = along
    return [AxisProbe(name, axis, along) for (name, axis), along in wanted.items()]


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
    return RunModel(entries["path"], _shapes(entries["inputs"]), entries["values"])


def _probe_fields(entries: dict[str, Any]) -> ProbeFields:
    unseen = [UnseenClaim(name, axis, _spans(ranges)) for name, axis, ranges in entries["unseen"]]
    return ProbeFields([AxisProbe(*axis) for axis in entries["axes"]], unseen)


def _send_impulses(entries: dict[str, Any]) -> SendImpulses:
    reaches = [
        Reach(name, axis, tensor, node, tuple(shape), tuple(extents), tuple(first), tuple(last), _spans(unseen))
        for name, axis, tensor, node, shape, extents, first, last, unseen in entries["reaches"]
    ]
    return SendImpulses(reaches, [Impulse(*impulse) for impulse in entries["impulses"]])


def _observed_shapes(entries: dict[str, Any]) -> ObservedShapes:
    return ObservedShapes(**{**entries, "shapes": _shapes(entries["shapes"])})


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
}

_RESPONSES: Final[Mapping[str, Callable[[dict[str, Any]], Response]]] = {
    "ObservedShapes": _observed_shapes,
    "ObservedFields": _observed_fields,
    "ObservedBorders": lambda entries: ObservedBorders([BorderResult(*result) for result in entries["borders"]]),
    "ImpulsesReady": lambda entries: ImpulsesReady(**entries),
    "ImpulseResult": _impulse_result,
    "Failure": lambda entries: Failure(**entries),
}
