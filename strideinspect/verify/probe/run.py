"""Run the probe: which rows each tensor sees, and whether rows that are claimed to be unseen reach an output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from strideinspect.limits import SMALL_PROBE_NODES
from strideinspect.results.field import NOTHING, Positions, Shape
from strideinspect.verify.messages import ObservedField
from strideinspect.verify.probe.builder import BORDER, INACTIVE, PROBE, Builder
from strideinspect.verify.probe.translate import Probe, Tracked, Unknown
from strideinspect.verify.probe.value import Value
from strideinspect.verify.run_model import session


class _Request(Struct, frozen=True):
    """The probe's tensors that hold the field of one tensor, by name; None where it is inactive."""

    count: int
    local: str | None
    full: str | None


class RunnableProbe:
    """A probe ready to run. Where it cannot express a dependence, the result is an Unknown with the reason."""

    def __init__(
        self,
        probe: Probe,
        shapes: Mapping[str, Shape],
        source: tuple[str, int],
        wanted: Mapping[str, int | None],
        outputs: Iterable[str],
    ) -> None:
        shape, axis = shapes[source[0]], source[1]
        self._shape, self._axis = shape, axis
        self._requests = {tensor: _request(probe, shapes, tensor, along) for tensor, along in wanted.items()}
        self._outputs = {tensor: _total(probe.build, probe.of(tensor).full) for tensor in outputs}
        requests = [request for request in self._requests.values() if isinstance(request, _Request)]
        names = [name for request in requests for name in (request.local, request.full)]
        names += [place for place in self._outputs.values() if not isinstance(place, Unknown)]
        self._names = list(dict.fromkeys(name for name in names if name is not None))
        model = probe.build.model(self._fed(np.zeros(shape[axis])).shape, self._names)
        self._given = {entry.name: probe.build.given[entry.name] for entry in model.graph.input[1:]}
        self._session = (
            session(model, threads=1 if len(model.graph.node) < SMALL_PROBE_NODES else 0) if self._names else None
        )

    def fields(self) -> dict[str, ObservedField | Unknown]:
        """The field of each wanted tensor, from two runs: row numbers give the last row seen, negatives the first."""
        rows = np.arange(self._shape[self._axis])
        highest, lowest = self._run(rows), self._run(-rows)
        answers: dict[str, ObservedField | Unknown] = {}
        for tensor, request in self._requests.items():
            if isinstance(request, Unknown):
                answers[tensor] = request
                continue
            low, high = _rows(lowest, request.local, request.count), _rows(highest, request.local, request.count)
            full = low.max(), high.max()
            if request.full != request.local:
                full = _rows(lowest, request.full, 1)[0], _rows(highest, request.full, 1)[0]
            hull = (-int(full[0]), int(full[1])) if min(full) > INACTIVE / 2 else None
            answers[tensor] = ObservedField(Positions(_packed(low, -low), _packed(high, high)), hull)
        return answers

    def borders(self) -> dict[str, Sequence[bool] | Unknown]:
        """Per wanted tensor and index, whether a border affects it; only for a probe of borders."""
        results = self._run(np.zeros(self._shape[self._axis]))
        answers: dict[str, Sequence[bool] | Unknown] = {}
        for tensor, request in self._requests.items():
            if isinstance(request, Unknown):
                answers[tensor] = request
            elif request.local is None:
                answers[tensor] = [True] * request.count
            else:
                reached = results[request.local].reshape(-1) > BORDER / 2
                answers[tensor] = np.broadcast_to(reached, (request.count,)).tolist()
        return answers

    def reached_output(self, ranges: Sequence[tuple[int, int]]) -> str | Unknown | None:
        """A graph output that the rows in `ranges` (both ends included) reach; None where all stay inactive.

        Unknown where the probe cannot express some output and none of the others is reached.
        """
        rows = np.full(self._shape[self._axis], INACTIVE)
        for first, last in ranges:
            rows[first : last + 1] = 0
        results = self._run(rows)
        for tensor, place in self._outputs.items():
            if isinstance(place, str) and bool((results[place] > INACTIVE / 2).any()):
                return tensor
        return next((place for place in self._outputs.values() if isinstance(place, Unknown)), None)

    def _run(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        if self._session is None:
            return {}
        feeds = {PROBE: self._fed(rows), **self._given}
        return dict(zip(self._names, self._session.run(self._names, feeds), strict=True))

    def _fed(self, rows: np.ndarray) -> np.ndarray:
        """[1, …, length, …, 1]: the rows along the probed axis."""
        return rows.astype(np.float32).reshape([len(rows) if k == self._axis else 1 for k in range(len(self._shape))])


def _request(probe: Probe, shapes: Mapping[str, Shape], tensor: str, along: int | None) -> _Request | Unknown:
    tracked = probe.of(tensor)
    local, full = tracked.local, tracked.full
    if isinstance(local, Unknown):
        return local
    if isinstance(full, Unknown):
        return full
    known = local or full
    shape = shapes.get(tensor) if known is None else known.shape
    if along is not None and (shape is None or not 0 <= along < len(shape)):
        return Unknown("its shape was not observed" if shape is None else f"it has no axis {along} in this run")
    count = 1 if along is None or shape is None else shape[along]
    place = None
    if local is not None:
        most = probe.build.most(local, (k for k in range(len(local.shape)) if k != along))
        place = _plain(probe.build, most)
    if full == local:
        return _Request(count, place, place)
    total = _total(probe.build, full)
    return total if isinstance(total, Unknown) else _Request(count, place, total)


def _total(build: Builder, tracked: Tracked) -> str | Unknown | None:
    """The name of the largest number anywhere in a tensor."""
    if tracked is None or isinstance(tracked, Unknown):
        return tracked
    return _plain(build, build.most(tracked, range(len(tracked.shape))))


def _plain(build: Builder, value: Value) -> str:
    """The name of a tensor that may be a graph output, which the input may not."""
    return build.emit("Identity", [value.name]) if value.name == PROBE else value.name


def _rows(results: Mapping[str, np.ndarray], name: str | None, count: int) -> np.ndarray:
    """The result at each index; a result that is the same for all indices has one element only."""
    if name is None:
        return np.full(count, INACTIVE)
    rows = results[name].reshape(-1)
    return rows if len(rows) == count else np.broadcast_to(rows, (count,))


def _packed(arrived: np.ndarray, rows: np.ndarray) -> bytes:
    """Packed C integers, as in `Positions`."""
    return np.where(arrived > INACTIVE / 2, rows, NOTHING).astype(np.intc).tobytes()
