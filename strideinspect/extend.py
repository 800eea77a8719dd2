"""What a package needs to add operators and rules: see docs/extending.md.

Everything is imported when it is first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strideinspect.model.foreign_shapes import output_shape
    from strideinspect.model.node import PlacedNode, UnresolvedError
    from strideinspect.reads.families import everything, reads
    from strideinspect.reads.periodic import Periodic, repeating
    from strideinspect.reads.steps import (
        AxisPart,
        Broadcast,
        Channels,
        Cumulative,
        Everything,
        Permute,
        Read,
        Reshape,
        Sliding,
        Statistics,
        Step,
        Table,
        Transposed,
        Whole,
        single,
        table,
    )
    from strideinspect.results.report import Severity
    from strideinspect.rules.draft import Draft
    from strideinspect.rules.inspection import Inspection
    from strideinspect.rules.registry import rule

__all__ = [
    "AxisPart",
    "Broadcast",
    "Channels",
    "Cumulative",
    "Draft",
    "Everything",
    "Inspection",
    "Periodic",
    "Permute",
    "PlacedNode",
    "Read",
    "Reshape",
    "Severity",
    "Sliding",
    "Statistics",
    "Step",
    "Table",
    "Transposed",
    "UnresolvedError",
    "Whole",
    "everything",
    "output_shape",
    "reads",
    "repeating",
    "rule",
    "single",
    "table",
]

_ELSEWHERE = {
    **dict.fromkeys(__all__, "reads.steps"),
    "Draft": "rules.draft",
    "Inspection": "rules.inspection",
    "Severity": "results.report",
    "rule": "rules.registry",
    "PlacedNode": "model.node",
    "UnresolvedError": "model.node",
    "everything": "reads.families",
    "output_shape": "model.foreign_shapes",
    "reads": "reads.families",
}


def __getattr__(name: str) -> object:
    """Import what is asked for."""
    if name not in _ELSEWHERE:
        raise AttributeError(f"module 'strideinspect.extend' has no attribute {name!r}")
    module = import_module(f"strideinspect.{_ELSEWHERE[name]}")
    if name == "reads":
        # The library's own operators are registered first, so that a package that registers one of them is refused.
        module.families()
    return getattr(module, name)


def __dir__() -> list[str]:
    """The public names, for completion."""
    return __all__
