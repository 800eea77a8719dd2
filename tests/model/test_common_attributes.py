"""The table of common attributes against the schemas of the ONNX library."""

from __future__ import annotations

import onnx
import pytest

from strideinspect.model.common_attributes import SINCE, are_allowed


@pytest.mark.parametrize("op", SINCE)
def test_the_library_allows_what_the_table_allows(op: str) -> None:
    """In every opset that has the operator."""
    for version in range(1, onnx.defs.onnx_opset_version() + 1):
        if onnx.defs.has(op, version, ""):
            schema = onnx.defs.get_schema(op, version, "")
            allowed = {name for name in SINCE[op] if are_allowed(op, version, [name])}
            assert allowed <= schema.attributes.keys(), version
