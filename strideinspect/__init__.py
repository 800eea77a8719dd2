"""Know, before a convolutional network ships, exactly what it sees.

    import strideinspect
    report = strideinspect.inspect("model.onnx")

Importing the package loads nothing heavy; onnx and numpy are imported by the first inspection.
"""

from __future__ import annotations

from strideinspect.api import inspect
from strideinspect.errors import (
    InputShapeError,
    StrideinspectError,
    UnreadableModelError,
    UnsupportedModelError,
    UsageError,
)
from strideinspect.report.model import Field, Finding, Report, Severity, Verification, WindowNode
from strideinspect.version import __version__

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
