"""Everything that a report states, against brute force and onnxruntime, on generated graphs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import onnx
import pytest
from hypothesis import assume, example, given, reject
from hypothesis import strategies as st

from tests.graph_builder import Step, UnfitError
from tests.graph_families import CLOSED, DIGITS
from tests.graphs import Graph, chains, diamonds
from tests.oracle import Oracle
from tests.properties.comparing import (
    check_actual,
    check_dropped,
    check_shapes,
    check_theoretical,
    check_unseen,
    claims,
    everything,
    lossless,
    report_on,
)
from tests.thorough import bounded

ROLLED_BY_THE_WHOLE_AXIS = (
    Step("rolled", {"by": 2, "back": True}),  # one of its two parts is empty
    Step("conv", {"kernel": [2, 1, 1], "channels": 4, "group": "dense", "strides": [2, 1, 2]}),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the models of this module go, one after the other."""
    return tmp_path_factory.mktemp("models")


def check_as_it_stands(graph: Graph, folder: Path) -> None:
    """Shapes, actual fields, dropped indices and unseen rows at the graph's own size."""
    model = graph.build()
    assume(model.graph.node)
    oracle = Oracle.of(model)
    sees = everything(oracle)
    report = report_on(model, folder)
    check_shapes(report, oracle)
    exactly = lossless(oracle, sees)
    for name, field in claims(report):
        check_actual((name, field), sees[field.input, field.axis][name], exactly=exactly)
    if exactly:
        check_dropped(report, oracle, sees)
    # Used indices are kept axis by axis: where an axis is cut into parts, some that are unused count as used.
    check_unseen(report, oracle, sees, exactly=exactly and not cuts(graph.steps))


def cuts(steps: Iterable[Step]) -> bool:
    """Whether a step cuts an axis into parts, those in branches included."""
    return any(
        step.kind in {"adaptive_pool", "partitioned", "rearranged", "windows"}
        or any(cuts(step.arguments.get(side, [])) for side in ("left", "right"))
        for step in steps
    )


@bounded(30)
@given(graph=st.one_of(chains(most=2), diamonds(most=1), chains(1, DIGITS, most=2)))
def test_small_graphs(graph: Graph, folder: Path) -> None:
    """One axis, two or three steps: quick enough for every run."""
    check_as_it_stands(graph, folder)


@pytest.mark.slow
@bounded(100)
@given(graph=chains())
def test_chains(graph: Graph, folder: Path) -> None:
    """One axis, up to six steps of every family."""
    check_as_it_stands(graph, folder)


@pytest.mark.slow
@bounded(100)
@given(graph=diamonds())
def test_diamonds(graph: Graph, folder: Path) -> None:
    """One axis, two branches that merge by a sum, a product, or side by side."""
    check_as_it_stands(graph, folder)


@pytest.mark.slow
@bounded(50)
@given(graph=st.one_of(chains(2, most=4), diamonds(2, most=2)))
def test_two_axes(graph: Graph, folder: Path) -> None:
    """Two axes, which may change places or move into the channels."""
    check_as_it_stands(graph, folder)


@pytest.mark.slow
@bounded(20)
@given(graph=st.one_of(chains(3, most=3), diamonds(3, most=1)))
@example(graph=Graph(10, (1, 2, 3, 2, 2), ROLLED_BY_THE_WHOLE_AXIS))
def test_three_axes(graph: Graph, folder: Path) -> None:
    """Three axes."""
    check_as_it_stands(graph, folder)


@pytest.mark.slow
@bounded(40)
@given(graph=st.one_of(chains(1, DIGITS, most=4), chains(2, DIGITS, most=4), diamonds(2, DIGITS, most=2)))
def test_axes_cut_into_digits(graph: Graph, folder: Path) -> None:
    """Tokens, windows of attention, rolls, reduced parts of an axis, and maps side by side."""
    check_as_it_stands(graph, folder)


def periods(steps: Iterable[Step]) -> int:
    """A size by which an input may grow without any padding, crop or rounding coming out differently."""
    product = 1
    for step in steps:
        found = step.arguments
        whole = [*found.get("strides", []), *found.get("steps", []), *found.get("factors", [])]
        product *= math.lcm(*whole) if step.kind != "conv_transpose" else 1
        # Half a pixel per pixel is undone after two, of whichever scale.
        product *= 2 if step.kind == "resize" else 1
        product *= abs(found.get("stride", 1)) * found.get("factor", 1) * found.get("size", 1)
        product *= math.lcm(periods(found.get("left", [])), periods(found.get("right", [])))
    return product


def any_step(steps: Iterable[Step], holds: Callable[[dict[str, Any]], bool]) -> bool:
    """Whether something holds of the arguments of any step, those in branches included."""
    return any(
        holds(step.arguments) or any(any_step(step.arguments.get(side, []), holds) for side in ("left", "right"))
        for step in steps
    )


def reverses(arguments: dict[str, Any]) -> bool:
    """Whether a step counts from the end, so that offsets change with the size."""
    # Rolls, whose larger part may be another one in a small map, and circular padding.
    from_end = "by" in arguments or arguments.get("before", 0) > 0
    return bool(min(arguments.get("steps", [1])) < 0 or arguments.get("stride", 1) < 0 or from_end)


def stretches(arguments: dict[str, Any]) -> bool:
    """Whether a step resizes or pools by a factor that changes with the size, or reduces a part that does."""
    return (
        arguments.get("major") is True
        or arguments.get("by_size") is True
        or "count" in arguments
        or arguments.get("coordinates")
        in {
            "align_corners",
            "half_pixel_symmetric",
        }
    )


def _made(model: onnx.ModelProto, name: str) -> tuple[str, ...] | None:
    """The operator that makes a tensor, and what it is made of."""
    return next(((node.op_type, *node.input) for node in model.graph.node if name in node.output), None)


LARGEST = 320


def check_closed_forms(graph: Graph, folder: Path, *, always: bool) -> None:
    """Closed forms hold in the middle of an input so large that no border reaches there, and do not change with it."""
    small_model = graph.build()
    small = report_on(small_model, folder)
    step = periods(graph.steps)
    widest = max((field.size or 0 for _, field in claims(small)), default=0)
    length = graph.shape[2] + -(-(4 * widest + 60) // step) * step
    assume(length <= LARGEST)
    try:
        model = graph.build((*graph.shape[:2], length))
    except UnfitError:
        reject()
    assume(model.graph.node)
    large = report_on(model, folder)
    sees = Oracle.of(model).sees("x", 2)
    before = {name: field for name, field in claims(small) if (field.input, field.axis) == ("x", 2)}
    for name, field in claims(large):
        if (field.input, field.axis) != ("x", 2):
            continue  # of other inputs, or of channels where the first windows slide over them
        compared = check_theoretical((name, field), sees[name])
        assert compared or not always, f"{name} has no closed form, or none that could be compared: {field.reason}"
        # A branch may have to be cut, or an axis collapse, at one size only, and at another size the other branch.
        was = before.get(name) if _made(model, name) == _made(small_model, name) else None
        if was is None or any_step(graph.steps, stretches) or None in {field.node_axis, was.node_axis}:
            continue
        if was.size is None and any_step(graph.steps, reverses):
            continue  # at one size a map is padded by less than itself, at another one it is repeated
        assert (field.size, field.stride) == (was.size, was.stride), name
        assert field.phases == was.phases or any_step(graph.steps, reverses), name


@pytest.mark.slow
@bounded(60)
@given(graph=chains(families=CLOSED, most=5))
def test_windows_in_a_row_always_have_a_closed_form(graph: Graph, folder: Path) -> None:
    """Convolutions, transposed ones and pools one after the other: size, stride and every phase."""
    check_closed_forms(graph, folder, always=True)


@pytest.mark.slow
@bounded(60)
@given(graph=st.one_of(chains(), diamonds()))
def test_closed_forms_where_there_are_any(graph: Graph, folder: Path) -> None:
    """All families and merging branches: undefined with a reason, or right."""
    check_closed_forms(graph, folder, always=False)


@pytest.mark.slow
@bounded(30)
@given(graph=st.one_of(chains(1, DIGITS, most=4), diamonds(1, DIGITS, most=2)))
def test_closed_forms_of_digits(graph: Graph, folder: Path) -> None:
    """Windows of attention, shuffles, rolls and circular padding: undefined with a reason, or right."""
    check_closed_forms(graph, folder, always=False)
