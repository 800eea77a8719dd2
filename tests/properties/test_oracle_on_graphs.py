"""The oracle against onnxruntime on generated graphs: nothing changes an element but what the oracle says it sees."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.graph_builder import Step
from tests.graphs import Graph, chains, diamonds
from tests.oracle import Oracle
from tests.oracle_runtime import influence
from tests.thorough import bounded


def kinds(steps: tuple[Step, ...] | list[Step]) -> Iterator[str]:
    """Kinds and operators of all steps, those in branches included."""
    for step in steps:
        yield step.kind
        yield str(step.arguments.get("op", step.arguments.get("merge", "")))
        for side in ("left", "right"):
            yield from kinds(step.arguments.get(side, []))


def hides(graph: Graph) -> bool:
    """Whether a dependence may stay invisible: maxima, products with the zeros of padding, coefficients that cancel."""
    hiding = {
        "MaxPool",
        "GlobalMaxPool",
        "Mul",
        "gate",
        "normalise",
        "resize",
        "Relu",
        "channels_last",
        "LpPool",
        "GlobalLpPool",
    }
    return not hiding.isdisjoint(kinds(graph.steps))


@pytest.mark.slow
@bounded(150)
@given(st.one_of(chains(), diamonds(), diamonds(), chains(2, most=4), diamonds(2, most=2), chains(3, most=3)))
def test_an_element_changes_with_what_it_sees_and_with_nothing_else(graph: Graph) -> None:
    """Every element of every tensor, along every spatial axis; where nothing hides a dependence, exactly."""
    oracle = Oracle.of(graph.build())
    exact = not hides(graph)
    for axis in range(2, len(graph.shape)):
        sees = oracle.sees("x", axis)
        for name, changed in influence(oracle.ran, "x", axis, list(oracle.reads), seeds=1).items():
            assert not np.any(changed & ~sees[name].full), f"{name} changes with what it does not see"
            assert not exact or np.array_equal(changed, sees[name].full), f"{name} sees what never changes it"
            assert not np.any(sees[name].local & ~sees[name].full)
