"""Write the JSON Schemas in strideinspect/results from the types in json_types.py and json_*_types.py there.

Run it after changing them; `--check` only checks whether the files are current.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from strideinspect.results import json_types
from strideinspect.results.json_diff_types import DiffJson
from strideinspect.results.json_erf_types import ErfJson
from strideinspect.results.json_fix_types import FixedJson
from strideinspect.results.json_numbers import AnyEntries, Keyword
from strideinspect.results.json_sizes_types import SizesJson
from strideinspect.results.json_tiles_types import TilesJson
from strideinspect.results.json_types import ReportJson
from strideinspect.results.json_whatif_types import WhatIfJson
from strideinspect.results.json_where_types import WhereJson

FOLDER = Path(json_types.__file__).parent
DOCUMENTS: dict[str, type] = {
    "report": ReportJson,
    "diff": DiffJson,
    "erf": ErfJson,
    "fix": FixedJson,
    "sizes": SizesJson,
    "tiles": TilesJson,
    "whatif": WhatIfJson,
    "where": WhereJson,
}
"""What is written as JSON, by the name in its schema."""
SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}

Schema = dict[str, Any]

VALUE: Schema = {
    "description": "Numbers, or lists of them; of a field, an object of named numbers.",
    "anyOf": [
        {"type": [*SCALARS.values()]},
        {"type": "array", "items": {"$ref": "#/$defs/value"}},
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}},
    ],
}
"""The definition that `AnyValue` refers to, which is recursive."""

NOT_CHECKED_HAS_A_REASON: Schema = {
    "if": {"properties": {"verdict": {"const": "not-checked"}}},
    "then": {"properties": {"reason": {"type": "string", "minLength": 1}}},
}


def document(name: str) -> Schema:
    """The JSON Schema of one kind of document."""
    definitions: dict[str, Schema] = {"value": VALUE} if name == "report" else {}
    root = _object(DOCUMENTS[name], definitions)
    if "check" in definitions:
        definitions["check"] |= NOT_CHECKED_HAS_A_REASON
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"strideinspect/{name}/1",
        "title": f"strideinspect {name}, version 1",
        **root,
        "$defs": definitions,
    }


def _object(kind: type, definitions: dict[str, Schema]) -> Schema:
    """A typed dictionary: every key is required unless it is marked, further keys are allowed."""
    hints = get_type_hints(kind, include_extras=True)
    optional = {key for key, hint in hints.items() if get_origin(hint) is NotRequired}
    return {
        "type": "object",
        "description": " ".join((kind.__doc__ or "").split()),
        "required": [key for key in hints if key not in optional],
        "properties": {key: _schema(hint, definitions) for key, hint in hints.items()},
    }


def _schema(hint: Any, definitions: dict[str, Schema]) -> Schema:  # noqa: ANN401, PLR0911  # types have no type; one case each
    """The schema of one type. Raises TypeError for a type that JSON does not have."""
    if is_typeddict(hint):
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", hint.__name__.removesuffix("Json")).lower()
        if name not in definitions:
            definitions[name] = {}  # keeps the place, should the type contain itself
            definitions[name] = _object(hint, definitions)
        return {"$ref": f"#/$defs/{name}"}
    if hint in SCALARS:
        return {"type": SCALARS[hint]}
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        annotations = _annotations(args[1:])
        return annotations if "$ref" in annotations else _schema(args[0], definitions) | annotations
    if origin is NotRequired:
        return _schema(args[0], definitions)
    if hint == AnyEntries:
        return {"type": "object"}
    if origin in (Union, UnionType):
        return {"anyOf": [_schema(arg, definitions) for arg in args]}
    if origin is list:
        return {"type": "array", "items": _schema(args[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(args[1], definitions)}
    raise TypeError(f"no JSON Schema for {hint}")


def _annotations(metadata: Sequence[Keyword | str]) -> Schema:
    """Descriptions and keywords."""
    return dict(("description", item) if isinstance(item, str) else (item.name, item.value) for item in metadata)


def documents() -> dict[Path, str]:
    """The files and what they hold."""
    return {FOLDER / f"{name}-1.schema.json": json.dumps(document(name), indent=2) + "\n" for name in DOCUMENTS}


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        stale = [f.name for f, text in documents().items() if not f.exists() or f.read_text(encoding="utf-8") != text]
        sys.exit(f"stale: {', '.join(stale)}; run python docs/generate_schema.py" if stale else 0)
    for file, text in documents().items():
        file.write_text(text, encoding="utf-8", newline="\n")
