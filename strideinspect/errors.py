"""Every exception that a user can see."""

from __future__ import annotations

import sys


class StrideinspectError(Exception):
    """The tool could not do its work; exit status 2.

    `message` says what is wrong and where, `help` what to do about it.
    """

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message if not help else f"{message}; {help}")
        self.message = message
        self.help = help


class UnreadableModelError(StrideinspectError):
    """The file is missing, is not an ONNX model, or is damaged."""


class UnsupportedModelError(StrideinspectError):
    """The model is well-formed, but cannot be inspected."""


class InputShapeError(StrideinspectError):
    """A given or declared input size cannot be used."""


class UsageError(StrideinspectError):
    """An option of the command line or a setting is wrong."""


class InternalError(StrideinspectError):
    """A mistake of ours."""


def unexpected(error: Exception) -> InternalError:
    """What to tell of a mistake of ours, and what to do. Raises it instead under `python -X dev`, for the traceback."""
    if sys.flags.dev_mode:
        raise error
    what = str(error).partition("\n")[0]
    return InternalError(
        f"internal error ({type(error).__name__}{': ' if what else ''}{what})",
        "please report it with the model; python -X dev -m strideinspect shows where it happened",
    )
