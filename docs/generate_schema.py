"""Write strideinspect/report/report-1.schema.json from the types in results/json_types.py.

Run it after changing them; `--check` only checks whether the file is current.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from strideinspect.results import json_types
from strideinspect.results.json_numbers import Keyword
from strideinspect.results.json_types import NAME, ReportJson

FILE = Path(json_types.__file__).with_name("report-1.schema.json")
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


def document() -> Schema:
    """The JSON Schema of the whole report."""
    definitions: dict[str, Schema] = {"value": VALUE}
    root = _object(ReportJson, definitions)
    definitions["check"] |= NOT_CHECKED_HAS_A_REASON
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": NAME,
        "title": "strideinspect report, version 1",
        **root,
        "$defs": definitions,
    }


def _object(kind: type, definitions: dict[str, Schema]) -> Schema:
    """A typed dictionary: every key is required, further keys are allowed."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        "type": "object",
        "description": " ".join((kind.__doc__ or "").split()),
        "required": [*hints],
        "properties": {key: _schema(hint, definitions) for key, hint in hints.items()},
    }


def _schema(hint: Any, definitions: dict[str, Schema]) -> Schema:  # noqa: ANN401  # types have no type; one case each
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
    if origin in (Union, UnionType):
        return {"anyOf": [_schema(arg, definitions) for arg in args]}
    if origin is list:
        return {"type": "array", "items": _schema(args[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(args[1], definitions)}
    raise TypeError(f"no JSON Schema for {hint}")


def _annotations(metadata: Sequence[Keyword | str]) -> Schema:
    """Descriptions and keywords."""
    return dict(("description", item) if isinstance(item, str) else item for item in metadata)


def text() -> str:
    """The content of the file."""
    return json.dumps(document(), indent=2) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        current = FILE.read_text(encoding="utf-8") == text()
        sys.exit(0 if current else f"{FILE.name} is stale: python docs/generate_schema.py")
    FILE.write_text(text(), encoding="utf-8")
