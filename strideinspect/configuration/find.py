"""Finding the configuration of a model: the nearest file from its folder upwards."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from strideinspect import arguments
from strideinspect.configuration import keys
from strideinspect.configuration.keys import Partial
from strideinspect.errors import UsageError
from strideinspect.model_files import Exclude
from strideinspect.settings import Settings

FILE = "strideinspect.toml"


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
    keys.texts(table.pop("exclude", []), f"{where}: exclude")  # of folders, not of models; checked all the same
    files = table.pop("files", [])
    if not isinstance(files, list) or not all(isinstance(entry, dict) for entry in files):
        raise UsageError(f"{where}: files must be an array of tables", "write [[tool.strideinspect.files]]")
    values = keys.read(table, where, file.parent)
    for number, entry in enumerate(files, 1):
        own = dict(entry)
        place = f"{where}: files, table {number}"
        globs = keys.patterns(own.pop("path", None), place)
        # Read even where it does not match, so that a mistake is reported at once.
        more = keys.read(own, place, file.parent)
        if any(_matches(model, glob, file.parent) for glob in globs):
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


def _matches(model: Path, glob: str, folder: Path) -> bool:
    """Whether a glob matches the model, as in git: one without a slash is compared with the file name only.

    One with a slash is relative to the configuration's folder; `**` matches any number of folders.
    """
    name = Path(os.path.relpath(model, folder)).as_posix() if "/" in glob else model.name
    parts = ("(?:[^/]+/)*" if part == "**/" else "[^/]*" if part == "*" else "[^/]" if part == "?" else re.escape(part)
             for part in re.split(r"(\*\*/|\*|\?)", glob))  # fmt: skip
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
        raise UsageError(f"cannot read {_shown(file)}: {error.strerror or error}", "use another --config") from error
    if not ours and b"strideinspect" not in content:
        return {}
    import tomllib

    try:
        table: object = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{_shown(file)} is not valid TOML: {error}", "correct it, or use --no-config") from error
    for key in () if ours else ("tool", "strideinspect"):
        table = table.get(key, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{_shown(file)}: tool.strideinspect must be a table", "write [tool.strideinspect]")
    return table
