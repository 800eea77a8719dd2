"""What `annotate` says of a model, as entries of `metadata_props` in the model itself.

ONNX has them at nodes, inputs and outputs since IR version 10, and at a model since version 1. Readers of older files
skip what they do not know, so that an older file may hold them, too.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableSequence, Sequence
from typing import Protocol

import onnx
from msgspec import Struct

PREFIX = "strideinspect."
"""What the keys of our entries begin with: those of an exporter stay."""

Entries = Sequence[tuple[str, str]]
"""Keys and values."""


class Annotations(Struct, frozen=True):
    """The entries of the model, of nodes by their first output, and of inputs and outputs by name."""

    model: Entries = ()
    nodes: Mapping[str, Entries] = {}
    inputs: Mapping[str, Entries] = {}
    outputs: Mapping[str, Entries] = {}


NO_ANNOTATIONS = Annotations()
"""Of a model that is changed: what was said of it before may not hold any more."""


class _Annotated(Protocol):
    """A message with `metadata_props`."""

    @property
    def metadata_props(self) -> MutableSequence[onnx.StringStringEntryProto]: ...


def entries(facts: Sequence[tuple[str, str]]) -> Entries:
    """Facts under the keys that they have in a file: `strideinspect.receptive_field`."""
    return [(PREFIX + name.replace(" ", "_"), value) for name, value in facts]


def annotate(message: _Annotated, own: Entries) -> None:
    """Replace the entries that an earlier annotation left in a message by these."""
    props = message.metadata_props
    kept = [entry for entry in props if not entry.key.startswith(PREFIX)]
    fresh = [onnx.StringStringEntryProto(key=key, value=value) for key, value in own]
    del props[:]
    props.extend([*kept, *fresh])
