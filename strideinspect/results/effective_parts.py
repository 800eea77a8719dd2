"""What the effective receptive field of a cell is made of: its map and numbers per input, what was checked, growth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from strideinspect.results.field import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class EffectiveInput(Struct, frozen=True):
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


class GradientChecks(Struct, frozen=True):
    """What was checked of the gradients.

    Attributes:
        adjoint: The largest relative difference of ⟨J·v, u⟩ and ⟨v, Jᵀ·u⟩ over all checks, each with random v. The
            derivative along v is computed with the model's own nodes.
        support: "inside" where no pixel outside the exact field has a gradient; "unbounded" where the field is the
            whole input, so that none is outside.
    """

    adjoint: float
    support: str


class GrowthStep(Struct, frozen=True):
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
