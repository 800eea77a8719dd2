"""Rules and operators that other installed packages bring, found by entry points."""

from __future__ import annotations

from strideinspect.errors import UsageError


def load_plugins(group: str) -> None:
    """Import every entry point of a group: importing one registers what it brings.

    Raises UsageError for one that cannot be imported, naming its package.
    """
    from importlib.metadata import entry_points  # takes longer to import than all rules together

    for entry in sorted(entry_points(group=group), key=lambda entry: entry.value):
        try:
            entry.load()
        except Exception as error:  # whatever a foreign module raises, its package is what to name
            package = entry.dist.name if entry.dist is not None else entry.value
            raise UsageError(
                f"the package {package} extends strideinspect by {entry.name!r} ({group}), which cannot be imported: "
                f"{error}",
                f"update or uninstall {package}",
            ) from error
