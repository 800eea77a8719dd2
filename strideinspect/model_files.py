"""Which model files the paths denote that a user gave: files, folders, globs and MLflow models.

A path that names a file is taken as it is. A folder denotes the models below it, but for those that nobody means:
hidden folders, virtual environments, `node_modules`, what git ignores and what is excluded.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from strideinspect import arguments
from strideinspect.errors import UsageError
from strideinspect.repository import root
from strideinspect.spelling import listed

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MLFLOW = "MLmodel"
"""The file by which MLflow tells a model's folder."""
_FOREIGN = frozenset({"node_modules", "site-packages", "__pycache__", "venv"})
"""Folders that hold what other people made, whatever it is."""
_NAMED = 3
"""How many things that were left out a message names."""


class Exclude(Struct, frozen=True):
    """Patterns as in a .gitignore in `folder`."""

    folder: Path
    patterns: tuple[str, ...]


Excludes = Callable[[Path], Sequence[Exclude]]
"""What is excluded below a folder."""


class LeftOut(Struct, frozen=True, order=True):
    """A folder or model that was met and not taken, and why."""

    path: str
    why: str


def nothing_excluded(folder: Path) -> Sequence[Exclude]:
    """No patterns."""
    del folder
    return ()


def models_of(
    paths: Iterable[str | os.PathLike[str]], excludes: Excludes = nothing_excluded
) -> dict[str, UsageError | None]:
    """The files that paths denote, each once and in order, or the paths that denote none, with the reason.

    A path that exists is not a glob, whatever its characters. One that does not exist is kept, so that opening it
    raises the error. Raises UsageError for what is not a path.
    """
    files: dict[str, str] = {}
    problems: dict[str, UsageError | None] = {}
    for given in paths:
        path = arguments.path(given, "a model")
        try:
            for file in _files(path, excludes):
                problems[files.setdefault(os.path.realpath(file), file)] = None
        except UsageError as error:
            problems[path] = error
    return problems


def _files(path: str, excludes: Excludes) -> Sequence[str]:
    place = Path(path)
    if place.name == MLFLOW and place.is_file():
        return [_of_mlflow(place)]
    if place.is_dir():
        if (place / MLFLOW).is_file():
            return [_of_mlflow(place / MLFLOW)]
        return _below(place, excludes)
    if glob.has_magic(path) and not os.path.lexists(path):
        return _matches(path, excludes)
    return [path]


def _below(folder: Path, excludes: Excludes) -> Sequence[str]:
    """The models below a folder. Raises UsageError where there are none."""
    search = _Search(folder, excludes(folder), _git_rules(folder))
    found = sorted(search.models())
    if not found:
        left_out = sorted(search.left_out)
        named = [f"{one.path} ({one.why})" for one in left_out[:_NAMED]]
        if len(left_out) > _NAMED:
            named.append(f"{len(left_out) - _NAMED} more")
        raise UsageError(
            f"{folder}: no .onnx file in this folder or below" + (f"; left out: {listed(named)}" if named else ""),
            f"to inspect what was left out, name it, or write '{folder / '**/*.onnx'}'"
            if named
            else "export a model into it, or name another folder",
        )
    return found


def _matches(pattern: str, excludes: Excludes) -> Sequence[str]:
    """The files that a glob matches. What git ignores is among them, since a shell would also have named it.

    Raises UsageError where there are none.
    """
    parts = Path(pattern).parts
    if "**" in parts:
        # Not by `glob`, which follows every link, also those that lead in circles.
        start = next(i for i, part in enumerate(parts) if glob.has_magic(part))
        folder = Path(*parts[:start])
        walked = _Search(folder, excludes(folder), []).files()
        found = [file for file in walked if _fits(Path(file).relative_to(folder).parts, parts[start:])]
    else:
        found = [path for path in glob.glob(pattern) if Path(path).is_file()]  # noqa: PTH207  # takes absolute ones
    if not found:
        raise UsageError(f"{pattern}: no file matches", "correct the pattern, or name a file or a folder")
    return sorted(found)


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether the parts of a path match those of a glob, in which `**` stands for any number of parts."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fits(parts[i:], pattern[1:]) for i in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


class _IgnoreFile(Struct, frozen=True):
    """The rules of one .gitignore, and the folder from which they count."""

    folder: Path
    rules: GitIgnoreSpec

    def decides(self, path: Path, *, folder: bool) -> bool | None:
        """True: ignored. False: taken in again. None: it says nothing of this path."""
        relative = os.path.relpath(path, self.folder).replace(os.sep, "/")
        return self.rules.check_file(relative + "/" * folder).include


class _Search:
    """A walk through the files below a folder. `left_out` is what was met on the way and not taken."""

    def __init__(self, folder: Path, excluded: Sequence[Exclude], ignored: list[_IgnoreFile]) -> None:
        self.left_out: list[LeftOut] = []
        self._folder = folder
        self._excluded = [rules for one in excluded if (rules := _rules(one.folder, one.patterns))]
        self._ignored = ignored
        self._git = bool(ignored) or _inside_git(folder)

    def models(self) -> Iterator[str]:
        """Every `.onnx` file, and the file of every MLflow model with ONNX in it."""
        for file in self.files():
            if Path(file).name == MLFLOW:
                try:
                    yield _of_mlflow(Path(file))
                except UsageError as error:
                    self.left_out.append(LeftOut(file, error.message.removeprefix(f"{file}: ")))
            elif Path(file).suffix == ".onnx":
                yield file

    def files(self) -> Iterator[str]:
        """Every file, each folder once, whatever links lead to it."""
        seen: set[str] = set()
        ignore_files = {str(self._folder): [*self._ignored]}
        for at, folders, names in os.walk(self._folder, followlinks=True):
            place = Path(at)
            rules = ignore_files.pop(at)
            if self._git and ".gitignore" in names and place != self._folder:
                rules = [*rules, *_read_rules(place / ".gitignore")]
            kept = []
            for name in sorted(folders):
                why = self._why_left_out(place / name, rules, folder=True)
                real = os.path.realpath(place / name)
                if why:
                    self.left_out.append(LeftOut(str(place / name), why))
                elif real not in seen:
                    seen.add(real)
                    kept.append(name)
                    ignore_files[os.path.join(at, name)] = rules  # noqa: PTH118  # as os.walk writes it
            folders[:] = kept
            for name in names:
                if not (place / name).is_file():
                    continue  # a link to nothing, a socket
                why = self._why_left_out(place / name, rules, folder=False)
                if not why:
                    yield str(place / name)
                elif name.endswith(".onnx"):
                    self.left_out.append(LeftOut(str(place / name), why))

    def _why_left_out(self, path: Path, ignored: Sequence[_IgnoreFile], *, folder: bool) -> str:
        if folder and path.name.startswith("."):
            return "hidden"
        if folder and (path / "pyvenv.cfg").is_file():
            return "a virtual environment"
        if folder and path.name in _FOREIGN:
            return "not the project's own"
        if any(rules.decides(path, folder=folder) for rules in self._excluded):
            return "excluded"
        # The deepest file that says something of the path decides, as in git.
        said = (rules.decides(path, folder=folder) for rules in reversed(ignored))
        return "git ignores it" if next((one for one in said if one is not None), False) else ""


def _rules(folder: Path, lines: Iterable[str]) -> _IgnoreFile | None:
    from pathspec import GitIgnoreSpec  # only needed where there are patterns

    try:
        rules = GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise UsageError(f"{folder}: not a pattern: {error}", "write patterns as in a .gitignore") from error
    return _IgnoreFile(Path(os.path.abspath(folder)), rules) if len(rules) else None  # noqa: PTH100  # links are kept


def _read_rules(file: Path, folder: Path | None = None) -> list[_IgnoreFile]:
    """The rules in a file, if there is one, for `folder` or else for its own folder."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []  # as git does where it may not read one
    rules = _rules(folder or file.parent, lines)
    return [rules] if rules else []


def _inside_git(folder: Path) -> bool:
    return (root(folder) / ".git").exists()


def _git_rules(folder: Path) -> list[_IgnoreFile]:
    """What git's ignore files from the repository's root down to `folder` say, the root's first.

    Nothing where they ignore the folder itself: its user has named it, and means what is in it.
    """
    if not _inside_git(folder):
        return []
    place = Path(os.path.abspath(folder))  # noqa: PTH100  # links are kept
    top = root(folder)
    if not place.is_relative_to(top):
        place = place.resolve()
    rules = _read_rules(top / ".git" / "info" / "exclude", top)
    for above in (*reversed(place.parents), place):
        if above.is_relative_to(top):
            said = [one.decides(above, folder=True) for one in reversed(rules) if above != top]
            if next((one for one in said if one is not None), False):
                return []
            rules += _read_rules(above / ".gitignore")
    return rules


def _of_mlflow(file: Path) -> str:
    """The ONNX file that an MLmodel names. Raises UsageError where it names none."""
    import yaml  # only needed for these

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or "it is not YAML"
        raise UsageError(f"{file}: cannot be read: {reason}", "save the model with mlflow.onnx again") from error
    flavors = content.get("flavors") if isinstance(content, dict) else None
    flavor = flavors.get("onnx") if isinstance(flavors, dict) else None
    data = flavor.get("data") if isinstance(flavor, dict) else None
    if not isinstance(data, str) or not data:
        known = f", but {listed(sorted(map(str, flavors)))}" if isinstance(flavors, dict) and flavors else ""
        raise UsageError(f"{file}: the MLflow model has no ONNX flavor{known}", "save it with mlflow.onnx.save_model")
    if not Path(os.path.realpath(file.parent / data)).is_relative_to(os.path.realpath(file.parent)):
        raise UsageError(f"{file}: names a model outside its folder: {data}", "save the model with mlflow.onnx again")
    return str(file.parent / data)
