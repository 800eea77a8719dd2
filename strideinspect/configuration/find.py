"""Finding the configuration of a model: the nearest file from its folder upwards."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from strideinspect import arguments
from strideinspect.configuration import keys
from strideinspect.configuration.keys import Partial
from strideinspect.errors import UsageError
from strideinspect.model_files import Exclude, models_of
from strideinspect.settings import Settings

FILE = "strideinspect.toml"
_OUTSIDE = {
    "files": "write another files table after it",
    "exclude": "write it before the first table: it says which files of folders are inspected",
}


def settings_for(path: str | os.PathLike[str], configuration: str | os.PathLike[str] | None = None) -> Settings:
    """The settings that a project's configuration gives a model.

    The configuration is `configuration`, or else the nearest of `strideinspect.toml` and a `pyproject.toml` with a
    table `[tool.strideinspect]`, searched from the model's folder upwards; without one the settings are the defaults.
    Each of its `files` tables whose `path` matches the model is applied in order: tables are merged, lists extended,
    and other values replaced.

    Raises UsageError for a file that cannot be read, an unknown key, and a value that a key cannot have.
    """
    # A link is not resolved: the link's own folder is the project's.
    model = Path(os.path.abspath(arguments.model(path)))  # noqa: PTH100
    file = _nearest(model.parent) if configuration is None else Path(configuration)
    if file is None:
        return Settings()
    where = _shown(file)
    table = dict(_table(file))
    if file.name != "pyproject.toml" and "tool" in table:
        raise UsageError(
            f"{where}: this file has no table [tool.strideinspect]; that is for a pyproject.toml",
            "leave out the prefix: write [[files]] for [[tool.strideinspect.files]], and other keys at the top",
        )
    keys.texts(table.pop("exclude", []), f"{where}: exclude")  # of folders, not of models; checked all the same
    files = table.pop("files", [])
    if not isinstance(files, list) or not all(isinstance(entry, dict) for entry in files):
        raise UsageError(f"{where}: files must be an array of tables", "write [[tool.strideinspect.files]]")
    values = keys.read(table, where, file.parent)
    for number, entry in enumerate(files, 1):
        own = dict(entry)
        place = f"{where}: files, table {number}"
        globs = keys.patterns(own.pop("path", None), place)
        for key in ("files", "exclude"):
            if key in own:
                raise UsageError(f"{place}: {key} cannot be in a files table", _OUTSIDE[key])
        # Read even where it does not match, so that a mistake is reported at once.
        more = keys.read(own, place, file.parent)
        if any(_matches(model, pattern, file.parent) for pattern in globs):
            values = merged(values, more)
    return Settings(**values)


def exclude(folder: Path, configuration: str | os.PathLike[str] | None = None) -> tuple[Exclude, ...]:
    """What the project's configuration excludes from the models below a folder.

    The configuration is `configuration`, or else the nearest from the folder upwards. Raises UsageError for a file
    that cannot be read, and for patterns that are not a list of texts.
    """
    file = _nearest(Path(os.path.abspath(folder))) if configuration is None else Path(configuration)  # noqa: PTH100
    patterns = None if file is None else _table(file).get("exclude")
    if file is None or patterns is None:
        return ()
    return (Exclude(file.parent, keys.texts(patterns, f"{_shown(file)}: exclude")),)


def sections_without_files(
    models: Iterable[str], configuration: str | os.PathLike[str] | None = None
) -> Iterator[tuple[str, str]]:
    """The `files` tables that hold for none of these models, and whose `path` matches no other file either.

    Those of every configuration of these models: where the table is, and what is wrong.
    """
    of_file: dict[Path, list[Path]] = {}
    for path in models:
        model = Path(os.path.abspath(path))  # noqa: PTH100  # as in settings_for
        file = _nearest(model.parent) if configuration is None else Path(configuration)
        if file is not None:
            of_file.setdefault(file, []).append(model)
    for file, own in of_file.items():
        entries = _table(file).get("files", [])
        for number, entry in enumerate(entries if isinstance(entries, list) else [], 1):
            place = f"{_shown(file)}: files, table {number}"
            globs = keys.patterns(entry["path"], place)
            known = any(_matches(model, pattern, file.parent) for pattern in globs for model in own)
            if not known and not any(_exists(pattern, file.parent) for pattern in globs):
                yield place, f"no file matches path = {entry['path']!r}"


def _exists(pattern: str, folder: Path) -> bool:
    """Whether any file is there that a `path` matches."""
    if not glob.has_magic(pattern) and "/" in pattern:
        return (folder / pattern).exists()
    whole = f"{glob.escape(str(folder))}/{pattern if '/' in pattern else f'**/{pattern}'}"
    return None in models_of([whole]).values()


def merged(base: Partial, more: Partial) -> Partial:
    """Both: tables merged and lists extended; where both have a value, that of `more`."""
    result = dict(base)
    for name, value in more.items():
        match value, base.get(name):
            case dict(), dict() as before:
                result[name] = before | value
            case tuple(), tuple() as before:
                result[name] = before + value
            case _:
                result[name] = value
    return result


def _matches(model: Path, pattern: str, folder: Path) -> bool:
    """Whether a glob matches the model, as in git: one without a slash is compared with the file name only.

    One with a slash is relative to the configuration's folder; `**` matches any number of folders.
    """
    name = Path(os.path.relpath(model, folder)).as_posix() if "/" in pattern else model.name
    parts = ("(?:[^/]+/)*" if part == "**/" else "[^/]*" if part == "*" else "[^/]" if part == "?" else re.escape(part)
             for part in re.split(r"(\*\*/|\*|\?)", pattern))  # fmt: skip
    return re.fullmatch("".join(parts), name) is not None


def _shown(file: Path) -> str:
    """The path as shown to users: relative to the current folder if the file is below it."""
    return str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)


def _nearest(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        if (place / FILE).is_file():
            return place / FILE
        if (place / "pyproject.toml").is_file() and _table(place / "pyproject.toml"):
            return place / "pyproject.toml"
    return None


def _table(file: Path) -> Mapping[str, object]:
    """The settings in a file: the whole file, or the table `[tool.strideinspect]` of a `pyproject.toml`."""
    ours = file.name != "pyproject.toml"
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read {_shown(file)}: {error.strerror or error}", "give a readable file, or use --no-config"
        ) from error
    if not ours and b"strideinspect" not in content:
        return {}
    import tomllib

    try:
        table: object = tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{_shown(file)} is not valid TOML: it is not UTF-8 text",
            "a configuration is a strideinspect.toml or pyproject.toml",
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{_shown(file)} is not valid TOML: {error}", "correct it, or use --no-config") from error
    for key in () if ours else ("tool", "strideinspect"):
        table = table.get(key, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{_shown(file)}: tool.strideinspect must be a table", "write [tool.strideinspect]")
    return table
