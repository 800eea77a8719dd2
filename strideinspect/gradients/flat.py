"""Functions that are constant almost everywhere: nothing is passed on, or the reason why that would be wrong."""

from __future__ import annotations

from collections.abc import Mapping

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, NoGradientError, reverses


@reverses("Ceil", "Floor", "Round", "Sign")
def steps(_call: GradientCall) -> Mapping[int, Array]:
    """A gradient of zero would hide all that the model sees through them."""
    raise NoGradientError("its slope is zero wherever it has one, so that nothing would be seen through it")
