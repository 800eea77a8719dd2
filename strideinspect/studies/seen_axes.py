"""What two models make of the same axis of an input: field, stride and position of a map in both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from msgspec import Struct, structs

from strideinspect.results.differences import Difference, Value
from strideinspect.results.field import Field
from strideinspect.results.tensors import TensorReport


class SeenAxis(Struct, frozen=True):
    """A field along one axis of an input, as far as it is compared: `offset` is that from half-pixel centers."""

    size: int | None
    stride: Fraction | None
    offset: Fraction | None
    node_axis: int | None

    @classmethod
    def of(cls, field: Field | None) -> SeenAxis:
        """Where paths disagree, the offset is that of the middle of the field."""
        if field is None:
            return cls(None, None, None, None)
        offset = None
        if field.alignment is not None and field.alignment.offset is not None:
            offset = field.alignment.offset
        elif field.center is not None and field.stride is not None and field.node_axis is not None:
            offset = field.center - (field.stride - 1) / 2
        return cls(field.size, field.stride, offset, field.node_axis)

    def after(self, indices: int) -> SeenAxis:
        """That of the map that begins so many indices later."""
        if self.offset is None or self.stride is None:
            return self
        return structs.replace(self, offset=self.offset + indices * self.stride)


def differences(a: Sequence[SeenAxis], b: Sequence[SeenAxis], of: str = "") -> Iterator[Difference]:
    """In what the fields of two maps differ; `of` says which maps."""
    values: tuple[tuple[str, Value, Value], ...] = (
        ("field", tuple(one.size for one in a), tuple(one.size for one in b)),
        ("effective stride", _fractions(one.stride for one in a), _fractions(one.stride for one in b)),
        ("offset", _fractions(one.offset for one in a), _fractions(one.offset for one in b)),
    )
    for what, left, right in values:
        if left != right and len(a) == len(b):
            yield Difference(what + of, left, right)


def _fractions(values: Iterable[Fraction | None]) -> tuple[Fraction | None, ...]:
    return tuple(values)


def shift(a: Sequence[SeenAxis], b: Sequence[SeenAxis]) -> tuple[Fraction, ...] | None:
    """How far the cells of the second map lie after those of the first; None where they are not comparable."""
    shifts = []
    for left, right in zip(a, b, strict=False):
        if left.offset is None or right.offset is None or left.stride != right.stride:
            return None
        shifts.append(right.offset - left.offset)
    return tuple(shifts) or None


def of_scales(a: TensorReport, b: TensorReport) -> Iterator[Difference]:
    """In what the maps differ that two outputs hold side by side."""
    if len(a.scales) != len(b.scales):
        yield Difference("scales", (len(a.scales),), (len(b.scales),))
        return
    for number, (left, right) in enumerate(zip(a.scales, b.scales, strict=True)):
        axes = [[*map(SeenAxis.of, scale.fields)] for scale in (left, right)]
        yield from differences(axes[0], axes[1], f" of scale {number}")
