"""What an output really sees: the gradient of one of its cells with respect to the inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from strideinspect.results import drawing
from strideinspect.results.boxes import Place
from strideinspect.results.effective_parts import EffectiveInput, GradientChecks, GrowthStep
from strideinspect.results.field import Shape

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class EffectiveField(Struct, frozen=True):
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
        further: The fields of the other cells, where several were asked for.
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
    further: tuple[EffectiveField, ...] = ()

    def plot(self) -> Figure:
        """A matplotlib figure: the maps of all cells, the distances that hold their mass, and the theoretical fields.

        Raises UsageError where matplotlib is not installed.
        """
        return drawing.display().effective_figure(self)

    def to_dict(self) -> dict[str, Any]:
        """The answer without its maps, as dicts, lists, texts and numbers: the schema `strideinspect/erf/1`."""
        from strideinspect.results import effective_field_data

        return {**effective_field_data.document(self, self.further)}


class EffectiveOutput(Struct, frozen=True):
    """What an output really sees, at its middle index.

    The cell is one of another map where the output was pooled from that, or holds several, such as a detector's levels.

    Attributes:
        output: Name of the graph output.
        field: What the cell really sees; None where that cannot be computed.
        reason: Why the model cannot be judged by it: there is none, or the file has no weights; empty where it can.
    """

    output: str
    field: EffectiveField | None
    reason: str = ""
