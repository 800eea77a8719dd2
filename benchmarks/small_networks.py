"""The networks of receptive_fields.py for tools that read PyTorch modules. Runs in the tools' own environments."""

from __future__ import annotations

import torch
from torch import nn

SIZE = 224


def conv(
    before: int, after: int, kernel: int | tuple[int, int], stride: int = 1, pad: int = 0, dilation: int = 1
) -> nn.Module:
    """A convolution."""
    return nn.Conv2d(before, after, kernel, stride, pad, dilation)


def vgg16() -> nn.Module:
    """The convolutions and poolings of VGG-16."""
    layers: list[nn.Module] = []
    channels = 3
    for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers += [conv(channels, width, 3, 1, 1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers)


def alexnet() -> nn.Module:
    """Those of AlexNet as TF-Slim and torchvision have it."""
    shapes = ((64, 11, 4, 2), (192, 5, 1, 2), (384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1))
    layers: list[nn.Module] = []
    channels = 3
    for i, (width, kernel, stride, pad) in enumerate(shapes):
        layers += [conv(channels, width, kernel, stride, pad), nn.ReLU()]
        channels = width
        if i in (0, 1, 4):
            layers.append(nn.MaxPool2d(3, 2))
    return nn.Sequential(*layers)


class Summed(nn.Module):
    """Two branches, added."""

    def __init__(self, one: nn.Module, other: nn.Module) -> None:
        super().__init__()
        self.one, self.other, self.out = one, other, nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The sum of both."""
        found: torch.Tensor = self.out(self.one(x) + self.other(x))
        return found


NETWORKS = {
    "AlexNet": alexnet(),
    "VGG-16": vgg16(),
    "three 3×3, dilations 1, 2, 4": nn.Sequential(conv(3, 8, 3), conv(8, 8, 3, dilation=2), conv(8, 8, 3, dilation=4)),
    "1×3, along the columns": nn.Sequential(conv(3, 8, (1, 3))),
    "two 3×3 beside a shortcut": Summed(nn.Identity(), nn.Sequential(conv(3, 3, 3, 1, 1), conv(3, 3, 3, 1, 1))),
    "3×3 beside 7×7, summed": Summed(conv(3, 8, 7, 1, 3), conv(3, 8, 3, 1, 1)),
    "3×3 with stride 2, upsampled twofold, then 3×3": nn.Sequential(
        conv(3, 8, 3, 2, 1), nn.Upsample(scale_factor=2), conv(8, 8, 3, 1, 1)
    ),
}
