"""Running the graphs of a bundle, in a process of its own: values, gradients and their check for one input."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from strideinspect.gradients.bundle import GRADIENT, Bundle
from strideinspect.gradients.reverse import COTANGENT
from strideinspect.gradients.tangent_builder import DIRECTION, TANGENT
from strideinspect.gradients.weights import read
from strideinspect.model.load import load

Arrays = dict[str, NDArray[Any]]


class EngineError(Exception):
    """The graphs do not run; the text says why."""


class Measured(Struct, frozen=True):
    """The gradients of one input: by source, of the sum over a cell's channels, and of the sum of the positive ones.

    `adjoint` is the relative error of the check for the cell, and `everywhere` that for all elements of the target.
    """

    gradients: Mapping[str, NDArray[np.float32]]
    positive: Mapping[str, NDArray[np.float32]]
    adjoint: float = 0.0
    everywhere: float = 0.0


class TargetCell(Struct, frozen=True):
    """An index of the target along some of its axes; of the first image of the batch, summed over all other axes."""

    axes: tuple[int, ...]
    indices: tuple[int, ...]


class Engine:
    """The sessions of one bundle, with its weights in memory once."""

    def __init__(self, bundle: Bundle) -> None:
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # it would write into the user's folders
        self._bundle = bundle
        self._weights: Arrays = {**read(load(bundle.path), bundle.weights, bundle.seed), **bundle.constants}
        self._forward = _Session(bundle.forward)
        self._reverse = _Session(bundle.reverse)
        self._tangent = _Session(bundle.tangent)

    def measure(self, inputs: Arrays, cell: TargetCell, number: int, *, checked: bool) -> Measured:
        """Gradients at these inputs; `number` seeds the directions of the check."""
        names = [*self._bundle.kept, *(self._bundle.checked if checked else ()), self._bundle.target]
        values = self._forward.run(list(dict.fromkeys(names)), {**self._weights, **inputs})
        known = {**self._weights, **inputs, **values}
        seed = np.zeros(self._bundle.shape, np.float32)
        place = [0 if axis == 0 else slice(None) for axis in range(seed.ndim)]
        for axis, index in zip(cell.axes, cell.indices, strict=True):
            place[axis] = index
        seed[tuple(place)] = 1
        gradients = self._back(known, seed)
        positive = self._back(known, seed * (values[self._bundle.target] > 0))
        return Measured(gradients, positive, *(self._check(known, seed, gradients, number) if checked else ()))

    def _back(self, known: Arrays, seed: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        outputs = [f"{GRADIENT}{name}" for name in self._bundle.sources]
        found = self._reverse.run(outputs, {**known, COTANGENT: seed})
        return {name.removeprefix(GRADIENT): value for name, value in found.items()}

    def _check(
        self, known: Arrays, seed: NDArray[np.float32], gradients: Mapping[str, NDArray[np.float32]], number: int
    ) -> tuple[float, float]:
        """⟨J·v, u⟩ against ⟨v, Jᵀ·u⟩ for the cell, and for random u over the whole target."""
        random = np.random.default_rng([self._bundle.seed, 2, number])
        names = [name.removeprefix(DIRECTION) for name in self._tangent.inputs if name.startswith(DIRECTION)]
        along = {name: random.standard_normal(known[name].shape, np.float32) for name in names}
        exposed = (
            self._reverse.run(list(self._bundle.exposed), {**known, COTANGENT: seed}) if self._bundle.exposed else {}
        )
        feeds = {f"{DIRECTION}{name}": v for name, v in along.items()}
        tangent = self._tangent.run([TANGENT], {**known, **exposed, **feeds})[TANGENT]
        everywhere = random.standard_normal(seed.shape, np.float32)
        own = _mismatch(tangent, seed, along, gradients)
        return own, _mismatch(tangent, everywhere, along, self._back(known, everywhere))


def _mismatch(
    tangent: NDArray[np.float32],
    cotangent: NDArray[np.float32],
    along: Mapping[str, NDArray[np.float32]],
    back: Mapping[str, NDArray[np.float32]],
) -> float:
    """The difference of the two products, relative to the size that a sum of such terms has."""
    forwards = float(np.vdot(tangent.astype(np.float64), cotangent.astype(np.float64)))
    terms = [along[name].astype(np.float64) * gradient for name, gradient in back.items()]
    backwards = float(sum(term.sum() for term in terms))
    size = float(np.sqrt(sum(np.square(term).sum() for term in terms)))
    if size == 0:
        return 0.0 if forwards == 0 else float("inf")
    return abs(forwards - backwards) / size


class _Session:
    """A silent session on the CPU, fed with what it takes of a store of arrays."""

    def __init__(self, model: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # there are three sessions
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as problem:  # noqa: BLE001  # onnxruntime's errors share no base class
            raise EngineError(str(problem)) from None
        self.inputs = {entry.name: entry.type for entry in self._session.get_inputs()}

    def run(self, outputs: Sequence[str], store: Arrays) -> Arrays:
        feeds = {}
        for name, kind in self.inputs.items():
            value = store[name]
            feeds[name] = value.astype(np.float32) if kind == "tensor(float)" and value.dtype != np.float32 else value
        try:
            found = self._session.run(list(outputs), feeds)
        except Exception as problem:  # noqa: BLE001
            raise EngineError(str(problem)) from None
        return dict(zip(outputs, found, strict=True))


_engines: dict[str, Engine] = {}


def measure(bundle: Bundle, inputs: Arrays, cell: TargetCell, number: int, *, checked: bool) -> Measured:
    """Called in the process: the engine of a bundle is made once and kept."""
    if bundle.key not in _engines:
        _engines.clear()
        _engines[bundle.key] = Engine(bundle)
    return _engines[bundle.key].measure(inputs, cell, number, checked=checked)
