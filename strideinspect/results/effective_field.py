"""What an output really sees: the gradient of one of its cells with respect to the inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from strideinspect.results.boxes import Place
from strideinspect.results.field import Shape, Span

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray


class EffectiveInput(NamedTuple):
    """How a cell sees one graph input.

    The *mass* of a pixel is its value in the map. Distances are in pixels.

    Attributes:
        name: Name of the graph input.
        axes: The axes on which its position runs.
        theoretical: Size of the theoretical field along each of them; None without a closed form.
        center: Center of the theoretical field of the cell; of the actual one where there is no closed form.
        centroid: Center of the mass.
        radius: By percentage of the mass (50, 90, 99), the smallest distance from `center` within which it lies.
        sigma: Standard deviation of the mass about its centroid, along each axis.
        share_of_theoretical: The fewest pixels that hold 90 % of the mass, as a share of the theoretical field's; None
            without a closed form.
        square: As RepLKNet measures it: by percentage (20, 30, 50, 99) of log10(map + 1), the share of the image in
            percent that the smallest centered square holding it has; its map is of the positive gradients of positive
            channels. It is not invariant to the scale of the weights. None for other inputs than images, and where no
            square inside the image holds it.
        map: The map itself, float64, read-only.
        shown: First and last pixel of the picture along each axis: the exact field.
        bands: The picture, in cells of a coarse grid: 3 for those that hold the densest 50 % of the mass, 2
            up to 90 %, 1 up to 99 %, 0 for the rest. For a volume, the slice through the center.
    """

    name: str
    axes: tuple[int, ...]
    theoretical: tuple[int | None, ...]
    center: tuple[float, ...]
    centroid: tuple[float, ...]
    radius: Mapping[int, float]
    sigma: tuple[float, ...]
    share_of_theoretical: float | None
    square: Mapping[int, float | None] | None
    map: NDArray[np.float64]
    shown: tuple[Span, ...]
    bands: tuple[tuple[int, ...], ...]


class GradientChecks(NamedTuple):
    """What was checked of the gradients.

    Attributes:
        adjoint: The largest relative difference of ⟨J·v, u⟩ and ⟨v, Jᵀ·u⟩ over all checks, each with random v. The
            derivative along v is computed with the model's own nodes.
        support: "inside" where no pixel outside the exact field has a gradient; "unbounded" where the field is the
            whole input, so that none is outside.
    """

    adjoint: float
    support: str


class GrowthStep(NamedTuple):
    """What the middle index of a layer really sees of one graph input.

    Attributes:
        tensor: The layer's output.
        depth: The most convolutions and poolings on a way to it, itself included.
        input: Name of the graph input.
        theoretical: Size of the theoretical field along each axis; None without a closed form.
        sigma: Standard deviation of the mass along each axis.
    """

    tensor: str
    depth: int
    input: str
    theoretical: tuple[int | None, ...]
    sigma: tuple[float, ...]


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
        # By name, since a result must not depend on what stands above it.
        figure: Figure = import_module("strideinspect.plotting").effective_figure(self)
        return figure

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
