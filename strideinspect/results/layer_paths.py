"""Paths of layers, such as `layer3.0.conv1` or `block1/conv`, and the modules around them."""

from __future__ import annotations

import re


def enclosing(layer: str) -> tuple[str, ...]:
    """The path itself and those of all modules around it: `layer3`, `layer3.0`, `layer3.0.conv1`."""
    return (*(layer[: found.start()] for found in re.finditer(r"(?<=.)[./](?=.)", layer)), layer)
