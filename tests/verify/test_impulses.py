"""Impulses through real weights: what is tried, that a claim that is too narrow is caught, and what stays unchecked."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import onnx
import pytest
from msgspec import structs

from strideinspect.limits import MOST_IMPULSES
from strideinspect.results.verdict import Counts, Impulses, Verdict, Verification
from strideinspect.verify.claims import Claims
from strideinspect.verify.client import Verifier
from strideinspect.verify.impulses import ImpulseResults, judge, plan
from strideinspect.verify.messages import Reach
from tests.verify.helpers import Shape, checked, model_of, saved

# Windows of 3 rows every 2 on 8 rows: 0–2, 2–4, 4–6; row 7 reaches nothing.
CONV: Final = "(float[1,2,8,6] x, float[3,2,3,2] w) => (float[N,C,H,W] y) { [conv] y = Conv<strides=[2,2]>(x, w) }"
ROWS: Final = Reach("x", 2, "y", "conv", (1, 3, 3, 3), (1, 1, 3, 1), (0, 2, 4), (2, 4, 6), ((7, 7),))
COLUMNS: Final = Reach("x", 3, "y", "conv", (1, 3, 3, 3), (1, 1, 1, 3), (0, 2, 4), (1, 3, 5))
LENGTHS: Final = {("x", 2): 8, ("x", 3): 6}


def sent(model: onnx.ModelProto, directory: Path, *reaches: Reach, lengths: dict[tuple[str, int], int]) -> Verification:
    """What the verifier says of these claims and no others."""
    inputs: dict[str, Shape] = {
        e.name: tuple(d.dim_value for d in e.type.tensor_type.shape.dim) for e in model.graph.input
    }
    path = directory / "model.onnx"
    with Verifier(str(path) if path.exists() else saved(model, directory), timeout=60) as verifier:
        verifier.begin(inputs)
        return checked(verifier, Claims({}, [], [], {}, impulses=plan(reaches, lengths)))


def counts(found: Verification) -> tuple[int, int, int]:
    """Agreed, contradicted, not checked."""
    assert isinstance(found.impulses, Impulses)
    every = found.impulses.counts
    return every.agreed, every.contradicted, every.not_checked


def test_right_claims_agree(tmp_path: Path) -> None:
    """All 8 rows and 6 columns are tried, and reach what a window of 3×2 every 2 may reach."""
    steps: list[str] = []
    with Verifier(saved(model_of(CONV), tmp_path), timeout=60) as verifier:
        verifier.begin({"x": (1, 2, 8, 6)})
        found = checked(verifier, Claims({}, [], [], {}, impulses=plan([ROWS, COLUMNS], LENGTHS)), steps.append)
    assert (counts(found), found.details) == ((14, 0, 0), ())
    assert steps[-1] == "sending impulse 14 of 14"


@pytest.mark.parametrize(
    ("reach", "wrong", "predicted", "by"),
    [
        # Row 6 reaches index 2, row 4 indices 1 and 2, row 7 nothing: each claim leaves one of them out.
        (structs.replace(ROWS, last=(2, 4, 5)), 1, {"axis": 2, "index": [0, 0, 2, 0], "first": 4, "last": 5}, 6),
        (structs.replace(ROWS, first=(0, 2, 5)), 1, {"axis": 2, "index": [0, 0, 2, 0], "first": 5, "last": 6}, 4),
        (structs.replace(ROWS, unseen=((0, 0),)), 1, {"axis": 2, "index": [0, 0, 0, 0], "first": 0, "last": 2}, 0),
        # A field that is said to be empty: each of the columns 0 to 5 contradicts it.
        (structs.replace(COLUMNS, first=(9, 9, 9), last=(0, 0, 0)), 6,
         {"axis": 3, "index": [0, 0, 0, 0], "first": None, "last": None}, 0),
    ],
    ids=["last-too-early", "first-too-late", "not-unseen", "not-blind"],
)  # fmt: skip
def test_claims_that_are_too_narrow(
    tmp_path: Path, reach: Reach, wrong: int, predicted: dict[str, object], by: int
) -> None:
    """Every impulse that reaches too far counts; the first of a tensor is told, with element and culprit."""
    found = sent(model_of(CONV), tmp_path, reach, lengths={("x", reach.axis): LENGTHS["x", reach.axis]})
    assert (found.status, counts(found)[1]) == (Verdict.CONTRADICTED, wrong)
    (check,) = found.details
    assert (check.claim, check.node, check.output, check.predicted) == (
        "impulse",
        "conv",
        "y",
        {"input": "x", **predicted},
    )
    assert isinstance(check.ran, dict)
    assert check.ran["changed_by"] == by


def test_which_are_tried() -> None:
    """Borders and the ends of what is unseen come first, then every part of the axis; each axis has its turn."""
    rows = Reach("x", 2, "y", None, (1,), (1,), (0,), (9,), ((219, 223),))
    tries = plan([rows, structs.replace(rows, axis=3, unseen=())], {("x", 2): 224, ("x", 3): 1000}).impulses
    assert len(tries) == len(set(tries)) == MOST_IMPULSES
    chosen = {axis: [sent.position for sent in tries if sent.axis == axis] for axis in (2, 3)}
    assert chosen[2][:3] == [0, 223, 219]
    assert [len(indices) for indices in chosen.values()] == [MOST_IMPULSES // 2] * 2
    for axis, length in ((2, 224), (3, 1000)):
        gaps = np.diff(sorted({0, *chosen[axis], length}))
        assert gaps.max() <= length / 16
        assert {index % 4 for index in chosen[axis]} == {0, 1, 2, 3}
    few = plan([rows], {("x", 2): 5}).impulses
    assert sorted(sent.position for sent in few if sent.position < 5) == [0, 1, 2, 3, 4]


def test_the_bound_is_stated(tmp_path: Path) -> None:
    """Of 300 rows 96 are tried, and the rest is not checked for that reason."""
    model = model_of("(float[1,1,300] x) => (float[N,C,L] y) { y = MaxPool<kernel_shape=[2], strides=[2]>(x) }")
    first = tuple(range(0, 300, 2))
    reach = Reach("x", 2, "y", None, (1, 1, 150), (1, 1, 150), first, tuple(index + 1 for index in first))
    found = sent(model, tmp_path, reach, lengths={("x", 2): 300})
    assert counts(found) == (96, 0, 204)
    assert [check.reason for check in found.details] == [
        "96 of 300 indices of axis 2 were tried: at most 96 impulses are sent"
    ]


@pytest.mark.parametrize("kind", ["uint8", "int8", "float16", "double", "int32", "bool"])
def test_every_type_of_input(kind: str, tmp_path: Path) -> None:
    """Whatever an input holds, an impulse changes it: a claim without index 3 is contradicted by index 3 alone."""
    model = model_of(f"({kind}[1,6] x) => ({kind}[N,L] y) {{ y = Identity(x) }}")
    reach = Reach("x", 1, "y", None, (1, 6), (1, 6), (0, 1, 2, 4, 4, 5), (0, 1, 2, 4, 4, 5))
    found = sent(model, tmp_path, reach, lengths={("x", 1): 6})
    assert counts(found) == (5, 1, 0)
    assert isinstance(found.details[0].ran, dict)
    assert found.details[0].ran["changed_by"] == 3


def test_inputs_are_changed_one_at_a_time(tmp_path: Path) -> None:
    """A branch that is said to depend on the other input is not; one that is said not to, but does, is caught."""
    text = (
        "(float[1,1,4] x, float[1,1,4] z) => (float[N,C,L] a, float[N,C,L] b)"
        "{ a = MaxPool<kernel_shape=[1]>(x) s = Add(x, z) b = MaxPool<kernel_shape=[1]>(s) }"
    )
    blind = {"shape": (1, 1, 4), "extents": (1, 1, 1), "first": (9,), "last": (0,)}
    reaches = [Reach("z", 2, name, None, **blind) for name in "ab"]  # type: ignore[arg-type]
    found = sent(model_of(text), tmp_path, *reaches, lengths={("x", 2): 4, ("z", 2): 4})
    assert counts(found) == (0, 4, 4)
    assert [(check.output, check.verdict.value) for check in found.details] == [
        ("b", "contradicted"),
        ("x", "not-checked"),
    ]


def test_random_operators_are_not_checked(tmp_path: Path) -> None:
    """What differs from itself in two runs on one input is not watched; its neighbour is."""
    text = (
        "(float[1,1,4] x) => (float[N,C,L] a, float[N,C,L] b){ a = Identity(x) r = RandomNormalLike(x) b = Add(x, r) }"
    )
    own = {"shape": (1, 1, 4), "extents": (1, 1, 4), "first": (0, 1, 2, 3), "last": (0, 1, 2, 3)}
    reaches = [Reach("x", 2, name, None, **own) for name in "ab"]  # type: ignore[arg-type]
    found = sent(model_of(text), tmp_path, *reaches, lengths={("x", 2): 4})
    assert counts(found) == (4, 0, 0)
    (check,) = found.details
    assert (check.output, check.verdict) == ("b", Verdict.NOT_CHECKED)
    assert "two runs on the same input differ" in str(check.reason)


def test_blocked_channels_are_not_watched(tmp_path: Path) -> None:
    """Inside a model that onnxruntime saved optimised, elements lie in another order; behind it they are watched."""
    model = model_of(
        "(float[1,16,4,4] x) => (float[N,C,H,W] y) { a = com.microsoft.nchwc.ReorderInput(x)"
        " p = com.microsoft.nchwc.MaxPool<kernel_shape=[2,2], strides=[2,2]>(a)"
        " y = com.microsoft.nchwc.ReorderOutput<channels=16>(p) }"
    )
    model.opset_import.add(domain="com.microsoft.nchwc", version=1)
    rows = {"shape": (1, 16, 2, 2), "extents": (1, 1, 2, 1), "first": (0, 2), "last": (1, 3)}
    reaches = [Reach("x", 2, name, None, **rows) for name in "py"]  # type: ignore[arg-type]
    found = sent(model, tmp_path, *reaches, lengths={("x", 2): 4})
    assert counts(found) == (4, 0, 0)
    (check,) = found.details
    assert (check.output, check.verdict) == ("p", Verdict.NOT_CHECKED)
    assert "in blocks" in str(check.reason)


@pytest.mark.parametrize(
    ("location", "present", "words"),
    [
        ("weights.data", True, None),
        ("gone.data", False, "there is no file 'gone.data' next to the model"),
        ("../weights.data", True, "outside its folder"),
        ("link.data", False, "outside its folder"),
    ],
)
def test_external_weights(location: str, present: bool, words: str | None, tmp_path: Path) -> None:  # noqa: FBT001
    """Weights beside the model are used; missing ones, and files elsewhere, are a reason and never opened."""
    directory = tmp_path / "model"
    directory.mkdir()
    (directory / "link.data").symlink_to(tmp_path / "weights.data")
    model = model_of(CONV)
    (tmp_path / "weights.data").write_bytes(model.graph.initializer[0].raw_data)
    if present:
        (directory / location).write_bytes(model.graph.initializer[0].raw_data)
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = onnx.TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=location)
    found = sent(model, directory, ROWS, lengths={("x", 2): 8})
    assert counts(found) == ((8, 0, 0) if words is None else (0, 0, 8))
    assert [str(words) in str(check.reason) for check in found.details] == ([] if words is None else [True])


def test_nothing_to_contradict(tmp_path: Path) -> None:
    """Where all may depend on all rows no impulse is sent, and that is the reason."""
    model = model_of("(float[1,1,4] x) => (float[N,C,L] y) { y = GlobalAveragePool(x) }")
    found = sent(model, tmp_path, Reach("x", 2, "y", None, (1, 1, 1), (1, 1, 1), (0,), (3,)), lengths={("x", 2): 4})
    assert counts(found) == (0, 0, 4)
    assert "may depend on the whole of axis 2" in str(found.details[0].reason)


def test_what_was_found_before_the_end_counts() -> None:
    """Of 8 rows 3 were answered when time was up: they count, and the rest is not checked for that reason."""
    planned = plan([ROWS], {("x", 2): 8})
    impulses, (check,) = judge(planned, ImpulseResults(1, {}, [None] * 3, "it took longer than 60 s"))
    assert (impulses.counts, impulses.watched) == (Counts(agreed=3, not_checked=5), 1)
    assert check.reason == "3 of 8 indices of axis 2 were tried: it took longer than 60 s"


def test_a_worker_that_ends_is_a_reason(tmp_path: Path) -> None:
    """Where the process dies before the first impulse, none counts as tried."""
    verifier = Verifier(saved(model_of(CONV), tmp_path), timeout=60)

    def kill(_: str) -> None:
        assert verifier.worker.process is not None
        verifier.worker.process.kill()
        verifier.worker.process.wait()  # else it may answer a few more before it is gone

    with verifier:
        verifier.begin({"x": (1, 2, 8, 6)})
        found = checked(verifier, Claims({}, [], [], {}, impulses=plan([ROWS], {("x", 2): 8})), kill)
    assert counts(found) == (0, 0, 8)
    assert "was killed" in str(found.details[0].reason)
