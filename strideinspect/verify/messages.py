"""Every message between the client and the worker process.

`message_lines.py` turns them into lines of text and back. Both are imported before the worker starts, so they import
nothing slow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from strideinspect.results.field import Positions, Span

NO_TENSOR: Final = "onnxruntime has no tensor of this name"
"""The reason for a tensor that does not occur in a run."""


class MessageError(Exception):
    """A line is not a valid message; the text says why."""


class AxisProbe(Struct, frozen=True):
    """One axis of a graph input, and the tensors to observe: the axis along which each has positions, or None."""

    input: str
    axis: int
    tensors: Mapping[str, int | None]


class UnseenClaim(Struct, frozen=True):
    """Indices of one axis of a graph input that should reach no output of the graph; both ends are included.

    To be overwritten, also those of another tensor.
    """

    input: str
    axis: int
    ranges: tuple[Span, ...]


class Reach(Struct, frozen=True):
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


class Impulse(Struct, frozen=True):
    """A graph input, one of its axes, and the index along it at which the input is changed."""

    input: str
    axis: int
    position: int


class TilePart(Struct, frozen=True):
    """`size` pixels of a graph input along an axis, from `first` on."""

    axis: int
    first: int
    size: int


class KeptCells(Struct, frozen=True):
    """Cells of a tile's output along an axis that have to be right, `first` to `last`.

    `place` is the index of the first one in the whole, `discarded` whether cells before and behind them are discarded.
    """

    axis: int
    first: int
    last: int
    place: int
    discarded: tuple[bool, bool] = (False, False)


class TileRun(Struct, frozen=True):
    """One tile: the parts of each graph input that are run, and the cells of each output that have to be right."""

    parts: Mapping[str, Sequence[TilePart]]
    cells: Mapping[str, Sequence[KeptCells]]


class _Message(Struct, frozen=True, tag=True, tag_field="kind"):
    """What is sent on its own; its line has the name of its class."""


# Requests


class RunModel(_Message, frozen=True):
    """Run the model without its weights at these input shapes; the response is ObservedShapes.

    `values` are the values of other inputs, as the user gave them. `given` are the shapes of tensors of operators that
    onnxruntime does not have: what lies behind them runs on zeros.
    """

    path: str
    inputs: Mapping[str, tuple[int, ...]]
    values: Mapping[str, Any] = {}
    given: Mapping[str, tuple[int, ...]] = {}


class ProbeFields(_Message, frozen=True):
    """Observe the fields of tensors, and whether unseen indices reach an output; the response is ObservedFields."""

    axes: Sequence[AxisProbe]
    unseen: Sequence[UnseenClaim] = ()


class ProbeBorders(_Message, frozen=True):
    """Observe which indices of tensors are affected by borders; the response is ObservedBorders."""

    axes: Sequence[AxisProbe]


class SendImpulses(_Message, frozen=True):
    """Run the model with its weights; the responses are ImpulsesReady and one ImpulseResult for each impulse."""

    reaches: Sequence[Reach]
    impulses: Sequence[Impulse]


class CompareTiles(_Message, frozen=True):
    """Run the model with its weights on whole inputs of these shapes and on tiles; the response is TilesCompared."""

    inputs: Mapping[str, tuple[int, ...]]
    tiles: Sequence[TileRun]


class Overwrite(_Message, frozen=True):
    """Run the model with its weights and other numbers at the claimed indices; the response is Overwritten."""

    claims: Sequence[UnseenClaim]


Request = RunModel | ProbeFields | ProbeBorders | SendImpulses | Overwrite | CompareTiles


# Responses


class Stop(Struct, frozen=True):
    """Why a run ended before the end of the model, in plain words that name the node.

    `node` and `tensor` are the name and the first output of that node, None where onnxruntime names none. `refused`
    says that onnxruntime refuses the model with its own weights, too.
    """

    reason: str
    node: str | None = None
    tensor: str | None = None
    refused: bool = False


class ObservedShapes(_Message, frozen=True):
    """The shapes of one run; `not_checked` gives the reason for other tensors, `stop` why the run ended early.

    `left_out` gives the reason for each tensor of an operator that onnxruntime does not have, and for those that depend
    on it: the rest of the model was run without them.
    """

    runtime: str
    shapes: Mapping[str, tuple[int, ...]]
    not_checked: Mapping[str, str]
    stop: Stop | None = None
    left_out: Mapping[str, str] = {}


class ObservedField(Struct, frozen=True):
    """What each index of a tensor sees locally, and the hull of full dependence over the whole tensor."""

    positions: Positions
    full: Span | None


class FieldResult(Struct, frozen=True):
    """The field of one tensor, or the reason why it was not observed."""

    input: str
    axis: int
    tensor: str
    field: ObservedField | str


class UnseenResult(Struct, frozen=True):
    """The first output that indices claimed to be unseen reach, None if there is none; `reason` if it is unknown."""

    input: str
    axis: int
    reached: str | None
    reason: str | None = None


class ObservedFields(_Message, frozen=True):
    """The response to ProbeFields."""

    fields: Sequence[FieldResult]
    unseen: Sequence[UnseenResult]


class BorderResult(Struct, frozen=True):
    """Whether each index of a tensor is affected by a border, or the reason why that is not known.

    `from_elsewhere` says that some operator may have brought pixels to the tensor that no closed form describes.
    """

    input: str
    axis: int
    tensor: str
    reached: Sequence[bool] | str
    from_elsewhere: bool


class ObservedBorders(_Message, frozen=True):
    """The response to ProbeBorders."""

    borders: Sequence[BorderResult]


class ImpulsesReady(_Message, frozen=True):
    """How many tensors are compared after each impulse; `missing` gives the reason for each one that is not."""

    watched: int
    missing: Mapping[str, str]


class WrongReach(Struct, frozen=True):
    """An element that changed although it should not depend on the changed index, only on `first` to `last`."""

    tensor: str
    element: tuple[int, ...]
    first: int | None
    last: int | None


class ImpulseResult(_Message, frozen=True):
    """One element that an impulse reached contrary to the claims; None if there is none."""

    wrong: WrongReach | None


class TilesCompared(_Message, frozen=True):
    """The largest difference between cells of tiles and those of the whole, and the largest value of the whole.

    `moved` is how much kept cells of the whole change where all pixels outside one of the tiles change, `one_less` how
    much the cells beside them do, the smallest of all sides of all outputs; None where no cell is discarded. Both are
    of runs of one shape, so that nothing is rounded differently. `random_weights` says that the file has no weights.
    """

    difference: float
    largest: float
    moved: float
    one_less: float | None
    random_weights: bool


class Failure(_Message, frozen=True):
    """Why there is no response to a request."""

    reason: str


class Overwritten(_Message, frozen=True):
    """Which output the claimed indices reach, per claim."""

    results: Sequence[UnseenResult]


Observed = ObservedShapes | ObservedFields | ObservedBorders
Response = Observed | ImpulsesReady | ImpulseResult | Overwritten | TilesCompared | Failure


def by_axis(tensors: Iterable[tuple[str, int, str, int | None]]) -> list[AxisProbe]:
    """One probe for each axis of (input, axis, tensor, axis of the tensor)."""
    wanted: dict[tuple[str, int], dict[str, int | None]] = {}
    for name, axis, tensor, along in tensors:
        wanted.setdefault((name, axis), {})[tensor] = along
    return [AxisProbe(name, axis, along) for (name, axis), along in wanted.items()]
