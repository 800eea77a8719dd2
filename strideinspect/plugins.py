"""Rules and operators that installed packages add, found by entry points."""

from __future__ import annotations

from functools import cache

from strideinspect.errors import UsageError


def load_plugins(group: str) -> None:
    """Import the modules that installed packages name in an entry point group, once: importing registers what they add.

    Raises UsageError where one cannot be imported, naming its package.
    """
    error = _loaded(group)
    if error is not None:
        raise error


@cache
def _loaded(group: str) -> UsageError | None:
    """The error is kept: importing half of a module once more would only say that its operators are there already."""
    from importlib.metadata import entry_points  # takes longer to import than all rules together

    for entry in sorted(entry_points(group=group), key=lambda entry: entry.value):
        try:
            entry.load()
        except Exception as error:  # noqa: BLE001 - the package may raise anything
            package = entry.dist.name if entry.dist is not None else entry.name
            return UsageError(
                f"the package {package!r} adds {group.rpartition('.')[2]}, but loading {entry.value!r} failed "
                f"({type(error).__name__}: {error})",
                f"update or uninstall {package!r}, or report this to its authors",
            )
    return None
