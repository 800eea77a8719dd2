"""Rules over the sizes of an axis: published ones, and what onnxruntime runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from strideinspect.results.sizes import SizeRule
from strideinspect.studies.sizes import axis_sizes, rule_of
from tests.oracle_models import model_of
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
    assert found.runs == SizeRule(4, 4, 0, 20, 24, (1,))
    assert found.runs.text == "4·k"


def test_pad_end(tmp_path: Path) -> None:
    """Of 22 samples a pooling of 5 with stride 4 drops one; 25 are all used: 3 more."""
    found = axis_sizes(analysed(model_of(pool("x", "y", 5, 4), {"x": (1, 1, 22)}), tmp_path), "x", 2)
    assert found.pad_end == 3
    assert found.drops_nothing.text == "4·k + 1"


RULES = {
    "a remainder": (lambda n: n % 6 == 1 and n > 8, 20, 12, SizeRule(13, 6, 1, 19, 25)),
    "with an exception": (lambda n: (n % 6 == 1 and n > 8) or n == 9, 20, 12, SizeRule(13, 6, 1, 19, 25, (9,))),
    "every size": (lambda n: n > 3, 20, 12, SizeRule(4, 1, 0, 19, 21)),
    "two remainders": (lambda n: n % 6 in (1, 2), 20, 6, SizeRule(None, None, None, 19, 25)),
    "none": (lambda _: False, 20, 6, SizeRule(None, None, None, None, None)),
    "not periodic": (lambda n: n in (22, 25), 20, 6, SizeRule(None, None, None, None, 22)),
}


@pytest.mark.parametrize(("good", "current", "period", "expected"), RULES.values(), ids=RULES)
def test_rule_of(good: object, current: int, period: int, expected: SizeRule) -> None:
    """The rule that a predicate follows, if it follows one."""
    assert rule_of(good, current, period) == expected  # type: ignore[arg-type]
