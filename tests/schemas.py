"""The JSON Schemas of the package, each held to the rules of schemas once per process: that costs more than a use."""

from __future__ import annotations

import json
from functools import cache

from jsonschema import Draft202012Validator

from strideinspect.results.schemas import schema_text


@cache
def schema_of(name: str = "report") -> Draft202012Validator:
    """What validates an answer of this name."""
    schema = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)
