"""The report for machines: schema `strideinspect/report/1`. The same inspection gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from strideinspect.results import as_data
from strideinspect.results.report import FailedReport, Report

LINE = 90
"""Objects that take no more characters than this stay on one line."""


def render(results: Iterable[Report | FailedReport], *, version: str, positions: bool = False) -> str:
    """The document as text, ASCII only; lists without structure stay on one line."""
    models = [
        as_data.failed(r.path, r.message, r.help)
        if isinstance(r, FailedReport)
        else as_data.model(r, positions=positions)
        for r in results
    ]
    return document_text(as_data.document(models, version))


def document_text(data: Mapping[str, object]) -> str:
    """Plain data as text, laid out as every JSON document of the program is."""
    return _indented(dict(data), "") + "\n"


def _indented(value: object, indent: str) -> str:
    """JSON with one line for lists of numbers and short objects, and everything else over several lines."""
    deeper = indent + "  "
    match value:
        case dict() if any(map(_holds_objects, value.values())) or len(json.dumps(value)) > LINE:
            items = [f"{deeper}{json.dumps(key)}: {_indented(item, deeper)}" for key, item in value.items()]
            return "{\n" + ",\n".join(items) + f"\n{indent}}}"
        case list() if _holds_objects(value):
            items = [deeper + _indented(item, deeper) for item in value]
            return "[\n" + ",\n".join(items) + f"\n{indent}]"
        case _:
            return json.dumps(value)


def _holds_objects(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value))
