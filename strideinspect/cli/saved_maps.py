"""Maps of an effective field written to a file: `.npy` for one input, `.npz` for several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from strideinspect.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from strideinspect.results.effective_field import EffectiveField


def check(path: str) -> None:
    """Raise UsageError for a file that could not be written, before anything is computed."""
    if Path(path).suffix not in {".npy", ".npz"}:
        raise UsageError(f"--save {path}: maps are written as .npy or .npz", "write --save map.npy")
    if not Path(path).parent.is_dir():
        raise UsageError(f"--save {path}: there is no folder {Path(path).parent}", "create it first")


def write(path: str, field: EffectiveField) -> None:
    """Write the maps. Raises UsageError where that fails."""
    import numpy as np  # loaded only where something is saved

    maps = _named(field)
    try:
        if Path(path).suffix == ".npz":
            np.savez_compressed(path, **maps)  # type: ignore[arg-type]  # names of inputs are no other arguments
        elif len(maps) == 1:
            np.save(path, field.inputs[0].map)
        else:
            raise UsageError(f"--save {path}: there are {len(maps)} maps", "write --save map.npz")
    except OSError as error:
        raise UsageError(f"--save {path}: cannot be written: {error.strerror}", "name another file") from None


def _named(field: EffectiveField) -> dict[str, NDArray[np.float64]]:
    """The maps of one cell by their inputs, those of several by `OUTPUT:7,7/INPUT`."""
    if not field.further:
        return {seen.name: seen.map for seen in field.inputs}
    return {
        f"{cell.at.tensor}:{','.join(map(str, cell.at.indices))}/{seen.name}": seen.map
        for cell in (field, *field.further)
        for seen in cell.inputs
    }
