"""With what a model was looked at, so that its file can be opened again for what the result does not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct


class Asked(Struct, frozen=True):
    """What was given besides the file; nothing by default.

    Attributes:
        input_shapes: As `Settings.input_shapes`.
        input_values: As `Settings.input_values`.
        operators: As `Settings.operators`.
        changes: The changes of `whatif`.
        keep_field: Whether `whatif` was to keep every receptive field.
    """

    input_shapes: Mapping[str, Sequence[int]] = {}
    input_values: Mapping[str, object] = {}
    operators: Mapping[str, Any] = {}
    changes: tuple[str, ...] = ()
    keep_field: bool = False
