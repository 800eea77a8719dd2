"""Every operator that the installed ONNX library knows is described, and the page of operators says how."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from strideinspect.model.window_operators import WINDOW_OPERATORS
from strideinspect.reads.families import families, reads
from strideinspect.reads.steps import Read

ROOT = Path(__file__).parents[2]


def test_every_operator_of_the_standard_is_described() -> None:
    """Each operator of every domain and every version that the library registers belongs to a family."""
    known = {(schema.domain, schema.name) for schema in onnx.defs.get_all_schemas_with_history()}
    assert sorted(known - set(families())) == []


def test_every_window_operator_is_described() -> None:
    """What the analysis reports as a window node has a description of its reads."""
    assert sorted(WINDOW_OPERATORS.keys() - set(families())) == []


def test_no_operator_has_two_families() -> None:
    """Registering an operator a second time raises."""
    families()
    with pytest.raises(ValueError, match="Conv of domain '' already has a family"):

        @reads("Conv")
        def again(_: object) -> tuple[Read, ...]:
            return ()
