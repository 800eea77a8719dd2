"""Proofs of rules: what onnxruntime shows on a rule's own example, and would not show if the finding were false.

Each proof gets the example on the rule's page that it flags, its first finding there, and a way to run it.
"""

from __future__ import annotations

import numpy as np
import onnx
import onnx.numpy_helper
import pytest
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from tests.oracle_runtime import influence, run
from tests.rules.flagged_model import Array, Case, one_node, same

REFUSALS = (ort_errors.Fail, ort_errors.InvalidArgument, ort_errors.InvalidGraph, ort_errors.RuntimeException,
            ort_errors.NotImplemented)  # fmt: skip
"""How onnxruntime says that it cannot run a model."""


def unread_rows_change_nothing(case: Case) -> None:
    """Overwritten where the finding says, the input gives the same bits; overwritten beside it, it does not."""
    feeds = case.feeds()
    before = case.outputs(feeds)
    name, finding = case.report.inputs[0].name, case.finding
    (first, last), axis = finding.ranges[0], finding.axes[0]
    for rows, nothing in ((slice(first, last + 1), True), (slice(first - 1, first), False)):
        changed = feeds[name].copy()
        np.moveaxis(changed, axis, 0)[rows] += 100
        assert same(before, case.outputs({**feeds, name: changed})) is nothing


def unused_input_changes_nothing(case: Case) -> None:
    """Other values of the input give the same bits."""
    feeds = case.feeds()
    name = case.finding.input or ""
    assert same(case.outputs(feeds), case.outputs({**feeds, name: feeds[name] + 100}))


def dead_taps_change_nothing(case: Case) -> None:
    """Random values in the taps that only touch padding give the same bits; in the middle tap they do not."""
    feeds = case.feeds()
    before = case.outputs(feeds)

    def all_but_the_middle(kernel: Array) -> Array:
        noise = np.random.default_rng(0).random(kernel.shape).astype(kernel.dtype)
        noise[..., 1, 1] = kernel[..., 1, 1]
        return noise

    assert same(before, case.outputs(feeds, one_node(case, all_but_the_middle)))
    assert not same(before, case.outputs(feeds, one_node(case, lambda kernel: kernel + 1)))


def padding_can_be_left_out(case: Case) -> None:
    """Without the dropped padding at the end the output has the same bits."""
    copy = onnx.ModelProto()
    copy.CopyFrom(case.model)
    (pads,) = (a for node in copy.graph.node for a in node.attribute if a.name == "pads")
    for axis in case.finding.axes:
        pads.ints[len(pads.ints) // 2 + axis - 2] -= case.finding.pixels or 0
    feeds = case.feeds()
    assert same(case.outputs(feeds), case.outputs(feeds, copy))


def last_index_sees_less(case: Case) -> None:
    """The last row of the output depends on fewer rows than the first, by as many as the window hangs over."""
    seen = case.moves(case.finding.axes[0]).any(axis=(0, 1, 3)).sum(axis=1)
    assert seen[0] - seen[-1] == case.finding.pixels


def holes_change_nothing(case: Case) -> None:
    """The middle index moves with the rows between the holes, and with none in them."""
    seen = case.moves(2)[0, 0, 8, 8]
    holes = [row for first, last in case.finding.ranges for row in range(first, last + 1)]
    assert not seen[holes].any()
    assert {*np.flatnonzero(seen)} == {*range(seen.nonzero()[0][0], seen.nonzero()[0][-1] + 1)} - {*holes}


def positions_see_the_whole_image(case: Case) -> None:
    """As many rows of the layer's input depend on all rows of the image as the message says."""
    (node,) = (node for node in case.model.graph.node if node.output[0] == case.finding.output)
    seen = np.asarray(case.moves(2, node.input[0]).any(axis=(0, 1, 3)))
    assert f"{np.all(seen, axis=1).sum()} of {len(seen)} rows and columns" in case.finding.message
    # 3×3 in front of it: the field of its input is as large as the three rows of the image.
    assert seen.sum(axis=1).max() == seen.shape[1]


def taps_are_counted(case: Case) -> None:
    """With ones for input and weights an output is its number of taps; away from the borders two numbers alternate."""
    ones = {name: np.ones_like(value) for name, value in case.feeds().items()}
    (made,) = case.outputs(ones)
    per_axis = {round(float(value)) for value in np.sqrt(made[0, 0].diagonal()[4:-4])}
    assert f"{min(per_axis)} or {max(per_axis)} taps per axis" in case.finding.message
    assert len(per_axis) == 2


def rows_move_the_center(case: Case) -> None:
    """An index away from the borders moves with rows whose middle is as far from its own place as the finding says."""
    rows = np.flatnonzero(case.moves(2)[0, 0, 2, 2])
    place = (2 + 0.5) * 4 - 0.5  # two convolutions of stride 2: index 2 stands for rows 8 to 11
    assert f"{place - rows.mean():g} pixels before" in case.finding.message


def the_value_decides(case: Case) -> None:
    """Other values give another shape."""
    feeds = case.feeds()
    name = case.finding.input or ""
    shapes = {case.outputs({**feeds, name: np.array([1, 1, size, size], dtype=np.int64)})[0].shape for size in (8, 16)}
    assert shapes == {(1, 1, 8, 8), (1, 1, 16, 16)}


def branches_lie_apart(case: Case) -> None:
    """The same index of both branches moves with rows whose middles are as far apart as the finding says."""
    (merge,) = (node for node in case.model.graph.node if node.output[0] == case.finding.output)
    middles = [np.flatnonzero(case.moves(2, name)[0, 0, 1, 1]).mean() for name in merge.input]
    assert abs(middles[0] - middles[1]) == 1
    assert "1 pixel" in case.finding.message


def branches_step_differently(case: Case) -> None:
    """From one index to the next the middles of what the branches move with advance by different numbers of rows."""
    (merge,) = (node for node in case.model.graph.node if node.output[0] == case.finding.output)
    steps = []
    for name in merge.input:
        seen = case.moves(2, name)[0, 0, :, 0]
        middles = [np.flatnonzero(rows).mean() for rows in seen]
        steps.append(f"{name} has {middles[1] - middles[0]:g}")
    assert len({step.split()[-1] for step in steps}) == 2
    assert all(step in case.finding.message for step in steps)


def field_is_counted(case: Case) -> None:
    """An index away from the borders moves with as many rows as the finding says."""
    seen = case.moves(2)[0, 0, 6, 6].sum()
    assert seen == case.finding.pixels
    assert f"sees {seen} pixels" in case.finding.message


def _responses(case: Case) -> Array:
    """How much the sum of the middle index's channels moves with each pixel of the 11×11 input."""
    feeds = case.feeds()
    before = case.outputs(feeds)[0][0, :, 5, 5].sum()
    found = np.zeros((11, 11))
    for place in np.ndindex(11, 11):
        feed = {name: value.copy() for name, value in feeds.items()}
        feed["x"][(0, 0, *place)] += 1
        found[place] = abs(case.outputs(feed)[0][0, :, 5, 5].sum() - before)
    return found


def response_is_near(case: Case) -> None:
    """Of what the middle index moves with, 90 % lies within the distance that the finding says, and less nearer."""
    found = _responses(case)
    rows, columns = np.indices(found.shape)
    far = np.hypot(rows - 5, columns - 5)
    radius = min(r for r in np.unique(far) if found[far <= r].sum() >= 0.9 * found.sum())
    assert f"within {radius:.3g} pixels" in case.finding.message


def response_lies_to_one_side(case: Case) -> None:
    """The mean of the rows and columns with which the middle index moves is one pixel after it."""
    found = _responses(case)
    for axis in (0, 1):
        mean = (np.indices(found.shape)[axis] * found).sum() / found.sum()
        assert f"{mean - 5:.3g} pixel after it along axis {axis + 2}" in case.finding.message


def channels_always_add_up_to_the_same(case: Case) -> None:
    """Whatever the input, so that there is no derivative."""
    sums = [case.outputs(case.feeds(seed))[0].sum(1) for seed in range(3)]
    assert all(np.allclose(one, sums[0], rtol=1e-6) for one in sums)
    assert "add up to a constant" in case.finding.message


def stride_is_measured(case: Case) -> None:
    """The rows of index 1 are those of index 0, as many rows further as the finding says."""
    seen = case.moves(2)[0, 0, :, 0]
    assert f"is {np.flatnonzero(seen[1])[0] - np.flatnonzero(seen[0])[0]};" in case.finding.message


def multiply_adds_are_counted(case: Case) -> None:
    """A multiply-add is a pair of a weight and an output that it changes."""
    feeds = case.feeds()
    (before,) = case.outputs(feeds)
    pairs = 0
    for tap in range(9):
        shift = np.zeros((1, 1, 3, 3), dtype=np.float32)
        shift.reshape(-1)[tap] = 1
        (after,) = case.outputs(feeds, case.weights("w", lambda kernel, shift=shift: kernel + shift))  # type: ignore[misc]
        pairs += int((before != after).sum())
    assert f"{pairs} multiply-adds" in case.finding.message


def shape_is_another(case: Case) -> None:
    """The output has the shape that the finding calls the computed one, not the declared one."""
    shape = "×".join(map(str, case.outputs(case.feeds())[0].shape))
    assert case.finding.message.endswith(f"its shape is {shape}")


def expectation_is_missed(case: Case) -> None:
    """An index moves with as many rows as the finding says that it does, not with as many as expected."""
    seen = np.flatnonzero(np.asarray(case.moves(2).any(axis=(0, 1, 3)))[2])
    actual = seen[-1] - seen[0] + 1
    assert f"is {actual}" in case.finding.message


def other_sizes_run(case: Case) -> None:
    """Twice the assumed size runs as well: nothing in the file says which one is right."""
    name = case.finding.input or ""
    feeds = case.feeds()
    larger = feeds[name]
    for axis in case.finding.axes:
        larger = np.concatenate([larger, larger], axis=axis)
    assert case.outputs({**feeds, name: larger})[0].shape != case.outputs(feeds)[0].shape


def runtime_refuses(case: Case) -> None:
    """The model cannot be run at this size."""
    with pytest.raises(REFUSALS):
        case.outputs(case.feeds())


def rows_of_a_batch_come_from_one_image(case: Case) -> None:
    """One image gives several rows, each of other pixels: they are positions."""
    feeds = case.feeds()
    (before,) = case.outputs(feeds)
    assert f"comes out as {len(before)}" in case.finding.message
    changed = feeds["x"].copy()
    changed[..., :8, :8] += 100
    (after,) = case.outputs({"x": changed})
    assert list((before != after).any(axis=1)) == [True, False, False, False]


def where_it_reads_depends_on_the_data(case: Case) -> None:
    """With another grid the same output index moves with another row."""
    feeds = case.feeds()
    moved = []
    for place in (-0.9, 0.9):
        grid = np.full_like(feeds["grid"], place)
        seen = influence(run(case.model, {**feeds, "grid": grid}), "x", 2, ["y"], seeds=1)["y"][0, 0, 0, 0]
        moved.append({*np.flatnonzero(seen)})
    assert moved[0].isdisjoint(moved[1])


def shapes_differ(case: Case) -> None:
    """The runtime makes the shape that the finding gives for it, and the standard another."""
    (made,) = case.outputs(case.feeds())
    shape = "×".join(map(str, made.shape))
    assert f"onnxruntime makes {shape}" in case.finding.message
    assert f"the standard makes {shape}" not in case.finding.message
