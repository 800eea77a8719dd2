"""Rules and operators that installed packages add, found by entry points."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from strideinspect.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


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
    for entry in sorted(_entry_points(group), key=lambda entry: entry.value):
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


def _entry_points(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group. Only where some package's file names the group are all of them read, once each."""
    from importlib.metadata import distributions, entry_points  # takes longer to import than all rules together

    # Two milliseconds for a hundred packages, where reading what each of them offers takes six.
    named = any(group in (package.read_text("entry_points.txt") or "") for package in distributions())
    return tuple(entry_points(group=group)) if named else ()
