"""Networks for images and volumes that torchvision and timm do not ship, in the shapes in which people build them."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


class Output(nn.Module):
    """One entry of what a network gives as a dictionary."""

    def __init__(self, network: nn.Module, key: str) -> None:
        super().__init__()
        self.network, self.key = network, key

    def forward(self, image: Tensor) -> Tensor:
        """Give the entry."""
        return self.network(image)[self.key]


class RawHeads(nn.Module):
    """A torchvision detector without its image list and its post-processing: backbone, pyramid and heads."""

    def __init__(self, detector: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = detector.backbone, detector.head

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Give class scores and boxes, one row per anchor."""
        heads = self.head(list(self.backbone(image).values()))
        return heads["cls_logits"], heads["bbox_regression"]


class WholeDetector(nn.Module):
    """A torchvision detector as it is deployed: from one image to boxes, scores and labels."""

    def __init__(self, detector: nn.Module) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give boxes [n, 4], scores [n] and labels [n] from [3, H, W]."""
        found = self.detector([image])[0]
        return found["boxes"], found["scores"], found["labels"]


def normalised(channels: int, filters: int) -> nn.Sequential:
    """Two 3×3 convolutions with GroupNorm and SiLU."""
    layers: list[nn.Module] = []
    for before in (channels, filters):
        layers += [nn.Conv2d(before, filters, 3, padding=1), nn.GroupNorm(8, filters), nn.SiLU()]
    return nn.Sequential(*layers)


class GroupNormUNet(nn.Module):
    """The U-Net of diffusion models: GroupNorm, strided convolutions down, nearest and a convolution up."""

    def __init__(self) -> None:
        super().__init__()
        widths = (32, 64, 96)
        self.start = nn.Conv2d(3, widths[0], 3, padding=1)
        self.encode = nn.ModuleList(normalised(c, c) for c in widths)
        self.down = nn.ModuleList(nn.Conv2d(c, c + 32, 3, stride=2, padding=1) for c in widths)
        self.middle = normalised(128, 128)
        self.up = nn.ModuleList(nn.Conv2d(c + 32, c, 3, padding=1) for c in reversed(widths))
        self.decode = nn.ModuleList(normalised(2 * c, c) for c in reversed(widths))
        self.end = nn.Conv2d(widths[0], 3, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """Give an image of the same size; its sides must be multiples of 8."""
        maps, skips = self.start(image), []
        for encode, down in zip(self.encode, self.down, strict=True):
            skips.append(encode(maps))
            maps = down(skips[-1])
        maps = self.middle(maps)
        for up, decode in zip(self.up, self.decode, strict=True):
            maps = up(functional.interpolate(maps, scale_factor=2.0))
            maps = decode(torch.cat([maps, skips.pop()], dim=1))
        return self.end(maps)


class UNet3d(nn.Module):
    """A small volumetric U-Net with InstanceNorm, as medical segmentation has it."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(self.block(a, b) for a, b in ((1, 8), (8, 16), (16, 32)))
        self.pool = nn.MaxPool3d(2)
        self.up = nn.ModuleList(nn.ConvTranspose3d(a, b, 2, stride=2) for a, b in ((32, 16), (16, 8)))
        self.merge = nn.ModuleList(self.block(a, b) for a, b in ((32, 16), (16, 8)))
        self.end = nn.Conv3d(8, 2, 1)

    @staticmethod
    def block(channels: int, filters: int) -> nn.Sequential:
        """Two 3×3×3 convolutions."""
        layers: list[nn.Module] = []
        for before in (channels, filters):
            layers += [nn.Conv3d(before, filters, 3, padding=1), nn.InstanceNorm3d(filters), nn.LeakyReLU(0.01)]
        return nn.Sequential(*layers)

    def forward(self, volume: Tensor) -> Tensor:
        """Give class scores per voxel."""
        first = self.down[0](volume)
        second = self.down[1](self.pool(first))
        deep = self.down[2](self.pool(second))
        deep = self.merge[0](torch.cat([self.up[0](deep), second], dim=1))
        return self.end(self.merge[1](torch.cat([self.up[1](deep), first], dim=1)))


class SegNet(nn.Module):
    """An encoder whose pooling indices the decoder unpools with."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 16, 32, 64)
        self.encode = nn.ModuleList(self.block(a, b) for a, b in pairwise(widths))
        self.decode = nn.ModuleList(self.block(b, max(a, 8)) for a, b in pairwise(widths))
        self.pool, self.unpool = nn.MaxPool2d(2, 2, return_indices=True), nn.MaxUnpool2d(2, 2)
        self.end = nn.Conv2d(8, 4, 1)

    @staticmethod
    def block(channels: int, filters: int) -> nn.Sequential:
        """Give one 3×3 convolution."""
        return nn.Sequential(nn.Conv2d(channels, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU())

    def forward(self, image: Tensor) -> Tensor:
        """Give class scores per pixel."""
        maps, places = image, []
        for encode in self.encode:
            maps, where = self.pool(encode(maps))
            places.append(where)
        for decode in reversed(self.decode):
            maps = decode(self.unpool(maps, places.pop()))
        return self.end(maps)


class SuperResolution(nn.Module):
    """EDSR, small: residual blocks without normalisation, and two pixel shuffles of two."""

    def __init__(self) -> None:
        super().__init__()
        self.start, self.end = nn.Conv2d(3, 32, 3, padding=1), nn.Conv2d(32, 3, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1)) for _ in range(4)
        )
        up = [layer for _ in range(2) for layer in (nn.Conv2d(32, 128, 3, padding=1), nn.PixelShuffle(2))]
        self.up = nn.Sequential(*up)

    def forward(self, image: Tensor) -> Tensor:
        """Give an image of four times the size."""
        start = self.start(image)
        maps = start
        for block in self.blocks:
            maps = maps + block(maps)
        return self.end(self.up(maps + start))
