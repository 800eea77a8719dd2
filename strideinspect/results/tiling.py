"""How a network can be run on tiles of its input with the result that the whole input gives."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from strideinspect.results.tile_parts import StatePair, TiledOutput, TilePlan, TilingProof, milliseconds


class Tiling(Struct, frozen=True):
    """How a model can be run on tiles, for every output.

    Attributes:
        path: The file.
        outputs: One entry per output that depends on an axis which could be cut.
        plan: Tiles of one size, for all outputs that can be tiled; empty where none can.
        bioimageio: The axes of the model as a bioimage.io description (0.5) has them; None where it has no words for
            them.
        proof: The comparison by running.
        time: Whether the axis that is cut is the only one of its input, as time is.
        rate: Samples per second, if given.
        states: The inputs and outputs that carry context from one chunk to the next.
    """

    path: str
    outputs: tuple[TiledOutput, ...]
    plan: tuple[TilePlan, ...]
    bioimageio: dict[str, Any] | None
    proof: TilingProof
    time: bool = False
    rate: float | None = None
    states: tuple[StatePair, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether at least one output can be tiled exactly."""
        return any(output.exact for output in self.outputs)

    def to_dict(self) -> dict[str, Any]:
        """The answer as dicts, lists, texts and numbers, under the schema `strideinspect/tiles/1`."""
        from strideinspect.results import tiling_data

        return {
            **tiling_data.document(
                self.path, self.outputs, self.plan, self.states, self.bioimageio, self.proof, self.rate
            )
        }

    def milliseconds(self, samples: int) -> float:
        """How long this many samples last at `rate`, or at 1 sample per second."""
        return milliseconds(samples, self.rate or 1)
