"""A size is advised only if the whole inspection at it, and onnxruntime, have nothing against it; and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from strideinspect import inspect
from strideinspect.analysis import Analysis
from strideinspect.model.node import Shape
from strideinspect.results.report import Severity
from strideinspect.rules import registry
from strideinspect.rules.inspection import Inspection
from strideinspect.rules.verified_sizes import accepted, confirmed
from strideinspect.settings import Settings
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import analysed, inspected, of_rule

# Five times a 3×3 convolution and a 2×2 pooling: of 30 + 32·k pixels none is lost. At 78 the last pooling has 1×1 maps.
STEM = " ".join(
    f"c{i} = Conv ({source}, w) {made} = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (c{i})"
    for i, (source, made) in enumerate(zip(["x", "a", "b", "c", "d"], ["a", "b", "c", "d", "y"], strict=True))
)
# The convolutions of wav2vec 2.0: kernels 10, 3, 3, 3, 3, 2, 2 and strides 5, 2, 2, 2, 2, 2, 2. 400 + 320·k samples.
SPEECH = " ".join(
    f"{made} = MaxPool <kernel_shape = [{kernel}], strides = [{stride}]> ({source})"
    for made, source, kernel, stride in zip(
        "abcdefy", "xabcdef", [10, 3, 3, 3, 3, 2, 2], [5, 2, 2, 2, 2, 2, 2], strict=True
    )
)
ALEXNET = (
    "a = MaxPool <kernel_shape = [11, 11], strides = [4, 4]> (x) b = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> "
    "(a) c = Conv <pads = [2, 2, 2, 2]> (b, w) y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (c)"
)


def test_no_size_that_the_inspection_condemns(tmp_path: Path) -> None:
    """From 66 pixels up 94 is advised, not 78: there a 2×2 pooling runs on a 1×1 map, which is an error."""
    model = model_of(STEM, {"x": (1, 1, 100, 100)}, constants={"w": (1, 1, 3, 3)})
    (finding,) = of_rule(inspected(model, tmp_path), "unseen-input")
    assert finding.sizes == (94, 126)
    at = inspected(model, tmp_path, input_shapes=(1, 1, 78, 78))
    assert [finding.rule for finding in at.at_least(Severity.ERROR)]
    for size in finding.sizes:
        assert not [*inspected(model, tmp_path, input_shapes=(1, 1, size, size)).at_least(Severity.WARNING)]


@pytest.mark.parametrize(("length", "sizes"), [(16000, (15760, 16080)), (4096, (3920, 4240)), (719, (400, 720))])
def test_signals(length: int, sizes: tuple[int, ...], tmp_path: Path) -> None:
    """400 + 320·k samples are all used, however far the next such length is."""
    model = model_of(SPEECH, {"x": (1, 1, length)})
    for rule in ("unseen-input", "floor-truncation"):
        finding = of_rule(inspected(model, tmp_path), rule)[0]
        assert finding.sizes == sizes
        assert f"pad {sizes[1] - length} at the end" in finding.help


def test_two_windows_over_one_signal(tmp_path: Path) -> None:
    """Real and imaginary part of a spectrogram: each drops 64 of 4096 samples; 512 + 160·k are all used."""
    body = "a = MaxPool <kernel_shape = [512], strides = [160]> (x) b = AveragePool <kernel_shape = [512], strides = [160]> (x) y = Add (a, b)"  # noqa: E501 - one line of ONNX text
    (finding,) = of_rule(inspected(model_of(body, {"x": (1, 1, 4096)}), tmp_path), "unseen-input")
    assert finding.sizes == (4032, 4192)


def test_what_is_still_dropped_is_said(tmp_path: Path) -> None:
    """As in AlexNet: at 219 every pixel is seen, but the last pooling drops a row of 26; 227 drops nothing."""
    model = model_of(ALEXNET, {"x": (1, 1, 224, 224)}, constants={"w": (1, 1, 5, 5)})
    (finding,) = of_rule(inspected(model, tmp_path), "unseen-input")
    assert finding.sizes == (219, 227)
    assert "(at 219×219 MaxPool y still drops the end of a map)" in finding.help
    assert "pad 3 at the bottom and right" in finding.help


def test_what_a_size_costs_is_said(tmp_path: Path) -> None:
    """94² are 0.88 of 100² pixels, 126² are 1.6 times as many."""
    model = model_of(STEM, {"x": (1, 1, 100, 100)}, constants={"w": (1, 1, 3, 3)})
    (finding,) = of_rule(inspected(model, tmp_path), "unseen-input")
    assert "94×94: 88.4 % of the pixels" in finding.help
    assert "126×126: 1.6 times the pixels" in finding.help


def test_a_head_that_takes_one_size(tmp_path: Path) -> None:
    """A Gemm for 5×5 maps fits 11 and 12 rows at a stride of 2 and no others; 11 loses nothing."""
    body = "a = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x) f = Flatten (a) y = Gemm (f, w)"
    model = model_of(body, {"x": (1, 1, 12, 12)}, constants={"w": (25, 3)})
    (finding,) = of_rule(inspected(model, tmp_path), "unseen-input")
    assert finding.sizes == (11,)


def test_a_model_of_one_size(tmp_path: Path) -> None:
    """A mask for 10 samples fits no other size: what matters has to lie in the 9 samples that are used."""
    body = "a = Mul (x, m) y = MaxPool <kernel_shape = [3], strides = [3]> (a)"
    model = model_of(body, {"x": (1, 1, 10)}, constants={"m": (1, 1, 10)})
    (finding,) = of_rule(inspected(model, tmp_path), "unseen-input")
    assert finding.sizes == ()
    assert finding.help == "no size nearby is better: what matters has to lie in samples 0–8"


TOO_SMALL = {
    # A pooling of 3 rows over 2: the standard makes no row, onnxruntime one.
    "pool wider than its map": ("y = AveragePool <kernel_shape = [3, 2], strides = [3, 2]> (x)", (1, 1, 2, 80),
                                "ambiguous-semantics", "use at least 3 rows", (1, 1, 3, 80)),
    "pool of 4 rows": ("y = MaxPool <kernel_shape = [4, 2], strides = [2, 1]> (x)", (1, 1, 3, 8),
                       "ambiguous-semantics", "use at least 4 rows", (1, 1, 4, 8)),
    "speech": (SPEECH, (1, 1, 100), "degenerate-map", "use at least 400 samples", (1, 1, 400)),
    "image": (STEM, (1, 1, 20, 20), "degenerate-map", "use an input of at least 94×94", (1, 1, 94, 94)),
}  # fmt: skip


@pytest.mark.parametrize(("body", "shape", "rule", "text", "smallest"), TOO_SMALL.values(), ids=TOO_SMALL)
def test_smallest_size(body: str, shape: Shape, rule: str, text: str, smallest: Shape, tmp_path: Path) -> None:
    """Where the input is too small the smallest size is said; onnxruntime runs it, and there is no error at it."""
    constants = {"w": (1, 1, 3, 3)} if "(x, w)" in body else {}
    model = model_of(body, {"x": shape}, constants=constants)
    findings = of_rule(inspected(model, tmp_path), rule)
    assert text in findings[0].help
    opened = model_of(body, {"x": smallest}, constants=constants)
    onnxruntime.InferenceSession(opened.SerializeToString())
    report = inspected(opened, tmp_path, verify="run")
    assert not [*report.at_least(Severity.ERROR)]
    assert report.verification.shapes.not_checked == 0
    grown = [axis for axis, (a, b) in enumerate(zip(shape, smallest, strict=True)) if a != b]
    less = tuple(n - 1 if axis in grown else n for axis, n in enumerate(smallest))
    assert [*inspected(model, tmp_path, input_shapes=less).at_least(Severity.ERROR)]


def test_what_onnxruntime_refuses_is_not_advised(tmp_path: Path) -> None:
    """Refused at 9 and 11 rows, the next ones are tried; refused everywhere, none is named."""
    text = "y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x)"
    inspection = Inspection(analysed(model_of(text, {"x": (1, 1, 10, 10)}), tmp_path), Settings(), accepted)
    rules = frozenset({"unseen-input"})
    causes = registry.run(inspection, rules, after_verification=False)
    assert [finding.sizes for (finding,) in causes] == [(9, 11)]
    asked: list[int] = []

    def refuses(sizes: set[int]) -> list[tuple[int, ...]]:
        def refusal(inputs: Mapping[str, Shape]) -> str | None:
            asked.append(inputs["x"][2])
            return "no" if not sizes or inputs["x"][2] in sizes else None

        return [finding.sizes for (finding,) in confirmed(inspection, rules, causes, refusal)]

    assert refuses({9}) == [(7, 11)]
    assert asked == [9, 11, 7]
    assert refuses(set()) == [()]


def test_onnxruntime_is_asked(tmp_path: Path) -> None:
    """With verification, the sizes that are named are those that ran."""
    model = model_of("y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x)", {"x": (1, 1, 10, 10)})
    report = inspected(model, tmp_path, verify="run")
    assert of_rule(report, "unseen-input")[0].sizes == (9, 11)
    assert inspect(tmp_path / "model.onnx", verify="none").findings == report.findings


def test_a_node_that_fits_at_no_size_ends_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Squeeze leaves a recurrence a vector at every size around: a few are looked at, not dozens."""
    body = "p = MaxPool <kernel_shape = [2], strides = [2]> (x) q = Squeeze (p) y, h = LSTM <hidden_size = 2> (q, w, r)"
    constants: dict[str, Constant] = {"w": (1, 8, 1), "r": (1, 8, 2)}
    tried: list[object] = []
    at = Analysis.at

    def counted(self: Analysis, sizes: Mapping[str, Shape], **options: Any) -> Analysis:
        tried.append(sizes)
        return at(self, sizes, **options)

    monkeypatch.setattr(Analysis, "at", counted)
    inspected(model_of(body, {"x": (1, 1, 401)}, constants=constants, outputs=("y",)), tmp_path)
    assert 0 < len(tried) <= 20
