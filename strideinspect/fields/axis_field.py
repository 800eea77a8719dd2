"""The field of a tensor in one source: a source is one axis of one graph input."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from strideinspect.fields.actual import Dependence
from strideinspect.fields.closed_form import Form
from strideinspect.fields.kept_paths import Paths
from strideinspect.results.field import InputAxis


class AxisField(Struct, frozen=True):
    """The actual dependence of a tensor on one source, and the closed form where there is a local path.

    `paths` goes with a closed form, and means nothing without one.
    """

    actual: Dependence
    form: Form
    paths: Paths


Fields = Mapping[str, Mapping[InputAxis, AxisField]]
"""Per tensor and source. A tensor that is missing depends on no source."""
