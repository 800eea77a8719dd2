"""file → Analysis → tiles → Tiling, with the proof beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from strideinspect.errors import UsageError
from strideinspect.results.tile_parts import TilingProof
from strideinspect.results.tiling import Tiling
from strideinspect.settings import Settings
from strideinspect.studies.bioimageio_axes import described
from strideinspect.studies.opening import analysed, refuse_stopped
from strideinspect.studies.state_pairs import state_pairs
from strideinspect.studies.tile_layout import Tiles, tiles

if TYPE_CHECKING:
    from strideinspect.verify.client import Verifier


def run(
    path: str,
    settings: Settings,
    tile: Sequence[int],
    *,
    rate: float | None,
    progress: Callable[[str], None],
    verifier: Verifier | None,
) -> Tiling:
    """How one model can be run on tiles; `strideinspect.tiles` explains the parameters and the errors."""
    progress("computing shapes and receptive fields")
    analysis = analysed(path, settings)
    refuse_stopped(analysis, path)
    found = tiles(analysis, tile)
    spatial = {axes for axes in analysis.spatial_axes.values() if axes}
    time = bool(spatial) and all(len(axes) == 1 for axes in spatial)
    if rate is not None and spatial and not time:
        raise UsageError("--rate only works with signals, and an input has several spatial axes", "leave it out")
    return Tiling(
        path=path,
        outputs=found.outputs,
        plan=found.plan,
        bioimageio=described(analysis, found.outputs),
        proof=_proof(found, progress, verifier),
        time=time,
        rate=rate,
        states=state_pairs(analysis),
    )


def _proof(found: Tiles, progress: Callable[[str], None], verifier: Verifier | None) -> TilingProof:
    if verifier is None:
        return TilingProof("not_checked", "not requested")
    if not found.plan:
        return TilingProof("not_checked", "there are no exact tiles")
    from strideinspect.verify.tiling_proof import prove  # without a proof nothing of it is needed

    progress("running onnxruntime on the whole and on tiles")
    exact = [output for output in found.outputs if output.exact]
    return prove(verifier, exact, found.example, found.shapes)
