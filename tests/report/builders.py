"""Short ways to write down the parts of a report, for tests of one sentence, one cell or one escaped character."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from strideinspect.results.field import Alignment, Field, FullField, Positions
from strideinspect.results.report import Dropped, Input, Report, WindowNode
from strideinspect.results.verdict import Counts, Verdict, Verification

AGREED = Verification(
    status=Verdict.AGREED,
    runtime="onnxruntime 1.31.1",
    shapes=Counts(agreed=40),
    fields=Counts(agreed=8),
    seconds=0.21,
)


def field(
    axis: int,
    *,
    size: int | None,
    stride: Fraction | int | None = 1,
    first: int | None = 0,
    input: str = "image",
    extent: int = 224,
    node_axis: int | None = -1,
    widest: int | None = None,
    reason: str | None = None,
    full: FullField | None = None,
    positions: Positions | None = None,
) -> Field:
    """A field of one axis; its position runs along the same axis of the tensor unless `node_axis` says otherwise."""
    last = None if size is None or first is None else first + size - 1
    return Field(
        input=input,
        axis=axis,
        extent=extent,
        node_axis=axis if node_axis == -1 else node_axis,
        size=size,
        stride=None if stride is None or size is None else Fraction(stride),
        first=None if last is None else first,
        last=last,
        phases=() if first is None or last is None else ((first, last),),
        reason=reason,
        full=full,
        positions=positions or Positions.of((), ()),
        widest=min(extent, size or extent) if widest is None else widest,
        smallest=size,
        alignment=_alignment(first, last, Fraction(stride or 1)) if node_axis is not None else None,
    )


def _alignment(first: int | None, last: int | None, stride: Fraction) -> Alignment | None:
    """Of one path, whose index 0 sees these pixels."""
    if first is None or last is None:
        return None
    offset = Fraction(first + last, 2) - (stride - 1) / 2
    return Alignment(offset, offset, offset, max(0, last - math.ceil(stride) + 1), max(0, -first))


def square(size: int | None, stride: Fraction | int | None, first: int | None, **rest: object) -> tuple[Field, ...]:
    """The same field along both axes of an NCHW image."""
    return tuple(field(axis, size=size, stride=stride, first=first, **rest) for axis in (2, 3))  # type: ignore[arg-type]


def window(
    name: str,
    op: str,
    kernel: Sequence[int],
    stride: Sequence[int],
    shapes: tuple[Sequence[int], Sequence[int]],
    fields: Sequence[Field],
    *,
    begin: Sequence[int] | None = None,
    end: Sequence[int] | None = None,
    dilation: Sequence[int] | None = None,
    dropped: Dropped | None = None,
    macs: int | None = 0,
    parameters: int | None = 0,
    output_padding: Sequence[int] | None = None,
    spatial_axes: Sequence[int] | None = None,
) -> WindowNode:
    """A window node; padding 0 and dilation 1 unless told, its output called `<name>:0`."""
    rank = len(kernel)
    begin = begin or [0] * rank
    return WindowNode(
        name=name,
        op=op,
        output=f"{name}:0",
        kernel=tuple(kernel),
        stride=tuple(stride),
        dilation=tuple(dilation or [1] * rank),
        padding_begin=tuple(begin),
        padding_end=tuple(end or begin),
        output_padding=None if output_padding is None else tuple(output_padding),
        input_shape=tuple(shapes[0]),
        output_shape=tuple(shapes[1]),
        spatial_axes=tuple(spatial_axes or range(2, 2 + rank)),
        macs=macs,
        parameters=parameters,
        dropped=dropped,
        source=None,
        fields=tuple(fields),
    )


def report(path: str, inputs: Sequence[Input], nodes: Sequence[WindowNode], **rest: object) -> Report:
    """A report with nothing in it but what is given."""
    defaults: dict[str, object] = {
        "producer": "",
        "opsets": {"": 18},
        "node_count": len(nodes),
        "tensors": (),
        "outputs": (),
        "ladder": (),
        "unseen": (),
        "findings": (),
        "verification": AGREED,
    }
    return Report(path=path, inputs=tuple(inputs), nodes=tuple(nodes), **{**defaults, **rest})  # type: ignore[arg-type]


class InRepository:
    """Files of a checkout in /build/repo."""

    def model(self, path: str) -> str:
        """Models are in the repository."""
        return path

    def relative(self, file: str) -> str | None:
        """What is below the root."""
        root = "/build/repo/"
        return file.removeprefix(root) if file.startswith(root) else None
