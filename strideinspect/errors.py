"""Every exception that a user can see."""

from __future__ import annotations

import errno
import sys


class StrideinspectError(Exception):
    """Base of all errors that strideinspect raises; exit status 2 on the command line.

    `message` says what is wrong and where, `help` what to do about it (may be empty).
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


class TimeLimitError(StrideinspectError):
    """An inspection took longer than it was allowed to."""


class InputValueError(StrideinspectError):
    """A value given for an input cannot be used."""


class UsageError(StrideinspectError):
    """An option of the command line or a setting is wrong."""


class InternalError(StrideinspectError):
    """A bug in strideinspect."""


def unexpected(error: Exception) -> StrideinspectError:
    """An unexpected exception as an InternalError, or as a UsageError where the machine is out of memory or space.

    Raises the exception itself under `python -X dev`.
    """
    if sys.flags.dev_mode:
        raise error
    what = str(error).partition("\n")[0]
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        place = f" {error.filename}" if error.filename else ""
        return UsageError(f"cannot write{place}: {error.strerror}", "free some space")
    if isinstance(error, MemoryError):
        return UsageError(f"not enough memory{f' ({what})' if what else ''}", "free some, or use a smaller input")
    return InternalError(
        f"internal error ({type(error).__name__}{': ' if what else ''}{what})",
        "please report it with the model; python -X dev -m strideinspect shows where it happened",
    )
