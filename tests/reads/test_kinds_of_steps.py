"""Steps are cache keys: two of different kinds are never taken for each other."""

from __future__ import annotations

import pickle
from functools import lru_cache
from itertools import permutations
from typing import get_args

import numpy as np
import pytest
from msgspec import structs

from strideinspect.reads.periodic import repeating
from strideinspect.reads.steps import (
    Broadcast,
    Channels,
    Cumulative,
    Everything,
    Masked,
    Permute,
    Reshape,
    Sliding,
    Statistics,
    Step,
    Table,
    Transposed,
    Whole,
    single,
)

# Kinds with the same number of entries get equal ones; 1 equals True.
WINDOW = (0, 1, 1, 1, 1, 1, 1, False)
TABLE = single(0, 1, np.arange(1), "no closed form")
STEPS: tuple[Step, ...] = (
    Sliding(*WINDOW),
    Sliding(*WINDOW, collapses=True),
    Transposed(*WINDOW),
    TABLE,
    Channels(0, 1, 1, 1),
    Whole(0, 1, collapses=True),
    Cumulative(0, forward=True, backward=True),
    Statistics((1, 0)),
    Permute((1, 0)),
    Reshape((1, 2), (2, 1)),
    Broadcast((1, 2), (2, 1)),
    Everything((1, 2), (2, 1)),
    Masked((1, 2), (2, 1), b"10"),
)


def test_every_kind_is_here() -> None:
    """A kind of step that is added later has to be added to these tests."""
    assert {type(step) for step in STEPS} == set(get_args(Step))


def test_kinds_that_hold_the_same_numbers_differ() -> None:
    """As plain tuples some of these are equal, so that the test can fail; as steps no two are."""
    pairs = [(a, b) for a, b in permutations(STEPS, 2) if not isinstance(a, Table) and not isinstance(b, Table)]
    assert sum(structs.astuple(a) == structs.astuple(b) for a, b in pairs) >= 4
    for one, other in permutations(STEPS, 2):
        assert one != other
        assert not one == other  # noqa: SIM201 - == and != are separate methods


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_equal_steps_are_one_key(step: Step) -> None:
    """A step made again is the same key, in a dictionary and after a round trip."""
    again = structs.replace(step)
    assert again == step
    assert not again != step  # noqa: SIM202 - == and != are separate methods
    assert hash(again) == hash(step)
    if not isinstance(step, Table):  # which is known by its array
        assert pickle.loads(pickle.dumps(step)) == step  # noqa: S301 - made on the line


def test_caches_keep_kinds_apart() -> None:
    """A cached function answers for the step that it was asked about, whichever kind was asked before."""

    @lru_cache
    def kind(steps: tuple[Step, ...]) -> str:
        return type(steps[0]).__name__

    assert [kind((step,)) for step in STEPS] == [type(step).__name__ for step in STEPS]
    assert [kind((step,)) for step in reversed(STEPS)] == [type(step).__name__ for step in reversed(STEPS)]


def test_tables_are_known_by_their_taps_and_their_input() -> None:
    """Tables that share taps but not the length of the input are different."""
    assert structs.replace(TABLE, length=2) != TABLE
    assert single(0, 1, np.arange(1), "no closed form") != TABLE


def test_periodic_reads_are_equal_as_objects() -> None:
    """Short ones with equal entries are one object; a copy is another read."""
    taps = np.zeros((1, 1), dtype=np.int64)
    assert repeating(1, taps) == repeating(1, taps.copy())
    assert repeating(1, taps) != structs.replace(repeating(1, taps))
