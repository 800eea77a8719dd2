"""The verifier from the outside: right claims agree, wrong ones are caught with both numbers, failures are reasons."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from strideinspect import inspect
from strideinspect.results.field import Positions
from strideinspect.results.report import Unseen
from strideinspect.results.verdict import Counts, Verdict, Verification
from strideinspect.verify.claims import Claims, FieldClaim
from strideinspect.verify.client import Verifier
from strideinspect.verify.theory import Enlarged, TheoryClaim
from tests.verify.helpers import Shape, checked, model_of, saved

# Windows of 3 rows every 2 on 8 rows: 0–2, 2–4, 4–6; row 7 is dropped. Columns: windows of 2 every 2 see all 6.
POOL: Final = (
    "(float[1,1,8,6] x) => (float[N,C,H,W] y)"
    "{ [pool] a = MaxPool<kernel_shape=[3,2], strides=[2,2]>(x) [act] y = Relu(a) }"
)
ROWS: Final = FieldClaim("x", 2, "a", "pool", 2, Positions.of((0, 2, 4), (2, 4, 6)), None)
COLUMNS: Final = FieldClaim("x", 3, "a", "pool", 3, Positions.of((0, 2, 4), (1, 3, 5)), None)
CLAIMS: Final = Claims(
    shapes={"x": (1, 1, 8, 6), "a": (1, 1, 3, 3), "y": (1, 1, 3, 3)},
    fields=[ROWS, COLUMNS],
    unseen=[Unseen("x", 2, ((7, 7),))],
    nodes={"x": None, "a": "pool", "y": "act"},
)


def verified(directory: Path, claims: Claims, text: str = POOL, inputs: dict[str, Shape] | None = None) -> Verification:
    """What the verifier says of these claims about a model."""
    with Verifier(saved(model_of(text), directory), timeout=60) as verifier:
        verifier.begin(inputs or {"x": (1, 1, 8, 6)})
        return checked(verifier, claims)


def test_right_claims_agree(tmp_path: Path) -> None:
    """Three shapes, one window node, one unseen row: all agree, and nothing is left to say."""
    found = verified(tmp_path, CLAIMS)
    assert (found.status, found.reason, found.details) == (Verdict.AGREED, None, ())
    assert (found.shapes, found.fields, found.unseen) == (Counts(agreed=3), Counts(agreed=1), Counts(agreed=1))
    assert found.runtime is not None
    assert found.runtime.startswith("onnxruntime ")


@pytest.mark.parametrize(
    ("fields", "predicted", "ran"),
    [
        (
            [replace(ROWS, positions=Positions.of((0, 2, 4), (2, 4, 7))), COLUMNS],
            {"input": "x", "axis": 2, "index": 2, "first": 4, "last": 7},
            {"input": "x", "axis": 2, "index": 2, "first": 4, "last": 6},
        ),
        (
            [ROWS, replace(COLUMNS, positions=Positions.of((0, None, 4), (1, 3, 5)))],
            {"input": "x", "axis": 3, "index": 1, "first": None, "last": 3},
            {"input": "x", "axis": 3, "index": 1, "first": 2, "last": 3},
        ),
        (
            [ROWS, replace(COLUMNS, positions=Positions.of((0, 2), (1, 3)))],
            {"input": "x", "axis": 3, "indices": 2},
            {"input": "x", "axis": 3, "indices": 3},
        ),
        (
            [replace(ROWS, full=(0, 7)), COLUMNS],
            {"input": "x", "axis": 2, "full": [0, 7]},
            {"input": "x", "axis": 2, "full": [0, 6]},
        ),
        (
            [replace(ROWS, node_axis=None, positions=Positions.of((1,), (6,)))],
            {"input": "x", "axis": 2, "first": 1, "last": 6},
            {"input": "x", "axis": 2, "first": 0, "last": 6},
        ),
    ],
    ids=["one-row-too-many", "an-index-said-to-be-blind", "too-few-indices", "full", "hull"],
)
def test_a_wrong_field_is_caught(tmp_path: Path, fields: Sequence[FieldClaim], predicted: object, ran: object) -> None:
    """The first index at fault is told with both numbers, and the node counts once as contradicted."""
    found = verified(tmp_path, replace(CLAIMS, fields=fields))
    (check,) = found.details
    assert (found.status, found.fields) == (Verdict.CONTRADICTED, Counts(contradicted=1))
    assert (check.claim, check.node, check.output, check.predicted, check.ran) == ("field", "pool", "a", predicted, ran)


def test_a_wrong_shape_is_caught(tmp_path: Path) -> None:
    """A shape that is off by one."""
    found = verified(tmp_path, replace(CLAIMS, shapes={**CLAIMS.shapes, "y": (1, 1, 4, 3)}))
    (check,) = found.details
    assert (found.status, found.shapes) == (Verdict.CONTRADICTED, Counts(agreed=2, contradicted=1))
    assert (check.claim, check.node, check.output) == ("shape", "act", "y")
    assert (check.predicted, check.ran) == ([1, 1, 4, 3], [1, 1, 3, 3])


def test_a_seen_row_said_to_be_unseen_is_caught(tmp_path: Path) -> None:
    """Row 6 is the last of the last window; the output that it reaches is named."""
    found = verified(tmp_path, replace(CLAIMS, unseen=[Unseen("x", 2, ((6, 7),))]))
    (check,) = found.details
    assert (found.status, found.unseen) == (Verdict.CONTRADICTED, Counts(contradicted=1))
    assert check.predicted == {"axis": 2, "ranges": [[6, 7]]}
    assert check.ran == {"axis": 2, "reaches": "y"}


def test_what_the_probe_cannot_express_is_not_checked(tmp_path: Path) -> None:
    """Behind a GridSample fields and unseen rows are not checked, for a reason that names it; before it they are."""
    text = (
        "(float[1,1,8,6] x, float[1,4,4,2] w) => (float[N,C,H,W] y)"
        "{ [pool] a = MaxPool<kernel_shape=[3,2], strides=[2,2]>(x) [grid] b = GridSample(a, w)"
        " [last] y = MaxPool<kernel_shape=[2,2]>(b) }"
    )
    behind = FieldClaim("x", 2, "y", "last", None, Positions.of((0,), (7,)), None)
    claims = replace(CLAIMS, shapes={"y": (1, 1, 3, 3)}, fields=[ROWS, behind])
    found = verified(tmp_path, claims, text)
    assert (found.status, found.fields) == (Verdict.AGREED, Counts(agreed=1, not_checked=1))
    assert found.unseen == Counts(not_checked=1)
    assert {check.output for check in found.details} == {"y", "x"}
    assert all("GridSample grid" in str(check.reason) for check in found.details)


def test_a_tensor_that_does_not_exist_is_not_checked(tmp_path: Path) -> None:
    """Neither its shape nor its field."""
    nowhere = replace(ROWS, tensor="nowhere", node=None)
    claims = replace(CLAIMS, shapes={"nowhere": (1,)}, fields=[nowhere], unseen=[])
    found = verified(tmp_path, claims)
    assert (found.status, found.shapes, found.fields) == (
        Verdict.NOT_CHECKED,
        Counts(not_checked=1),
        Counts(not_checked=1),
    )


def test_a_model_that_fails_is_checked_up_to_there(tmp_path: Path) -> None:
    """At this size the Concat does not fit: what came before agrees, the rest and the unseen rows are not checked."""
    text = (
        "(float[1,1,8,6] x, float[1,1,3,4] w) => (float[N,C,H,W] y)"
        "{ [pool] a = MaxPool<kernel_shape=[3,2], strides=[2,2]>(x) [join] y = Concat<axis=1>(a, w) }"
    )
    found = verified(tmp_path, CLAIMS, text)
    assert (found.status, found.partial, found.fields) == (Verdict.NOT_CHECKED, True, Counts(agreed=1))
    assert (found.shapes, found.unseen) == (Counts(agreed=2, not_checked=1), Counts(not_checked=1))
    # The pool gives 3×3, the constant is 3×4.
    assert found.reason == "Concat join: along axis 3 its inputs have sizes 3 and 4, which must be equal"


def test_values_computed_before_the_end_are_known(tmp_path: Path) -> None:
    """Rows 0 to 6 are cut out by an end computed from the shape; the Concat behind does not fit, which changes nothing.

    The row that the cut drops is one that no window of 3 every 2 would have seen.
    """
    text = (
        "(float[1,1,8,6] x, float[1,1,3,4] w, int64[1] zero, int64[1] one, int64[1] rows) => (float[N,C,H,W] y)"
        "{ s = Shape<start=2, end=3>(x) e = Sub(s, one) c = Slice(x, zero, e, rows)"
        " [pool] a = MaxPool<kernel_shape=[3,2], strides=[2,2]>(c) [join] y = Concat<axis=1>(a, w) }"
    )
    path = saved(model_of(text, zero=[0], one=[1], rows=[2]), tmp_path)
    with Verifier(path, timeout=60) as verifier:
        verifier.begin({"x": (1, 1, 8, 6)})
        found = checked(verifier, replace(CLAIMS, shapes={}, unseen=[]))
    assert found.fields == Counts(agreed=1)
    (check,) = found.details
    assert (check.claim, check.output, check.reason) == ("run", "y", found.reason)
    assert "Concat join" in str(found.reason)


@pytest.mark.parametrize(
    ("file", "inputs", "timeout", "words"),
    [
        ("missing.onnx", {"x": (1, 1, 8, 6)}, 60.0, "there is no file"),
        ("model.onnx", {}, 60.0, "input 'x' was given no size"),
        ("model.onnx", {"x": (1, 1, 8, 6)}, 0.001, "took longer than 0.001 s"),
    ],
    ids=["no-file", "no-size", "deadline"],
)
def test_every_failure_is_a_reason(
    tmp_path: Path, file: str, inputs: dict[str, Shape], timeout: float, words: str
) -> None:
    """Whatever goes wrong, nothing raises, all claims count as not checked, and one line says why."""
    saved(model_of(POOL), tmp_path)
    with Verifier(str(tmp_path / file), timeout=timeout) as verifier:
        verifier.begin(inputs)
        found = checked(verifier, CLAIMS)
    assert (found.status, found.shapes.not_checked, found.fields.not_checked) == (Verdict.NOT_CHECKED, 3, 1)
    assert words in str(found.reason)
    assert "\n" not in str(found.reason)
    assert "Traceback" not in str(found.reason)


@pytest.mark.slow
@pytest.mark.usefixtures("own_interpreter")
@pytest.mark.skipif(sys.platform != "linux", reason="only there the bound is kept everywhere")
def test_memory_is_bounded(tmp_path: Path) -> None:
    """A tensor of 16 GiB ends the run under a bound of 4 GiB; the window before it is checked all the same."""
    text = (
        "(float[1,1,8,6] x, int64[4] s) => (float[N,C,H,W] y)"
        "{ [pool] a = MaxPool<kernel_shape=[3,2], strides=[2,2]>(x) [act] y = Expand(a, s) }"
    )
    # 1024·3·3·466034 · 4 bytes = 16 GiB
    path = saved(model_of(text, s=[466034, 1024, 3, 3]), tmp_path)
    with Verifier(path, timeout=60, memory=4 << 30) as verifier:
        verifier.begin({"x": (1, 1, 8, 6)})
        found = checked(verifier, CLAIMS)
    assert found.fields == Counts(agreed=1)
    assert "memory" in str(found.reason)


def test_a_model_with_a_huge_tensor_is_not_run(tmp_path: Path) -> None:
    """Eight rows padded to 10⁹ columns, which nobody follows: said at once, without the minute that they would take."""
    text = "(float[1,1,8,8] x, int64[8] p) => (float[N,C,H,W] y) { y = Pad(x, p) }"
    started = time.monotonic()
    found = inspect(saved(model_of(text, p=[0, 0, 0, 0, 0, 0, 0, 10**9]), tmp_path), verify="run").verification
    assert time.monotonic() - started < 30
    assert found.reason == "Pad 'y' alone makes too much: its output would be 1×1×8×1000000008"


@pytest.mark.slow
def test_a_node_that_takes_too_much_memory_is_not_run(tmp_path: Path) -> None:
    """Eight rows padded to 10⁸ columns of float32 are 8·10⁸·4 bytes = 2.98 GiB, more than the limit of 1 GiB."""
    text = "(float[1,1,8,8] x, int64[8] p) => (float[N,C,H,W] y) { y = Pad(x, p) }"
    found = inspect(saved(model_of(text, p=[0, 0, 0, 0, 0, 0, 0, 10**8 - 8]), tmp_path), verify="run").verification
    assert found.reason == "Pad 'y' alone reads and writes 3.0 GiB at this size"


def test_closing_ends_a_worker_that_still_runs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Left early, the verifier leaves no process and no temporary files behind, and writes nothing."""
    verifier = Verifier(saved(model_of(POOL), tmp_path), timeout=60)
    verifier.begin({"x": (1, 1, 8, 6)})
    directory, process = Path(verifier.worker.directory), verifier.worker.process
    started = time.monotonic()
    verifier.close()
    assert process is not None
    assert (process.poll() is not None, directory.exists()) == (True, False)
    assert time.monotonic() - started < 30
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("own_interpreter")
def test_a_module_in_the_working_directory_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inspecting in a downloaded directory runs none of its Python files."""
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    path = saved(model_of(POOL), tmp_path)
    monkeypatch.chdir(tmp_path)
    with Verifier(path, timeout=60) as verifier:
        verifier.begin({"x": (1, 1, 8, 6)})
        assert checked(verifier, CLAIMS).status is Verdict.AGREED


def test_a_worker_that_was_killed_is_told_at_once(tmp_path: Path) -> None:
    """Killed while it runs: each claim, also those that would need more runs, waits for nothing; the reason says so."""
    claim = TheoryClaim("x", 2, "a", "pool", 2, 8, 2, ((0, 2),))
    larger = Enlarged({"x": (1, 1, 16, 6)}, [replace(claim, length=16)], {})
    claims = replace(CLAIMS, theory=[claim], enlarged=[larger])
    with Verifier(saved(model_of(POOL), tmp_path), timeout=60) as verifier:
        verifier.begin({"x": (1, 1, 8, 6)})
        assert verifier.worker.process is not None
        verifier.worker.process.kill()
        started = time.monotonic()
        found = checked(verifier, claims)
    assert time.monotonic() - started < 20
    assert (found.status, found.theory) == (Verdict.NOT_CHECKED, Counts(not_checked=1))
    assert "was killed, most likely because the machine's memory ran out" in str(found.reason)


@pytest.mark.skipif(sys.platform != "linux", reason="signals differ")
def test_a_crash_of_onnxruntime_is_told(tmp_path: Path) -> None:
    """A segmentation fault ends the worker process; the reason says that onnxruntime crashed on this model."""
    with Verifier(saved(model_of(POOL), tmp_path), timeout=60) as verifier:
        assert verifier.worker.process is not None
        verifier.worker.process.send_signal(signal.SIGSEGV)
        found = checked(verifier, CLAIMS)
    assert found.reason == "onnxruntime crashed on this model (segmentation fault)"
