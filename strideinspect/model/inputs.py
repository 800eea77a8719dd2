"""The input shapes at which a model is inspected: from the user, from the file, or assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strideinspect.errors import InputShapeError
from strideinspect.limits import LONGEST_INPUT_AXIS, MOST_INPUT_ELEMENTS
from strideinspect.model.convolution_inputs import CONVOLUTION_INPUTS
from strideinspect.model.exporter_sizes import size_of_axis, written_size
from strideinspect.model.input_roles import input_roles
from strideinspect.model.network import Network
from strideinspect.model.node import Shape
from strideinspect.model.open_sizes import InputSizes, OpenAxisRole, OpenSize, Origin
from strideinspect.nearest_name import nearest_name
from strideinspect.results.field import InputAxis
from strideinspect.spelling import shape_text

BATCH = 1
KERNEL = 3
SPATIAL = {3: 4096, 4: 224, 5: 64}
"""Assumed size of a dynamic spatial axis by the input's number of axes: 1-D, 2-D and 3-D."""
OTHER = 64
"""Assumed size of a dynamic axis of an input that is not a map."""


def choose(network: Network, wanted: Mapping[str, Sequence[int]] | None) -> InputSizes:
    """Decide every graph input's shape; what the file leaves open is the first of several sizes to try.

    The key "" is the only input. Raises InputShapeError for an unknown name, a shape of the wrong rank, and sizes that
    are not usable.
    """
    given = _by_name(network, wanted or {})
    symbols: dict[str, int] = {}
    for name, shape in given.items():
        for dim, size in zip(network.inputs[name].dims or (), shape, strict=False):
            if isinstance(dim, str):
                symbols.setdefault(dim, size)
    shapes: dict[str, tuple[int | None, ...]] = {
        name: given[name] if name in given else _known(network, name, symbols) for name in network.inputs
    }
    left_open: dict[str | InputAxis, list[InputAxis]] = {}
    for name, known in shapes.items():
        dims = network.inputs[name].dims or ()
        for axis, known_size in enumerate(known):
            if known_size is None:
                dim = dims[axis]
                left_open.setdefault(dim if isinstance(dim, str) else (name, axis), []).append((name, axis))
    first = _Guesses(network)
    sizes = tuple(first.size(tuple(axes)) for axes in left_open.values())
    places = {place: size.size for size in sizes for place in size.axes}
    chosen = {
        name: tuple(places[name, axis] if size is None else size for axis, size in enumerate(known))
        for name, known in shapes.items()
    }
    for name, shape in chosen.items():
        _refuse_huge(name, shape)
    return InputSizes(chosen, frozenset(given), sizes)


def _known(network: Network, name: str, symbols: Mapping[str, int]) -> tuple[int | None, ...]:
    """The declared sizes, and those of symbols that another input was given; None where it is open."""
    dims = network.inputs[name].dims
    if dims is None:
        raise InputShapeError(f"the model does not say how many axes input {name!r} has", "give --input-shape")
    return tuple(symbols.get(dim) if isinstance(dim, str) else dim for dim in dims)


class _Guesses:
    """The first size to inspect for each open axis of a network, by what the axis is."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._roles = input_roles(network.model.proto.graph)
        self._written = written_size(network.model.proto)

    def size(self, axes: tuple[InputAxis, ...]) -> OpenSize:
        """The size of axes that share one; what one of them is holds for all."""
        guesses = [self._guess(name, axis) for name, axis in axes]
        role, size, origin = min(guesses, key=lambda guess: list(OpenAxisRole).index(guess[0]))
        return OpenSize(axes, role, size, origin)

    def _guess(self, name: str, axis: int) -> tuple[OpenAxisRole, int, Origin]:
        dims = self._network.inputs[name].dims or ()
        rank, channels = len(dims), _channel_axis(self._network, name, dims)
        if name in self._roles.initial_states and rank - axis == 2:
            return OpenAxisRole.BATCH, BATCH, Origin.STATE
        if name in self._roles.convolution_weights and axis > 1:
            return OpenAxisRole.KERNEL, KERNEL, Origin.TRIED
        if axis == 0 and rank > 1:
            return OpenAxisRole.BATCH, BATCH, Origin.TRIED
        if channels is not None and axis == channels[0]:
            return OpenAxisRole.CHANNELS, channels[1], Origin.WEIGHT
        of_channels = channels and channels[0]
        map_axes = tuple(k for k, dim in enumerate(dims) if k > 0 and not isinstance(dim, int) and k != of_channels)
        written = size_of_axis(self._written, rank, map_axes, axis)
        if written is not None:
            return OpenAxisRole.MAP, written, Origin.METADATA
        size = SPATIAL.get(_rank_of_map(self._network, name, dims))
        return (OpenAxisRole.OTHER, OTHER, Origin.TRIED) if size is None else (OpenAxisRole.MAP, size, Origin.TRIED)


def _by_name(network: Network, wanted: Mapping[str, Sequence[int]]) -> dict[str, Shape]:
    names = list(network.inputs)
    given: dict[str, Shape] = {}
    for key, sizes in wanted.items():
        name = key
        if not key:
            if len(names) != 1:
                listed = ", ".join(names) or "none"
                raise InputShapeError(
                    f"the model has {len(names)} inputs ({listed}), so a shape needs a name", "write NAME=1,3,224,224"
                )
            name = names[0]
        if name not in network.inputs:
            near = nearest_name(name, names)
            listed = ", ".join(names) or "none"
            raise InputShapeError(
                f"the model has no input {name!r}",
                f"did you mean {near!r}?" if near else f"its inputs are: {listed}",
            )
        shape = tuple(int(size) for size in sizes)
        dims = network.inputs[name].dims
        if dims is not None and len(dims) != len(shape):
            raise InputShapeError(
                f"input {name!r} has {len(dims)} axes ({shape_text(dims)}), the given shape has {len(shape)}",
                f"give {len(dims)} sizes",
            )
        for size in shape:
            if size < 0:
                raise InputShapeError(f"size {size} of input {name!r} is not valid", "sizes are 0 or more")
        given[name] = shape
    return given


def _rank_of_map(network: Network, name: str, dims: tuple[int | str | None, ...]) -> int:
    """Number of axes of the map: one more than the input has where an Unsqueeze adds its channel axis."""
    rank = len(dims)
    channel_follows = any(node.op == "Unsqueeze" and node.inputs[:1] == (name,) for node in network.nodes)
    open_axes = sum(not isinstance(dim, int) for dim in dims[1:])
    return rank + 1 if channel_follows and rank > 1 and open_axes == rank - 1 else rank


def _channel_axis(network: Network, name: str, dims: tuple[int | str | None, ...]) -> tuple[int, int] | None:
    """Axis and size of the channels, from the weight of a convolution that reads the input; None if there is none."""
    for node in network.nodes:
        inputs = CONVOLUTION_INPUTS.get((node.domain, node.op))
        if inputs is not None and node.inputs[:1] == (name,) and len(node.inputs) > inputs.weight:
            weight = network.weights.get(node.inputs[inputs.weight])
            if weight is not None and 1 < len(weight[0]) == len(dims):
                transposed = "Transpose" in node.op  # its weight has the channels of the data first, of all groups
                return 1, weight[0][0] if transposed else weight[0][1] * node.integer("group", 1)
    return None


def _refuse_huge(name: str, shape: Shape) -> None:
    elements = 1
    for axis, size in enumerate(shape):
        elements *= size
        if size > LONGEST_INPUT_AXIS:
            raise InputShapeError(
                f"axis {axis} of input {name!r} would have {size:,} indices, more than {LONGEST_INPUT_AXIS:,}",
                "give a smaller size with --input-shape",
            )
    if elements > MOST_INPUT_ELEMENTS:
        raise InputShapeError(
            f"input {name!r} of shape {shape_text(shape)} would have {elements:,} elements, more than 2³¹",
            "give a smaller size with --input-shape",
        )
