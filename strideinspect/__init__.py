"""Know, before a convolutional network ships, exactly what it sees.

    import strideinspect
    report = strideinspect.inspect("model.onnx")

Importing the package loads nothing; what is asked for is imported then (PEP 562), onnx and numpy by the first
inspection.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strideinspect.api import inspect
    from strideinspect.configuration.find import settings_for
    from strideinspect.errors import (
        InputShapeError,
        StrideinspectError,
        UnreadableModelError,
        UnsupportedModelError,
        UsageError,
    )
    from strideinspect.fleet import inspect_many
    from strideinspect.results.field import Field
    from strideinspect.results.report import FailedReport, Finding, Report, Severity, WindowNode
    from strideinspect.results.verdict import Verification
    from strideinspect.settings import Settings
    from strideinspect.version import __version__

__all__ = [
    "FailedReport",
    "Field",
    "Finding",
    "InputShapeError",
    "Report",
    "Settings",
    "Severity",
    "StrideinspectError",
    "UnreadableModelError",
    "UnsupportedModelError",
    "UsageError",
    "Verification",
    "WindowNode",
    "__version__",
    "inspect",
    "inspect_many",
    "settings_for",
]

_ELSEWHERE = {
    **{name: "errors" if name.endswith("Error") else "results.report" for name in __all__ if name[0].isupper()},
    "Field": "results.field",
    "Settings": "settings",
    "inspect": "api",
    "inspect_many": "fleet",
    "settings_for": "configuration.find",
    "Verification": "results.verdict",
    "__version__": "version",
}


def __getattr__(name: str) -> object:
    """Import what is asked for."""
    if name not in _ELSEWHERE:
        raise AttributeError(f"module 'strideinspect' has no attribute {name!r}")
    return getattr(import_module(f"strideinspect.{_ELSEWHERE[name]}"), name)
