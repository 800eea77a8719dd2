"""Rules over the sizes of an axis: published ones, and what onnxruntime runs."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, RuntimeException

import strideinspect
from strideinspect.results.size_rules import SizeRule
from strideinspect.studies.model_sizes import axis_sizes, rule_of
from tests.oracle_models import Constant, model_of
from tests.oracle_runtime import random_feeds, session_of
from tests.rules.inspecting import analysed


def pool(source: str, output: str, kernel: int, stride: int) -> str:
    """A MaxPool over one axis."""
    return f"{output} = MaxPool <kernel_shape = [{kernel}], strides = [{stride}]> ({source}) "


# By hand: a pooling of kernel k and stride s drops nothing of k + s·m; composed, the steps multiply.
CASES = {
    # AlexNet's windows 11/4, 3/2, 3/2, 3/2: 67 + 32·m, and the first three alone 35 + 16·m: 3 modulo 16.
    "alexnet's first three": (pool("x", "a", 11, 4) + pool("a", "b", 3, 2) + pool("b", "y", 3, 2), 224, 16, 3, 35),
    "alexnet's poolings": (
        pool("x", "a", 11, 4) + pool("a", "b", 3, 2) + pool("b", "c", 3, 2) + pool("c", "y", 3, 2), 224, 32, 3, 67
    ),
    # wav2vec 2.0's first four: 10/5, 3/2, 3/2, 3/2: 10 + 5·(2·(2·(2·m + 3 − 1) …)): 80 + 40·m.
    "speech": (
        pool("x", "a", 10, 5) + pool("a", "b", 3, 2) + pool("b", "c", 3, 2) + pool("c", "y", 3, 2), 400, 40, 0, 80
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "size", "step", "remainder", "smallest"), CASES.values(), ids=CASES)
def test_sizes_that_drop_nothing(
    body: str, size: int, step: int, remainder: int, smallest: int, tmp_path: Path
) -> None:
    """Step, remainder and smallest size, and the nearest ones on both sides."""
    found = axis_sizes(analysed(model_of(body, {"x": (1, 1, size)}), tmp_path), "x", 2).drops_nothing
    assert (found.step, found.remainder, found.smallest) == (step, remainder, smallest)
    good = [n for n in range(1, 2 * size) if n % step == remainder and n >= smallest]
    assert found.below == max(n for n in good if n < size)
    assert found.above == min(n for n in good if n > size)


def test_sizes_at_which_an_encoder_and_decoder_meet(tmp_path: Path) -> None:
    """Halved twice and doubled twice, only multiples of 4 come back to the size of the skip connection.

    So does 1, which onnxruntime pools to 1 and which is then broadcast.
    """
    body = pool("x", "a", 2, 2) + pool("a", "b", 2, 2) + (
        "c = ConvTranspose <strides = [2]> (b, u) d = ConvTranspose <strides = [2]> (c, u) y = Add (d, x)"
    )  # fmt: skip
    found = axis_sizes(analysed(model_of(body, {"x": (1, 1, 22)}, constants={"u": (1, 1, 2)}), tmp_path), "x", 2)
    assert found.runs == SizeRule(4, 4, 0, 20, 24, (1,), (0,))
    assert found.runs.text == "4·k"


def test_a_last_step_sees_every_sample_of_a_short_input(tmp_path: Path) -> None:
    """The last index of three causal convolutions of kernel 3 sees 7 samples: all of up to 7, and no more.

    Each pads 2 samples at the beginning, so that no window drops one at any size.
    """
    body = (
        "a = Conv <pads = [2, 0]> (x, w) b = Conv <pads = [2, 0]> (a, w) c = Conv <pads = [2, 0]> (b, w) "
        "y = Gather <axis = 2> (c, last)"
    )
    constants: dict[str, Constant] = {"w": (1, 1, 3), "last": [-1]}
    found = axis_sizes(analysed(model_of(body, {"x": (1, 1, 200)}, constants=constants), tmp_path), "x", 2)
    assert found.sees_everything == SizeRule(None, None, None, 7, None, (7,))
    assert found.drops_nothing.text == "any"


def test_pad_end(tmp_path: Path) -> None:
    """Of 22 samples a pooling of 5 with stride 4 drops one; 25 are all used: 3 more."""
    found = axis_sizes(analysed(model_of(pool("x", "y", 5, 4), {"x": (1, 1, 22)}), tmp_path), "x", 2)
    assert found.pad_end == 3
    assert found.drops_nothing.text == "4·k + 1"


RULES = {
    "a remainder": (lambda n: n % 6 == 1 and n > 8, 20, 12, SizeRule(13, 6, 1, 19, 25, (), (1,))),
    "with an exception": (lambda n: (n % 6 == 1 and n > 8) or n == 9, 20, 12, SizeRule(13, 6, 1, 19, 25, (9,), (1,))),
    "every size": (lambda n: n > 3, 20, 12, SizeRule(4, 1, 0, 19, 21, (), (0,))),
    "two remainders": (lambda n: n % 6 in (1, 2), 20, 6, SizeRule(1, 6, None, 19, 25, (), (1, 2))),
    "none": (lambda _: False, 20, 6, SizeRule(None, None, None, None, None)),
    "not periodic": (lambda n: n in (22, 25), 20, 6, SizeRule(None, None, None, None, 22, (22, 25))),
}


@pytest.mark.parametrize(("good", "current", "period", "expected"), RULES.values(), ids=RULES)
def test_rule_of(good: object, current: int, period: int, expected: SizeRule) -> None:
    """The rule that a predicate follows, if it follows one."""
    assert rule_of(good, current, period) == expected  # type: ignore[arg-type]


RUN: dict[str, tuple[str, int, dict[str, Constant]]] = {
    # Twice halved, twice doubled, added to what it was: multiples of 4.
    "decoder": (
        pool("x", "a", 2, 2) + pool("a", "b", 2, 2)
        + "c = ConvTranspose <strides = [2]> (b, u) d = ConvTranspose <strides = [2]> (c, u) y = Add (d, x)",
        22, {"u": (1, 1, 2)},
    ),
    "two remainders": (pool("x", "a", 3, 3) + "b = Slice (x, zero, end, axis) " + pool("b", "y", 4, 2),
                       20, {"zero": [0], "end": [1 << 30], "axis": [2]}),
    "a shortcut past a strided pooling": (
        "a = Conv <strides = [2], pads = [1, 1]> (x, w) b = Conv <strides = [2]> (x, p) y = Add (a, b)",
        20, {"w": (1, 1, 3), "p": (1, 1, 1)},
    ),
    "windows in series": (pool("x", "a", 5, 3) + pool("a", "y", 3, 2), 20, {}),
    "a head of fixed size": (
        pool("x", "a", 2, 2) + "f = Flatten (a) y = MatMul (f, w)", 16, {"w": (8, 3)},
    ),
}  # fmt: skip


def ran(body: str, size: int, constants: dict[str, Constant]) -> tuple[bool, bool]:
    """Whether onnxruntime runs the nodes at this size, and whether each pixel then has an effect on the output."""
    model = model_of(body, {"x": (1, 1, size)}, constants=constants)
    try:
        session = session_of(model)
        feeds = random_feeds(model)
        (before,) = session.run(None, feeds)
    except (Fail, RuntimeException, InvalidArgument, InvalidGraph):
        return False, False
    if not before.size:
        return False, False
    changed = []
    for pixel in range(size):
        bumped = feeds["x"].copy()
        bumped[0, 0, pixel] += 64  # larger than all others, so that it is a maximum
        (after,) = session.run(None, {"x": bumped})
        changed.append(bool((before != after).any()))
    return True, all(changed)


@pytest.mark.parametrize(("body", "size", "constants"), RUN.values(), ids=RUN)
def test_what_onnxruntime_runs(body: str, size: int, constants: dict[str, Constant], tmp_path: Path) -> None:
    """It runs at the sizes named, from the smallest to beyond the judged ones, and at no other; so for what it sees."""
    path = tmp_path / "model.onnx"
    onnx.save(model_of(body, {"x": (1, 1, size)}, constants=constants), path)
    (axis,) = strideinspect.sizes(path, range=(2, 4 * size)).axes
    for row in axis.listed:
        assert (row.runs, row.sees_everything) == ran(body, row.size, constants), row.size
    for rule, said in ((axis.runs, "runs"), (axis.sees_everything, "sees_everything")):
        good = [row.size for row in axis.listed if getattr(row, said)]
        if rule.step is not None:
            assert rule.above == min(n for n in good if n > size)
            assert rule.below == max((n for n in good if n < size), default=None)


def test_encoder_and_decoder_of_16(tmp_path: Path) -> None:
    """Four halvings and a skip connection run at multiples of 16 alone, asked at 358, where they do not run."""
    body = "".join(
        f"{new} = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> ({old}) "
        for old, new in (("x", "a"), ("a", "b"), ("b", "c"), ("c", "d"))
    )
    body += "".join(
        f"{new} = ConvTranspose <strides = [2, 2]> ({old}, u) "
        for old, new in (("d", "e"), ("e", "f"), ("f", "g"), ("g", "h"))
    )
    path = tmp_path / "model.onnx"
    onnx.save(
        model_of(body + "y = Concat <axis = 1> (x, h)", {"x": (1, 1, 32, 32)}, constants={"u": (1, 1, 2, 2)}), path
    )
    for axis in strideinspect.sizes(path, near=358).axes:
        assert axis.runs == SizeRule(16, 16, 0, 352, 368, (), (0,))
        assert axis.pad_end == 10


# wav2vec 2.0's feature encoder: kernels 10, 3, 3, 3, 3, 2, 2 with strides 5, 2, 2, 2, 2, 2, 2 (Baevski et al. 2020):
# 400 samples, 25 ms, give the first frame, and each further one takes 320.
def test_speech(tmp_path: Path) -> None:
    """Nothing is lost of 400 + 320·k samples, of 15,760 and 16,080 beside one second."""
    kernels = [(10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2)]
    names = ["x", *"abcdef", "y"]
    body = " ".join(
        f"{names[i + 1]} = Conv <strides = [{stride}]> ({names[i]}, w{kernel})"
        for i, (kernel, stride) in enumerate(kernels)
    )
    path = tmp_path / "model.onnx"
    weights: dict[str, Constant] = {f"w{kernel}": (1, 1, kernel) for kernel, _ in kernels}
    onnx.save(model_of(body, {"x": (1, 1, 16000)}, constants=weights), path)
    (axis,) = strideinspect.sizes(path).axes
    assert axis.drops_nothing == SizeRule(400, 320, 400 % 320, 15760, 16080, (), (80,))
    assert (axis.runs.text, axis.runs.smallest, axis.pad_end) == ("any", 400, 80)


def test_alignment_that_depends_on_the_size(tmp_path: Path) -> None:
    """SAME pads a 3×3/2 window by 0 and 1 at even sizes, by 1 and 1 at odd ones; beside 1×1/2 these are aligned."""
    body = 'a = Conv <auto_pad = "SAME_UPPER", strides = [2]> (x, w) b = Conv <strides = [2]> (x, p) y = Add (a, b)'
    path = tmp_path / "model.onnx"
    onnx.save(model_of(body, {"x": (1, 1, 20)}, constants={"w": (1, 1, 3), "p": (1, 1, 1)}), path)
    (axis,) = strideinspect.sizes(path).axes
    assert axis.aligned.text == "2·k + 1"
    assert (axis.aligned.below, axis.aligned.above) == (19, 21)
