"""Maps of an effective field written to a file: `.npy` for one input, `.npz` for several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from strideinspect.errors import UsageError

if TYPE_CHECKING:
    from strideinspect.results.effective_field import EffectiveField


def check(path: str) -> None:
    """Raise UsageError for a file that could not be written, before anything is computed."""
    if Path(path).suffix not in {".npy", ".npz"}:
        raise UsageError(f"--save {path}: maps are written as .npy or .npz", "write --save map.npy")
    if not Path(path).parent.is_dir():
        raise UsageError(f"--save {path}: there is no folder {Path(path).parent}", "create it first")


def write(path: str, field: EffectiveField) -> None:
    """Write the maps. Raises UsageError where that fails."""
    import numpy as np

    maps = {seen.name: seen.map for seen in field.inputs}
    try:
        if Path(path).suffix == ".npz":
            np.savez_compressed(path, **maps)  # type: ignore[arg-type]  # names of inputs are no other arguments
        elif len(maps) == 1:
            np.save(path, field.inputs[0].map)
        else:
            raise UsageError(f"--save {path}: there are maps of {len(maps)} inputs", "write --save map.npz")
    except OSError as error:
        raise UsageError(f"--save {path}: cannot be written: {error.strerror}", "name another file") from None
