"""The probe against the brute-force oracle on generated graphs: every tensor, every index, local and full."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideinspect.verify.messages import ObservedField
from tests.graph_families import DIGITS
from tests.graphs import Graph, chains, diamonds
from tests.oracle import Oracle, hull, hulls
from tests.thorough import bounded
from tests.verify.helpers import executed, input_shapes, observed_all

GRAPHS = st.one_of(
    chains(),
    diamonds(),
    diamonds(),
    chains(2, most=4),
    diamonds(2, most=2),
    chains(3, most=3),
    chains(1, DIGITS, most=4),
    chains(2, DIGITS, most=3),
)


@pytest.mark.slow
@bounded(80)
@given(GRAPHS)
def test_the_probe_sees_what_the_oracle_counts(graph: Graph) -> None:
    """Hulls of local dependence at every index of every axis, and the hull of full dependence."""
    model = graph.build()
    oracle = Oracle.of(model)
    with tempfile.TemporaryDirectory() as directory:
        known = executed(model, Path(directory), input_shapes(model) | {"x": graph.shape})
    for axis in range(2, len(graph.shape)):
        sees = oracle.sees("x", axis)
        for along in range(max(len(seen.shape) for seen in sees.values())):
            wanted = {tensor: along for tensor, seen in sees.items() if along < len(seen.shape)}
            for tensor, field in observed_all(known, "x", axis, wanted).items():
                seen, place = sees[tensor], (tensor, axis, along)
                assert isinstance(field, ObservedField), (place, field)
                assert (field.positions.first, field.positions.last) == hulls(seen.local, along), place
                assert field.full == hull(seen.full), place
