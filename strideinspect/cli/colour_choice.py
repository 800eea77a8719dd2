"""Whether a result is coloured, as the option and the environment ask."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TextIO


class Colour(StrEnum):
    """When to use colours and links."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"

    def wanted(self, stream: TextIO) -> bool:
        """Whether to write colours to the stream.

        An option goes before the environment, NO_COLOR (https://no-color.org) before FORCE_COLOR, and both before
        what the stream is.
        """
        if self is not Colour.AUTO:
            return self is Colour.ALWAYS
        if os.environ.get("NO_COLOR"):
            return False
        return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")
