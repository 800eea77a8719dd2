"""Sizes of a graph input judged axis by axis, without an analysis at each, where a network allows that."""

from __future__ import annotations

from collections.abc import Mapping

from strideinspect.analysis import Analysis
from strideinspect.results.field import InputAxis
from strideinspect.studies.axis_links import network_along
from strideinspect.studies.axis_network import AxisLength, AxisNetwork


class SizesByAxis:
    """Judges sizes of axes of an input, the others as they are. Answers are None where only an analysis can tell."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._networks: dict[InputAxis, AxisNetwork | None] = {}

    def runs(self, name: str, sizes: Mapping[int, int]) -> bool | None:
        """Whether every node runs at these sizes of axes of an input."""
        found = self._found(name, sizes)
        return None if found is None else all(length.runs for _, length in found)

    def sees_everything(self, name: str, sizes: Mapping[int, int]) -> bool | None:
        """Whether outputs depend on every index of these axes, at sizes at which every node runs."""
        found = self._found(name, sizes)
        seen = [None] if found is None else [network.sees_everything(length) for network, length in found]
        return None if None in seen else all(seen)

    def drops_nothing(self, name: str, sizes: Mapping[int, int]) -> bool | None:
        """Whether no window drops pixels along these axes, at sizes at which every node runs."""
        found = self._found(name, sizes)
        return None if found is None or any(length.drops for _, length in found) else True

    def _found(self, name: str, sizes: Mapping[int, int]) -> list[tuple[AxisNetwork, AxisLength]] | None:
        found = []
        for axis, size in sizes.items():
            network = self._network(name, axis)
            length = None if network is None else network.at(size)
            if network is None or length is None:
                return None
            found.append((network, length))
        return found

    def _network(self, name: str, axis: int) -> AxisNetwork | None:
        if (name, axis) not in self._networks:
            self._networks[name, axis] = network_along(self._analysis, (name, axis))
        return self._networks[name, axis]
