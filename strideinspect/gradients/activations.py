"""Functions of one element: the gradient is multiplied by their slope."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, NoGradientError, reverses

Slope = Callable[[GradientCall], Array]


def _relu(call: GradientCall) -> Array:
    return call.output() > 0.0


def _leaky(call: GradientCall) -> Array:
    positive = call.input(0) > 0.0
    return positive + (1.0 - positive) * call.node.real("alpha", 0.01)


def _prelu(call: GradientCall) -> Array:
    positive = call.input(0) > 0.0
    return positive + (1.0 - positive) * call.input(1)


def _thresholded(call: GradientCall) -> Array:
    return call.input(0) > call.node.real("alpha", 1.0)


def _elu(call: GradientCall) -> Array:
    alpha, x = call.node.real("alpha", 1.0), call.input(0)
    positive = x > 0.0
    return positive + (1.0 - positive) * (call.output() + alpha)


def _selu(call: GradientCall) -> Array:
    alpha, gamma = (
        call.node.real("alpha", 1.67326319217681884765625),
        call.node.real("gamma", 1.05070102214813232421875),
    )
    positive = call.input(0) > 0.0
    return positive * gamma + (1.0 - positive) * (call.output() + alpha * gamma)


def _celu(call: GradientCall) -> Array:
    positive = call.input(0) > 0.0
    return positive + (1.0 - positive) * (call.output() / call.node.real("alpha", 1.0) + 1.0)


def _sigmoid(call: GradientCall) -> Array:
    y = call.output()
    return y * (1.0 - y)


def _tanh(call: GradientCall) -> Array:
    y = call.output()
    return 1.0 - y * y


def _hard_sigmoid(call: GradientCall) -> Array:
    y = call.output()
    return (y > 0.0) * (y < 1.0) * call.node.real("alpha", 0.2)


def _hard_swish(call: GradientCall) -> Array:
    x = call.input(0)
    inside = (x > -3.0) * (x < 3.0)
    return inside * (x / 3.0 + 0.5) + (x >= 3.0)


def _softplus(call: GradientCall) -> Array:
    return call.input(0).apply("Sigmoid")


def _softsign(call: GradientCall) -> Array:
    y = call.input(0).apply("Abs") + 1.0
    return (y * y).apply("Reciprocal")


def _mish(call: GradientCall) -> Array:
    x = call.input(0)
    t = x.apply("Softplus").apply("Tanh")
    return t + x * x.apply("Sigmoid") * (1.0 - t * t)


def _erf(call: GradientCall) -> Array:
    x = call.input(0)
    return (-(x * x)).apply("Exp") * (2 / math.sqrt(math.pi))


def _gelu(call: GradientCall) -> Array:
    x = call.input(0)
    if call.node.text("approximate", "none") == "tanh":
        scale = math.sqrt(2 / math.pi)
        t = ((x + x * x * x * 0.044715) * scale).apply("Tanh")
        return (t + 1.0) * 0.5 + x * 0.5 * (1.0 - t * t) * (x * x * (3 * 0.044715) + 1.0) * scale
    density = (-(x * x) * 0.5).apply("Exp") * (1 / math.sqrt(2 * math.pi))
    return ((x * math.sqrt(0.5)).apply("Erf") + 1.0) * 0.5 + x * density


def _swish(call: GradientCall) -> Array:
    alpha, x = call.node.real("alpha", 1.0), call.input(0)
    s = (x * alpha).apply("Sigmoid")
    return s + x * s * (1.0 - s) * alpha


def _clip(call: GradientCall) -> Array:
    """1 between the bounds, the bounds included."""
    x = call.input(0)
    return call.output().equals(x)


def _quick_gelu(call: GradientCall) -> Array:
    alpha, x = call.node.real("alpha", 1.702), call.input(0)
    s = (x * alpha).apply("Sigmoid")
    return s + x * s * (1.0 - s) * alpha


def _sign(call: GradientCall) -> Array:
    return call.input(0).apply("Sign")


def _log(call: GradientCall) -> Array:
    return call.input(0).apply("Reciprocal")


def _square_root(call: GradientCall) -> Array:
    return call.output().apply("Reciprocal") * 0.5


def _reciprocal(call: GradientCall) -> Array:
    y = call.output()
    return -(y * y)


SLOPES: Final[Mapping[tuple[str, str], Slope]] = {
    ("", "Abs"): _sign,
    ("", "Celu"): _celu,
    ("", "Clip"): _clip,
    ("", "Cos"): lambda call: -call.input(0).apply("Sin"),
    ("", "Elu"): _elu,
    ("", "Erf"): _erf,
    ("", "Exp"): lambda call: call.output(),
    ("", "Gelu"): _gelu,
    ("", "HardSigmoid"): _hard_sigmoid,
    ("", "HardSwish"): _hard_swish,
    ("", "LeakyRelu"): _leaky,
    ("", "Log"): _log,
    ("", "Mish"): _mish,
    ("", "PRelu"): _prelu,
    ("", "Reciprocal"): _reciprocal,
    ("", "Relu"): _relu,
    ("", "Selu"): _selu,
    ("", "Sigmoid"): _sigmoid,
    ("", "Sin"): lambda call: call.input(0).apply("Cos"),
    ("", "Softplus"): _softplus,
    ("", "Softsign"): _softsign,
    ("", "Sqrt"): _square_root,
    ("", "Swish"): _swish,
    ("", "Tanh"): _tanh,
    ("", "ThresholdedRelu"): _thresholded,
    ("com.microsoft", "Gelu"): _gelu,
    ("com.microsoft", "QuickGelu"): _quick_gelu,
}
"""The slope of each function, from its input and output."""


def _register(key: tuple[str, str], slope: Slope) -> None:
    @reverses(key[1], domain=key[0])
    def activation(call: GradientCall) -> Mapping[int, Array]:
        if 1 in call.wanted:
            raise NoGradientError("its parameters depend on the input")
        return {0: call.gradient * slope(call)}


for _key, _slope in SLOPES.items():
    _register(_key, _slope)
