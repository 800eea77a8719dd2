"""Helpers of the budget rules: outputs and their budgets, values per axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.field import Field
from strideinspect.results.report import TensorReport
from strideinspect.settings import Budget

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


def budgeted(inspection: Inspection) -> Iterator[tuple[TensorReport, Budget]]:
    """The outputs with the bounds that are set for them."""
    for output in inspection.analysis.outputs:
        yield output, inspection.settings.budget(output.name)


def by_input(output: TensorReport) -> dict[str, list[Field]]:
    """The fields of a tensor by graph input, in the order of the input's axes."""
    fields: dict[str, list[Field]] = {}
    for field in output.fields:
        fields.setdefault(field.input, []).append(field)
    return fields


def once(values: list[str]) -> str:
    """Values per axis as text; a single value if all are equal."""
    return values[0] if len(set(values)) == 1 else "×".join(values)
