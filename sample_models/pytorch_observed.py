"""What PyTorch says of a network: the windows that it runs, and the field that its own gradients show."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy

import numpy as np
import torch
from expected import Field, Window, coarsest_first, field_of
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

Args = tuple[object, ...]
Options = dict[str, object]
WINDOWS = {
    f"{name}{rank}d": op
    for name, op in (
        ("conv", "Conv"),
        ("conv_transpose", "ConvTranspose"),
        ("max_pool", "MaxPool"),
        ("avg_pool", "AveragePool"),
    )
    for rank in (1, 2, 3)
}
TALLER = (512, 2048, 6144)
"""By how many rows the image is enlarged until the whole field of a middle row fits."""
NARROW = {1: 0, 2: 96, 3: 16}
"""How far the other axes of an image, or of a video, may reach where only rows are asked for."""


class Watch(TorchFunctionMode):
    """Collects, while it is entered, what windows put out in the order in which they run, with the layer's name."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.windows: list[Window] = []
        self.layers: list[str] = []
        self.hooks = []
        for name, module in model.named_modules():
            enter = module.register_forward_pre_hook(lambda _module, _inputs, name=name: self.layers.append(name))
            self.hooks += [enter, module.register_forward_hook(self._left)]

    def _left(self, _module: nn.Module, _inputs: object, _output: object) -> None:
        self.layers.pop()

    def __exit__(self, *raised: object) -> None:
        super().__exit__(*raised)
        for hook in self.hooks:
            hook.remove()

    def __torch_function__(
        self, function: Callable[..., Tensor], _types: object, args: Args = (), kwargs: Options | None = None
    ) -> Tensor:
        """Call `function`, and note it if it slides a window."""
        kwargs = kwargs or {}
        output = function(*args, **kwargs)
        op = WINDOWS.get(getattr(function, "__name__", ""))
        if op:
            rank = output.ndim - 2
            stride = stride_of(op, args, kwargs)
            stride = [stride] * rank if isinstance(stride, int) else (list(stride) * rank)[:rank]
            self.windows.append(Window(op, self.layers[-1], stride, list(output.shape[2:])))
        return output


def stride_of(op: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
    """Give the stride of a call to one of PyTorch's window functions; a pool without one steps by its kernel."""
    position, default = (
        (3, 1) if op.startswith("Conv") else (2, args[1] if len(args) > 1 else kwargs.get("kernel_size"))
    )
    return (args[position] if len(args) > position else kwargs.get("stride")) or default


class Linear(TorchFunctionMode):
    """Makes a network show by its gradients all that it depends on locally, while it is entered.

    Averages take the place of maxima, whose gradient shows the winner alone; what a global pooling found out about
    the whole image has no gradient, for it has no place; normalising over channels, in which equal channels cancel,
    is left out.
    """

    def __torch_function__(
        self, function: Callable[..., Tensor], _types: object, args: Args = (), kwargs: Options | None = None
    ) -> Tensor:
        """Call `function` or its stand-in."""
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        if name.startswith("max_pool"):
            kept = {key: kwargs[key] for key in ("stride", "padding", "ceil_mode") if key in kwargs}
            return getattr(functional, name.replace("max", "avg"))(*args[:4], **kept)
        if name == "layer_norm":
            return args[0]
        output = function(*args, **kwargs)
        return output.detach() if name.startswith("adaptive_avg_pool") else output


class Reached(Exception):  # noqa: N818  (no error: it ends a run whose rest is of no interest)
    """The layer that was asked for has run."""


def measured_field(model: nn.Module, shape: tuple[int, ...], windows: list[Window]) -> Field:
    """Ask autograd which rows of a taller image two middle rows of the coarsest map depend on.

    The coarsest map is the last of the smallest ones that grow with the image: those of a gate do not. Every weight
    is positive, so that nothing cancels.
    """
    twin = deepcopy(model).double()
    for name, weight in twin.named_parameters():
        weight.fill_(0 if name.endswith("bias") else 1 / weight[0].numel())
    layer = coarsest_first(growing(model, shape, windows))[0].layer
    for taller in TALLER:
        image = (*shape[:2], shape[2] + taller, *(min(columns, NARROW[len(shape) - 2]) for columns in shape[3:]))
        field = field_of(layer, row_gradients(twin, image, layer))
        if field:
            return field
    raise ValueError(f"the field of {layer} does not fit into {TALLER[-1]} rows")


def growing(model: nn.Module, shape: tuple[int, ...], windows: list[Window]) -> list[Window]:
    """Give the windows whose output has more rows in an image of more rows."""
    with Watch(model) as watch, suppress(RuntimeError):  # a classifier behind the windows may take one size only
        model(torch.ones(*shape[:2], shape[2] + 64, *shape[3:]))
    return [window for window, taller in zip(windows, watch.windows, strict=False) if window.size < taller.size]


def row_gradients(twin: nn.Module, shape: tuple[int, ...], layer: str) -> dict[int, np.ndarray]:
    """Give, per row of an image of this shape, the gradients of two middle rows of what `layer` puts out."""
    maps: list[Tensor] = []

    def stop(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        maps.append(output)
        raise Reached

    hook = twin.get_submodule(layer).register_forward_hook(stop)
    # Small enough for the ceiling of ReLU6 to be out of reach.
    image = torch.full(shape, 1e-4, dtype=torch.float64)
    with torch.enable_grad():
        image.requires_grad_()
        with Linear(), suppress(Reached):
            twin(image)
        middle = maps[0].shape[2] // 2
        rows = {row: maps[0].select(2, row).sum() for row in (middle, middle + 1)}
    hook.remove()
    gradients = {row: torch.autograd.grad(total, image, retain_graph=True)[0] for row, total in rows.items()}
    return {row: gradient.transpose(0, 2).flatten(1).sum(1).numpy() for row, gradient in gradients.items()}


def refuses(model: nn.Module, shape: tuple[int, ...]) -> bool:
    """Whether the framework itself fails at this input shape."""
    try:
        model(torch.ones(shape))
    except RuntimeError:
        return True
    return False
