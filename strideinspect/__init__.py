"""Know, before a convolutional network ships, exactly what it sees.

    import strideinspect
    report = strideinspect.inspect("model.onnx")

Importing the package loads nothing heavy; onnx and numpy are imported by the first inspection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strideinspect.errors import (
    InputShapeError,
    StrideinspectError,
    UnreadableModelError,
    UnsupportedModelError,
    UsageError,
)
from strideinspect.report.model import Field, Finding, Report, Severity, Verification, WindowNode
from strideinspect.version import __version__

if TYPE_CHECKING:
    from strideinspect.inspector import inspect

__all__ = [
    "Field",
    "Finding",
    "InputShapeError",
    "Report",
    "Severity",
    "StrideinspectError",
    "UnreadableModelError",
    "UnsupportedModelError",
    "UsageError",
    "Verification",
    "WindowNode",
    "__version__",
    "inspect",
]


def __getattr__(name: str) -> object:
    """Load the inspector when it is first asked for (PEP 562)."""
    if name == "inspect":
        from strideinspect.inspector import inspect

        return inspect
    raise AttributeError(f"module 'strideinspect' has no attribute {name!r}")
