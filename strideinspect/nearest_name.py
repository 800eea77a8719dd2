"""The name that was probably meant, for help with a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable


def nearest_name(name: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    """That of the names which is spelt most alike; "" where none has a ratio of equal letters of at least `cutoff`."""
    from difflib import get_close_matches  # only for messages

    return next(iter(get_close_matches(name, names, n=1, cutoff=cutoff)), "")
