"""The size at which a model is inspected: declared, given, by symbol, or assumed."""

from __future__ import annotations

import pytest

from strideinspect.errors import InputShapeError
from strideinspect.model.inputs import choose
from tests.model.inferring import network_of

HEADER = '<ir_version: 8, opset_import: ["": 18]>'
Sizes = dict[str, tuple[int, ...]]


def text(inputs: str, body: str = "y = Relu (x)") -> str:
    """A model with these inputs."""
    return f"{HEADER} g ({inputs}) => (float[] y) {{ {body} }}"


CONV = "y = Conv (x, w)"
CHOICES: dict[str, tuple[str, Sizes, Sizes, dict[str, tuple[int, ...]]]] = {
    # inputs, what the user says, the shapes chosen, the axes whose size was made up
    "declared": (text("float[2,3,8,9] x"), {}, {"x": (2, 3, 8, 9)}, {}),
    "given in place of declared": (text("float[2,3,8,9] x"), {"": (1, 3, 5, 5)}, {"x": (1, 3, 5, 5)}, {}),
    "given by name": (text("float[2,3,8,9] x"), {"x": (1, 3, 5, 5)}, {"x": (1, 3, 5, 5)}, {}),
    # The defaults: batch 1, 224 in two dimensions, 4096 in one, 64 in three, 64 where the input is no map.
    "image": (text("float[N,3,h,w] x"), {}, {"x": (1, 3, 224, 224)}, {"x": (2, 3)}),
    "nameless axes": (text("float[?,3,?,?] x"), {}, {"x": (1, 3, 224, 224)}, {"x": (2, 3)}),
    "signal": (text("float[N,3,l] x"), {}, {"x": (1, 3, 4096)}, {"x": (2,)}),
    "volume": (text("float[N,3,d,h,w] x"), {}, {"x": (1, 3, 64, 64, 64)}, {"x": (2, 3, 4)}),
    "table": (text("float[N,k] x"), {}, {"x": (1, 64)}, {"x": (1,)}),
    "vector": (text("float[n] x"), {}, {"x": (64,)}, {"x": (0,)}),
    # A waveform and a gray image without the axis of their one channel, which the model adds itself.
    "bare signal": (
        text("float[N,l] x, int64[1] a", "y = Unsqueeze (x, a)"), {"a": (1,)}, {"x": (1, 4096), "a": (1,)}, {"x": (1,)},
    ),
    "bare image": (
        text("float[N,h,w] x, int64[1] a", "y = Unsqueeze (x, a)"), {"a": (1,)},
        {"x": (1, 224, 224), "a": (1,)}, {"x": (1, 2)},
    ),
    "signal that is laid flat": (
        text("float[N,3,l] x, int64[1] a", "y = Unsqueeze (x, a)"), {"a": (1,)},
        {"x": (1, 3, 4096), "a": (1,)}, {"x": (2,)},
    ),
    "a single number": (text("float x"), {}, {"x": ()}, {}),
    "batch alone": (text("float[N,3,8,8] x"), {}, {"x": (1, 3, 8, 8)}, {}),
    # The first convolution's weight tells the channels.
    "channels": (
        f"{HEADER} g (float[N,c,h,w] x) => (float[] y) <float[1,2,1,1] w = {{1, 1}}> {{ {CONV} }}", {},
        {"x": (1, 2, 224, 224)}, {"x": (1, 2, 3)},
    ),
    "channels of groups": (
        (f"{HEADER} g (float[N,c,h,w] x) => (float[] y) <float[2,1,1,1] w = {{1, 1}}> "
        "{ y = Conv <group = 2> (x, w) }"), {},
        {"x": (1, 2, 224, 224)}, {"x": (1, 2, 3)},
    ),
    # One symbol has one size, also between inputs and on two axes of one.
    "a symbol twice": (text("float[1,3,s,s] x"), {}, {"x": (1, 3, 224, 224)}, {"x": (2, 3)}),
    "a symbol given elsewhere": (
        text("float[1,3,h,8] x, float[1,1,h] z", "y = Relu (x)"), {"x": (1, 3, 17, 8)},
        {"x": (1, 3, 17, 8), "z": (1, 1, 17)}, {},
    ),
    "a symbol given later": (
        text("float[1,1,h] z, float[1,3,h,8] x", "y = Relu (x)"), {"x": (1, 3, 17, 8)},
        {"z": (1, 1, 17), "x": (1, 3, 17, 8)}, {},
    ),
    "initialised inputs are none": (
        (f'<ir_version: 3, opset_import: ["": 8]> g (float[1,2,8,8] x, float[1,2,1,1] w = {{1, 1}}) => (float[] y) '
        f"{{ {CONV} }}"), {}, {"x": (1, 2, 8, 8)}, {},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("model", "wanted", "shapes", "assumed"), CHOICES.values(), ids=CHOICES)
def test_choices(model: str, wanted: Sizes, shapes: Sizes, assumed: dict[str, tuple[int, ...]]) -> None:
    """Every input gets a shape; which axes were made up is kept."""
    chosen = choose(network_of(model), wanted)
    assert chosen.shapes == shapes
    assert {name: tuple(axes) for name, axes in chosen.assumed.items()} == assumed
    assert chosen.given == {name or "x" for name in wanted}


TWO = text("float[1,3,8,8] image, float[1,3,8,8] mask", "y = Add (image, mask)")
REFUSALS: dict[str, tuple[str, Sizes, str, str]] = {
    "no such input": (TWO, {"imge": (1, 3, 8, 8)}, "no input 'imge'", "did you mean 'image'?"),
    "nothing like it": (TWO, {"zzz": (1, 3, 8, 8)}, "no input 'zzz'", "its inputs are: image, mask"),
    "which of two": (TWO, {"": (1, 3, 8, 8)}, "the model has 2 inputs (image, mask)", "NAME=1,3,224,224"),
    "too few": (TWO, {"image": (8, 8)}, "has 4 axes (1×3×8×8), the given shape has 2", "give 4 sizes"),
    "too many": (TWO, {"image": (1, 3, 8, 8, 1)}, "the given shape has 5", "give 4 sizes"),
    "negative": (TWO, {"image": (1, 3, -1, 8)}, "size -1 of input 'image'", "sizes are 0 or more"),
    "too long": (TWO, {"image": (1, 1, 1_000_001, 1)}, "1,000,001 indices, more than 1,000,000", "smaller"),
    "too large": (TWO, {"image": (1, 3, 50_000, 50_000)}, "7,500,000,000 elements", "smaller"),
    "declared too large": (text("float[1,3,50000,50000] x"), {}, "7,500,000,000 elements", "smaller"),
    "rank unknown": (text("float[] x"), {}, "how many axes input 'x' has", "--input-shape"),
}


@pytest.mark.parametrize(("model", "wanted", "message", "advice"), REFUSALS.values(), ids=REFUSALS)
def test_refusals(model: str, wanted: Sizes, message: str, advice: str) -> None:
    """What cannot be used is refused with the model's own numbers and what to do."""
    with pytest.raises(InputShapeError) as error:
        choose(network_of(model), wanted)
    assert message in error.value.message
    assert advice in error.value.help


def test_limits_themselves_are_allowed() -> None:
    """A million indices along one axis, and 2³¹ elements, are the largest that pass."""
    assert choose(network_of(text("float[1,1,l] x")), {"": (1, 1, 10**6)}).shapes["x"] == (1, 1, 10**6)
    assert choose(network_of(text("float[1,1,h,w] x")), {"": (1, 2, 2**15, 2**15)}).shapes["x"] == (1, 2, 2**15, 2**15)


def test_rank_unknown_but_given() -> None:
    """Who says the shape needs no declaration."""
    assert choose(network_of(text("float[] x")), {"": (1, 2, 3)}).shapes["x"] == (1, 2, 3)
