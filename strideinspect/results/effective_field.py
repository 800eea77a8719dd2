"""What an output really sees: the gradient of one of its cells with respect to the inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from strideinspect.results.boxes import Place
from strideinspect.results.effective_parts import EffectiveInput, GradientChecks, GrowthStep
from strideinspect.results.field import Shape

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class EffectiveField:
    """The answer to `erf`.

    Attributes:
        path: The file, as it was given.
        at: The cell: an index of an output or of another tensor.
        inputs: How it sees each graph input that has a position.
        count: How many inputs the map is the mean of.
        source: What they were: "noise", "images" or "data".
        random_weights: Whether weights that the file lacks were drawn at random.
        straight_through: Whether quantisation was passed straight through.
        crop: Per graph input, the first pixel and the size of the part that was enough along each axis; empty where the
            whole input was run.
        checks: What was checked.
        growth: The same at layers on the way, by depth; empty where that was not asked for.
    """

    path: str
    at: Place
    inputs: tuple[EffectiveInput, ...]
    count: int
    source: str
    random_weights: bool
    straight_through: bool
    crop: Mapping[str, tuple[Shape, Shape]]
    checks: GradientChecks
    growth: tuple[GrowthStep, ...] = ()

    def plot(self) -> Figure:
        """A matplotlib figure: the maps, the distances that hold their mass, and the theoretical field.

        Raises UsageError where matplotlib is not installed.
        """
        from strideinspect import display

        return display.effective_figure(self)

    def to_dict(self) -> dict[str, Any]:
        """The answer without its maps, as dicts, lists, texts and numbers: the schema `strideinspect/erf/1`."""
        from strideinspect.results import effective_field_data

        facts = effective_field_data.Facts(
            self.count, self.source, self.random_weights, self.straight_through, self.crop, self.checks, self.growth
        )
        return {**effective_field_data.document(self.path, self.at, self.inputs, facts)}


class EffectiveOutput(NamedTuple):
    """What an output really sees, at its middle index; `field` is None where that is not known, and `reason` says why.

    The cell is one of another map where the output was pooled from that.
    """

    output: str
    field: EffectiveField | None
    reason: str = ""
