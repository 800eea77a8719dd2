"""Export the PyTorch samples, each by both of PyTorch's exporters.

Usage: python sample_models/export_pytorch.py [NAME...]
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from expected import HERE, Expected, Field, Window, coarsest, field_of, record
from shrink import shrink
from torch import Tensor, nn

# The plain torchvision wheel, installed without its compiled operators, asks for these two on import.
DETECTION = torch.library.Library("torchvision", "DEF")
DETECTION.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
DETECTION.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from torchvision import models  # noqa: E402  (only importable once the operators above are defined)

WINDOWS = {nn.Conv2d: "Conv", nn.ConvTranspose2d: "ConvTranspose", nn.MaxPool2d: "MaxPool", nn.AvgPool2d: "AveragePool"}


def double_conv(channels: int, filters: int) -> nn.Sequential:
    """Two 3×3 convolutions that keep the size."""
    return nn.Sequential(
        nn.Conv2d(channels, filters, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(filters, filters, 3, padding=1),
        nn.ReLU(),
    )


class UNet(nn.Module):
    """A U-Net of three levels: max pooling down, transposed convolution up, skips concatenated uncropped."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2, self.down3 = double_conv(3, 8), double_conv(8, 16), double_conv(16, 32)
        self.pool1, self.pool2, self.pool3 = nn.MaxPool2d(2), nn.MaxPool2d(2), nn.MaxPool2d(2)
        self.bottom = double_conv(32, 64)
        self.up3, self.up2, self.up1 = (nn.ConvTranspose2d(c, c // 2, 2, stride=2) for c in (64, 32, 16))
        self.merge3, self.merge2, self.merge1 = double_conv(64, 32), double_conv(32, 16), double_conv(16, 8)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Give class scores per pixel, [N, 2, H, W] from [N, 3, H, W]; H and W must be multiples of 8."""
        skip1 = self.down1(image)
        skip2 = self.down2(self.pool1(skip1))
        skip3 = self.down3(self.pool2(skip2))
        deep = self.bottom(self.pool3(skip3))
        deep = self.merge3(torch.cat([skip3, self.up3(deep)], dim=1))
        deep = self.merge2(torch.cat([skip2, self.up2(deep)], dim=1))
        deep = self.merge1(torch.cat([skip1, self.up1(deep)], dim=1))
        return self.head(deep)


class AlexNetStem(nn.Module):
    """The first layers of AlexNet, which were made for images of 227 rows."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 96, 11, stride=4), nn.Conv2d(96, 256, 5, padding=2)
        self.pool1, self.pool2 = nn.MaxPool2d(3, 2), nn.MaxPool2d(3, 2)

    def forward(self, image: Tensor) -> Tensor:
        """Give the map behind the second pooling, [N, 256, 13, 13] from [N, 3, 227, 227]."""
        stem = torch.relu(self.conv1(image))
        stem = self.pool1(stem)
        stem = torch.relu(self.conv2(stem))
        return self.pool2(stem)


def small_cnn(stride: int) -> nn.Sequential:
    """Three 3×3 convolutions of one stride, and a linear classifier on their average."""
    layers: list[nn.Module] = []
    for channels, filters in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(channels, filters, 3, stride=stride, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


@dataclass(frozen=True)
class Sample:
    """A network and the input that it is exported with; `refused` makes height and width dynamic."""

    build: Callable[[], nn.Module]
    shape: tuple[int, ...]
    refused: tuple[int, ...] | None = None


PHOTO = (1, 3, 224, 224)
SAMPLES = {
    "conv-padded-stride1": Sample(lambda: nn.Conv2d(3, 16, 3, stride=1, padding=1), (1, 3, 32, 32)),
    "conv-padded-stride2": Sample(lambda: nn.Conv2d(3, 16, 3, stride=2, padding=1), (1, 3, 32, 32)),
    "conv-7x7-stride1": Sample(lambda: nn.Conv2d(1, 1, 3, stride=1), (1, 1, 7, 7)),
    "conv-7x7-stride2": Sample(lambda: nn.Conv2d(1, 1, 3, stride=2), (1, 1, 7, 7)),
    "cnn-stride1": Sample(lambda: small_cnn(1), (1, 3, 64, 64)),
    "cnn-stride2": Sample(lambda: small_cnn(2), (1, 3, 64, 64)),
    "alexnet-stem": Sample(AlexNetStem, PHOTO),
    "vgg16": Sample(lambda: models.vgg16(weights=None), PHOTO),
    "resnet18": Sample(lambda: models.resnet18(weights=None), PHOTO),
    "resnet50": Sample(lambda: models.resnet50(weights=None), PHOTO),
    "mobilenetv2": Sample(lambda: models.mobilenet_v2(weights=None), PHOTO),
    "squeezenet11": Sample(lambda: models.squeezenet1_1(weights=None), PHOTO),
    "unet": Sample(UNet, (1, 3, 128, 128)),
    "unet-dynamic": Sample(UNet, (1, 3, 128, 128), refused=(1, 3, 100, 100)),
}


@contextmanager
def watched(model: nn.Module) -> Iterator[list[Window]]:
    """Collect, by forward hooks, what the windows of `model` put out in the order in which they run."""
    seen: list[Window] = []

    def note(layer: str, op: str) -> Callable[[nn.Module, object, Tensor], None]:
        def hook(module: nn.Module, _: object, output: Tensor) -> None:
            stride = module.stride if isinstance(module.stride, tuple) else (module.stride,) * 2
            seen.append(Window(op, layer, list(stride), list(output.shape[2:])))

        return hook

    named = [(name, module) for name, module in model.named_modules() if type(module) in WINDOWS]
    handles = [module.register_forward_hook(note(name, WINDOWS[type(module)])) for name, module in named]
    yield seen
    for handle in handles:
        handle.remove()


def measured_field(model: nn.Module, shape: tuple[int, ...], layer: str) -> Field:
    """Ask autograd which input rows two middle rows of `layer` depend on, in an image 512 rows taller.

    Every weight is positive, so that nothing cancels, and averages take the place of maxima, whose gradient shows the
    winner alone.
    """
    twin = deepcopy(model).double()
    for name, module in list(twin.named_modules()):
        if isinstance(module, nn.MaxPool2d):
            pool = nn.AvgPool2d(module.kernel_size, module.stride, module.padding, ceil_mode=module.ceil_mode)
            twin.set_submodule(name, pool)
    for name, weight in twin.named_parameters():
        weight.fill_(0 if name.endswith("bias") else 1 / weight[0].numel())
    # Small enough for the ceiling of ReLU6 to be out of reach.
    image = torch.full((*shape[:2], shape[2] + 512, shape[3]), 1e-4, dtype=torch.float64)
    with torch.enable_grad():
        image.requires_grad_()
        maps: list[Tensor] = []
        twin.get_submodule(layer).register_forward_hook(lambda _module, _inputs, output: maps.append(output))
        twin(image)
        middle = maps[0].shape[2] // 2
        gradients = {}
        for row in (middle, middle + 1):
            (gradient,) = torch.autograd.grad(maps[0][:, :, row].sum(), image, retain_graph=True)
            gradients[row] = gradient.sum((0, 1, 3)).numpy()
    return field_of(layer, gradients)


def refuses(model: nn.Module, shape: tuple[int, ...]) -> bool:
    """Whether the framework itself fails at this input shape."""
    try:
        model(torch.ones(shape))
    except RuntimeError:
        return True
    return False


def export(name: str, sample: Sample) -> None:
    """Export one sample twice, shrink both files and record what PyTorch said of them."""
    torch.manual_seed(0)
    model, image = sample.build().eval(), torch.ones(sample.shape)
    with watched(model) as windows:
        output = model(image)
    if sample.refused and not refuses(model, sample.refused):
        raise ValueError(f"{name} was meant to fail at {sample.refused}")
    field = measured_field(model, sample.shape, coarsest(windows).layer)
    axes = {2: "height", 3: "width"} if sample.refused else None
    version = torch.__version__.partition("+")[0]
    for exporter, title, options in (
        ("dynamo", "torch.export", {"dynamo": True, "dynamic_shapes": (axes,) if axes else None, "verbose": False}),
        ("torchscript", "TorchScript", {"dynamo": False, "dynamic_axes": {"image": axes} if axes else None}),
    ):
        with tempfile.TemporaryDirectory() as folder:
            raw = Path(folder, "raw.onnx")
            torch.onnx.export(model, (image,), raw, input_names=["image"], external_data=False, **options)
            target = HERE / f"{name}-{exporter}.onnx"
            shrink(raw, target)
        inputs, outputs = {"image": list(sample.shape)}, [list(output.shape)]
        refused = list(sample.refused) if sample.refused else None
        record(target, Expected(f"PyTorch {version} ({title})", inputs, outputs, windows, field, refused))


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    with torch.no_grad():
        for chosen in sys.argv[1:] or SAMPLES:
            export(chosen, SAMPLES[chosen])
