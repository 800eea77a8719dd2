"""The parts of the answer to `tiles`: axes that can be cut, tiles of one size, states and the proof."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal

from msgspec import Struct

ProofStatus = Literal["equal", "unequal", "not_checked"]


class TiledAxis(Struct, frozen=True):
    """How one axis of a graph input can be cut for one output.

    Attributes:
        input: Name of the graph input.
        axis: Axis of the graph input, counted from 0.
        node_axis: Axis of the output that it becomes.
        step: Tiles begin at multiples of this many pixels; the sizes of tiles and of the whole input differ by
            multiples of it.
        halo: Pixels that a tile needs before and behind the part that it is to compute, where both ends of that part
            are multiples of `step`.
        crop: Cells of the output that are discarded at the beginning and at the end of a tile, but not at a border of
            the whole input.
        smallest_tile: The smallest tile, in pixels, of which at least one step is left.
        scale: Cells of the output per pixel of the input.
        lookahead: Pixels that any cell sees past those that it stands for: the halo of a part with any end.
        lookback: Pixels that any cell sees before them.
        length: Pixels of the input axis for which this was computed.
        cells: Cells of the output along `node_axis` at that length.
    """

    input: str
    axis: int
    node_axis: int
    step: int
    halo: tuple[int, int]
    crop: tuple[int, int]
    smallest_tile: int
    scale: Fraction
    lookahead: int
    lookback: int
    length: int
    cells: int

    def cells_at(self, length: int) -> int:
        """Cells of the output where the input has this length, which differs from `length` by a multiple of `step`."""
        return self.cells + int((length - self.length) * self.scale)

    @property
    def crop_on_grid(self) -> int:
        """The smallest crop, the same at both sides, with which the next tile begins at a multiple of `step`."""
        crop = max(self.crop)
        while crop / self.scale % self.step:
            crop += 1
        return crop

    def kept(self, size: int) -> int:
        """Pixels, a multiple of `step`, that are left of a tile of this size inside the input."""
        clean = self.cells_at(size) - sum(self.crop)
        return int(clean / self.scale) // self.step * self.step


class WholeAxis(Struct, frozen=True):
    """An axis of a graph input that cannot be cut for one output.

    Attributes:
        input: Name of the graph input.
        axis: Axis of the graph input, counted from 0.
        reason: Why it cannot be cut.
    """

    input: str
    axis: int
    reason: str


class TiledOutput(Struct, frozen=True):
    """How the input can be cut for one output.

    Attributes:
        output: Name of the graph output.
        axes: The axes that can be cut.
        whole: The axes that cannot be cut, each with the reason.
        reason: Why some axis, or none, can be cut; None where all can.
    """

    output: str
    axes: tuple[TiledAxis, ...]
    whole: tuple[WholeAxis, ...]
    reason: str | None = None

    @property
    def exact(self) -> bool:
        """Whether tiles along `axes` give what the whole input gives; False where there are no such axes."""
        return bool(self.axes)


_DIGITS = 10_000


class OverlapRatios(Struct, frozen=True):
    """An overlap as a share of the tile, rounded so that each tool gets the intended number of pixels from it.

    Attributes:
        monai: `overlap` of MONAI's sliding window, which advances by int(size * (1 - overlap)).
        sahi: `overlap_height_ratio` of SAHI, whose tiles overlap by int(ratio * size).
        nnunet: `tile_step_size` of nnU-Net, which spreads tiles evenly, at most size * tile_step_size apart.
    """

    monai: float
    sahi: float
    nnunet: float


class TilePlan(Struct, frozen=True):
    """Tiles of one size along one axis of a graph input, for all outputs that can be tiled.

    Attributes:
        input: Name of the graph input.
        axis: Its axis.
        size: Pixels of a tile.
        advance: Pixels from one tile to the next: a multiple of the step.
        fixed: Whether the file fixes the size of the axis, so that tiles of another size need another export.
    """

    input: str
    axis: int
    size: int
    advance: int
    fixed: bool = False

    @property
    def overlap(self) -> int:
        """Pixels that neighbouring tiles share."""
        return self.size - self.advance

    @property
    def ratios(self) -> OverlapRatios:
        """The overlap as MONAI, SAHI and nnU-Net are given it."""
        return OverlapRatios(
            math.floor(_DIGITS * Fraction(self.overlap, self.size)) / _DIGITS,
            math.ceil(_DIGITS * Fraction(self.overlap, self.size)) / _DIGITS,
            math.ceil(_DIGITS * Fraction(self.advance, self.size)) / _DIGITS,
        )

    def origins(self, length: int) -> tuple[int, ...]:
        """Where tiles begin on an input of this length; the last one ends where the input ends."""
        return (*range(0, length - self.size, self.advance), max(0, length - self.size))


class StatePair(Struct, frozen=True):
    """An input that carries context into the model, and the output that is fed back to it with the next chunk.

    Attributes:
        input: Name of the graph input.
        output: Name of the graph output, of the same shape.
    """

    input: str
    output: str


class TilingProof(Struct, frozen=True):
    """The whole input compared with its tiles, both run by onnxruntime.

    Attributes:
        status: `"equal"`, `"unequal"`, or `"not_checked"` where nothing was compared.
        reason: What was compared, or why nothing was.
        max_difference: The largest difference of any value of any output; None where nothing was compared.
        bound: The largest difference that counts as rounding: 2⁻¹⁶ of the largest value.
        moved: How much the cells that are kept change where the pixels outside a tile do. It has to be 0, exactly.
        one_less: How much the cells beside them change then, the smallest of all sides: more than 0 shows that a crop
            of one cell less is not enough. None where no cell is discarded.
        tiles: Number of tiles.
    """

    status: ProofStatus
    reason: str
    max_difference: float | None = None
    bound: float | None = None
    moved: float | None = None
    one_less: float | None = None
    tiles: int = 0


def milliseconds(samples: int, rate: float) -> float:
    """How long this many samples last at a rate, given in samples per second."""
    return round(1000 * samples / rate, 3)
