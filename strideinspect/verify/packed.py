"""Positions as the worker answers them."""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Mapping
from typing import Any

from strideinspect.results.field import Positions


def as_run(answer: Mapping[str, Any]) -> Positions:
    """What the worker found of each index of a tensor."""
    return Positions(a2b_base64(answer["first"]), a2b_base64(answer["last"]))
