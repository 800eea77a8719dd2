"""The file of accepted findings: JSON that a reviewer can read, in an order that does not depend on the run."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, structs

from strideinspect.errors import UsageError
from strideinspect.policy.entry import Entry, order

NAME = "strideinspect-baseline.json"
SCHEMA = "strideinspect/baseline/1"
_OPTIONAL = ("layer", "node", "output", "operator", "input")
_TEXTS = ("model", "rule", "message", *_OPTIONAL)


class Baseline(Struct, frozen=True):
    """A file of accepted findings and its entries."""

    path: Path
    entries: tuple[Entry, ...] = ()

    def name_of(self, model: str | os.PathLike[str]) -> str:
        """A model's path relative to the folder of the file, with slashes.

        Links are resolved for folders, not for the model itself: it may be a link to a file stored elsewhere.
        """
        folder, name = os.path.split(os.path.abspath(model))  # noqa: PTH100  # see above
        try:
            folder = os.path.relpath(os.path.realpath(folder), os.path.realpath(self.path.parent))
        except ValueError:  # on another drive there is no relative path
            folder = os.path.realpath(folder)
        return (Path(folder) / name).as_posix()

    def of(self, model: str | os.PathLike[str]) -> tuple[Entry, ...]:
        """The entries of a model.

        If the file has entries of one model only and that model no longer exists, it was renamed: the entries then
        belong to any model.
        """
        name = self.name_of(model)
        return tuple(entry for entry in self.entries if self.renamed or entry.model == name)

    @property
    def renamed(self) -> bool:
        """Whether the file has entries of one model only, and that model no longer exists."""
        return len(self.models()) == 1 and self.models() == self.gone()

    def models(self) -> frozenset[str]:
        """The models that the file has entries of."""
        return frozenset(entry.model for entry in self.entries)

    def gone(self) -> frozenset[str]:
        """Those of them that no longer exist."""
        return frozenset(model for model in self.models() if not os.path.lexists(self.path.parent / model))

    def text(self) -> str:
        """The content of the file; the same entries give the same bytes."""
        entries = ",\n".join(map(_written, sorted(self.entries, key=order)))
        accepted = f"[\n{entries}\n  ]" if entries else "[]"
        return f'{{\n  "schema": "{SCHEMA}",\n  "accepted": {accepted}\n}}\n'


def read(path: Path) -> Baseline:
    """Read the file. Raises UsageError if it cannot be read, is not a baseline, or has a newer version."""
    anew = f"create it again: strideinspect baseline MODEL... --output {path}"
    if not path.exists():
        raise UsageError(
            f"there is no baseline {path}", f"to create it: strideinspect baseline MODEL... --output {path}"
        )
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read the baseline {path}: {error.strerror or error}", anew) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a baseline: not valid JSON ({error})", anew) from error
    schema = content.get("schema") if isinstance(content, dict) else None
    newer = re.fullmatch(r"strideinspect/baseline/\d+", schema) if isinstance(schema, str) else None
    if newer and schema != SCHEMA:
        raise UsageError(f"{path} was written by a newer strideinspect ({schema})", "update strideinspect")
    if schema != SCHEMA:
        # It may be somebody's other file: no advice to write over it.
        raise UsageError(f"{path} is not a baseline: its schema is not {SCHEMA}", "check which file was meant")
    accepted = content.get("accepted")
    if not isinstance(accepted, list):
        raise UsageError(f"{path}: accepted must be a list of findings", anew)
    return Baseline(path, tuple(_entry(item, f"{path}: entry {i}", anew) for i, item in enumerate(accepted, 1)))


def _written(entry: Entry) -> str:
    lines = (f'      "{key}": {json.dumps(value, ensure_ascii=False)}' for key, value in structs.asdict(entry).items())
    return "    {\n" + ",\n".join(lines) + "\n    }"


def _entry(item: object, where: str, anew: str) -> Entry:
    if not isinstance(item, dict):
        raise UsageError(f"{where} is not a finding", anew)
    texts = {name: _text(item, name, where, anew) for name in _TEXTS}
    axes, namesakes = item.get("axes"), item.get("namesakes")
    if not isinstance(axes, list) or not all(type(axis) is int for axis in axes):
        raise UsageError(f"{where}: axes must be a list of numbers", anew)
    if type(namesakes) is not int:
        raise UsageError(f"{where}: namesakes must be a number", anew)
    return Entry(axes=tuple(axes), namesakes=namesakes, **texts)  # type: ignore[arg-type]  # None only where it may be


def _text(item: Mapping[str, object], key: str, where: str, anew: str) -> str | None:
    value = item.get(key)
    if not isinstance(value, str) and (value is not None or key not in _OPTIONAL):
        raise UsageError(f"{where}: {key} must be a string", anew)
    return value
