"""The repository that a run belongs to, and the paths of files in it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from msgspec import Struct


def root(start: Path) -> Path:
    """The repository that contains `start`: the nearest folder upwards with a `.git` in it.

    Without one, the workspace of the GitHub job if it contains `start` (a checkout without git has no `.git`), else
    `start` itself.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / ".git").exists():
            return folder
    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or start).resolve()
    return workspace if start.is_relative_to(workspace) else start


class Repository(Struct, frozen=True):
    """The files below `root`, a resolved folder."""

    root: Path

    def model(self, path: str) -> str:
        """The path of a file relative to the repository, with slashes; absolute if it is outside."""
        return self._inside(path) or Path(os.path.abspath(path)).as_posix()  # noqa: PTH100  # of any text, links kept

    def relative(self, file: str) -> str | None:
        """The path, relative to the repository, of a source file in a stack trace; None if there is no such file.

        A trace from another machine or checkout names files that do not exist here: in that case the longest suffix
        of the path that is a file of the repository is used.
        """
        relative = self._inside(file)
        if relative is not None and (self.root / relative).is_file():
            return relative
        parts = [part for part in re.split(r"[/\\]", file) if part not in ("", ".")]
        if ".." in parts:
            return None
        endings = ("/".join(parts[i:]) for i in range(len(parts)))
        return next((ending for ending in endings if self._has(ending)), None)

    def _inside(self, path: str) -> str | None:
        """The path relative to the root. Links are kept if possible: large files are often links elsewhere."""
        for follow in (os.path.abspath, os.path.realpath):
            try:
                return Path(follow(path)).relative_to(self.root).as_posix()
            except (ValueError, OSError):  # outside the root, or with a null character
                continue
        return None

    def _has(self, path: str) -> bool:
        """Whether this is a file of the repository; names come from the model and may be anything."""
        try:
            return (self.root / path).is_file()
        except (ValueError, OSError):
            return False
