"""The networks that torchvision and timm do not ship, small and plain."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


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


def small_cnn(stride: int) -> nn.Sequential:
    """Three 3×3 convolutions of one stride, and a linear classifier on their average."""
    layers: list[nn.Module] = []
    for channels, filters in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(channels, filters, 3, stride=stride, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def conv(channels: int, filters: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution padded by half its kernel, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels, filters, size, stride, size // 2, bias=False), nn.BatchNorm2d(filters), nn.ReLU()
    )


class FeaturePyramid(nn.Module):
    """Feature pyramid: four stages down, nearest upsampling and sums on the way back, a map of each size."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, 16, 7, stride=2)
        self.stages = nn.ModuleList(conv(c, 2 * c, stride=2) for c in (16, 32, 64, 128))
        self.laterals = nn.ModuleList(nn.Conv2d(c, 32, 1) for c in (32, 64, 128, 256))
        self.heads = nn.ModuleList(nn.Conv2d(32, 32, 3, padding=1) for _ in range(4))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Give the maps at strides 4, 8, 16 and 32."""
        maps, features = self.stem(image), []
        for stage in self.stages:
            maps = stage(maps)
            features.append(maps)
        levels = [self.laterals[3](features[3])]
        for level in (2, 1, 0):
            coarse = functional.interpolate(levels[0], size=features[level].shape[2:])
            levels.insert(0, self.laterals[level](features[level]) + coarse)
        return tuple(head(level) for head, level in zip(self.heads, levels, strict=True))


def espcn() -> nn.Sequential:
    """Super-resolution by three: the last convolution's nine channels are shuffled into 3×3 pixels."""
    return nn.Sequential(
        nn.Conv2d(1, 64, 5, padding=2),
        nn.Tanh(),
        nn.Conv2d(64, 32, 3, padding=1),
        nn.Tanh(),
        nn.Conv2d(32, 9, 3, padding=1),
        nn.PixelShuffle(3),
    )


def dcgan_generator() -> nn.Sequential:
    """A vector of 100 numbers becomes a 64×64 image through five transposed convolutions."""
    layers: list[nn.Module] = []
    for channels, filters, stride, padding in ((100, 128, 1, 0), (128, 64, 2, 1), (64, 32, 2, 1), (32, 16, 2, 1)):
        up = nn.ConvTranspose2d(channels, filters, 4, stride, padding, bias=False)
        layers += [up, nn.BatchNorm2d(filters), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(16, 3, 4, 2, 1, bias=False), nn.Tanh())


def dcgan_discriminator() -> nn.Sequential:
    """The generator's mirror image: real or not, from 64×64."""
    layers: list[nn.Module] = [nn.Conv2d(3, 16, 4, 2, 1), nn.LeakyReLU(0.2)]
    for channels in (16, 32, 64):
        down = nn.Conv2d(channels, 2 * channels, 4, 2, 1, bias=False)
        layers += [down, nn.BatchNorm2d(2 * channels), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(128, 1, 4), nn.Sigmoid())


class WaveNet(nn.Module):
    """Two stacks of causal convolutions, dilated 1, 2, 4 … 32, each gated and summed into the output."""

    def __init__(self) -> None:
        super().__init__()
        self.dilations = [2**layer for _ in range(2) for layer in range(6)]
        self.start = nn.Conv1d(1, 16, 1)
        self.dilated = nn.ModuleList(nn.Conv1d(16, 32, 2, dilation=d) for d in self.dilations)
        self.residual = nn.ModuleList(nn.Conv1d(16, 16, 1) for _ in self.dilations[:-1])
        self.skip = nn.ModuleList(nn.Conv1d(16, 16, 1) for _ in self.dilations)
        self.end = nn.Sequential(nn.ReLU(), nn.Conv1d(16, 16, 1), nn.ReLU(), nn.Conv1d(16, 8, 1))

    def forward(self, sound: Tensor) -> Tensor:
        """Give one prediction per sample, [N, 8, L] from [N, 1, L]."""
        maps, total = self.start(sound), 0
        for layer, distance in enumerate(self.dilations):
            content, gate = self.dilated[layer](functional.pad(maps, (distance, 0))).chunk(2, dim=1)
            gated = torch.tanh(content) * torch.sigmoid(gate)
            total = total + self.skip[layer](gated)
            if layer < len(self.residual):
                maps = maps + self.residual[layer](gated)
        return self.end(total)


class CrossStage(nn.Module):
    """Half of the channels go through 3×3 convolutions, half past them."""

    def __init__(self, channels: int, filters: int, *, shortcut: bool) -> None:
        super().__init__()
        half = filters // 2
        self.shortcut = shortcut
        self.through, self.past, self.join = conv(channels, half, 1), conv(channels, half, 1), conv(filters, filters, 1)
        self.inner = nn.Sequential(conv(half, half, 1), conv(half, half, 3))

    def forward(self, image: Tensor) -> Tensor:
        """Keep the size."""
        maps = self.through(image)
        maps = maps + self.inner(maps) if self.shortcut else self.inner(maps)
        return self.join(torch.cat([maps, self.past(image)], dim=1))


class Detector(nn.Module):
    """YOLO's shape: cross-stage backbone, pooling pyramid, a neck up and down again, boxes decoded on three grids."""

    def __init__(self, *, decode: bool) -> None:
        super().__init__()
        self.decode = decode
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 6, 2, 2), nn.ReLU())
        self.stages = nn.ModuleList(
            nn.Sequential(conv(c, 2 * c, stride=2), CrossStage(2 * c, 2 * c, shortcut=True)) for c in (8, 16, 32, 64)
        )
        self.squeeze, self.pool, self.expand = conv(128, 64, 1), nn.MaxPool2d(5, 1, 2), conv(256, 128, 1)
        self.lateral5, self.lateral4 = conv(128, 64, 1), conv(64, 32, 1)
        self.up4, self.up3 = CrossStage(128, 64, shortcut=False), CrossStage(64, 32, shortcut=False)
        self.down4, self.down5 = conv(32, 32, stride=2), conv(64, 64, stride=2)
        self.back4, self.back5 = CrossStage(64, 64, shortcut=False), CrossStage(128, 128, shortcut=False)
        self.heads = nn.ModuleList(nn.Conv2d(c, 21, 1) for c in (32, 64, 128))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Give boxes [N, all cells of all grids, 7], or the raw maps at strides 8, 16 and 32."""
        maps, features = self.stem(image), []
        for stage in self.stages:
            maps = stage(maps)
            features.append(maps)
        pools = [self.squeeze(maps)]
        for _ in range(3):
            pools.append(self.pool(pools[-1]))
        level5 = self.lateral5(self.expand(torch.cat(pools, dim=1)))
        upsampled = functional.interpolate(level5, scale_factor=2.0)
        level4 = self.lateral4(self.up4(torch.cat([upsampled, features[2]], dim=1)))
        upsampled = functional.interpolate(level4, scale_factor=2.0)
        level3 = self.up3(torch.cat([upsampled, features[1]], dim=1))
        level4 = self.back4(torch.cat([self.down4(level3), level4], dim=1))
        level5 = self.back5(torch.cat([self.down5(level4), level5], dim=1))
        grids = tuple(head(level) for head, level in zip(self.heads, (level3, level4, level5), strict=True))
        if not self.decode:
            return grids
        return (torch.cat([boxes(grid, stride) for grid, stride in zip(grids, (8, 16, 32), strict=True)], dim=1),)


def boxes(grid: Tensor, stride: int) -> Tensor:
    """Turn what a head predicts, relative to each cell, into boxes in pixels: [N, cells, 7] from [N, 21, H, W]."""
    batch, _, height, width = grid.shape
    values = grid.view(batch, 3, 7, height, width).permute(0, 1, 3, 4, 2).sigmoid()
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    cells = torch.stack((columns, rows), dim=2).float()
    centers = (values[..., :2] * 2 - 0.5 + cells) * stride
    sizes = (values[..., 2:4] * 2) ** 2 * stride
    return torch.cat([centers, sizes, values[..., 4:]], dim=-1).reshape(batch, -1, 7)


class Siamese(nn.Module):
    """SiamFC: the features of a template slide over those of a larger search image."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 24, 11, 2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(24, 48, 5, groups=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(48, 48, 3),
            nn.ReLU(),
            nn.Conv2d(48, 32, 3),
        )

    def forward(self, template: Tensor, search: Tensor) -> Tensor:
        """Give the score of each place, [1, 1, 17, 17] for images of 127 and 255 pixels."""
        return functional.conv2d(self.features(search), self.features(template))


class SpatialTransformer(nn.Module):
    """A small network looks at the digit and turns it upright, another one reads it."""

    def __init__(self) -> None:
        super().__init__()
        layers = (nn.Conv2d(1, 8, 7), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(8, 10, 5), nn.MaxPool2d(2), nn.ReLU())
        self.look = nn.Sequential(*layers)
        self.turn = nn.Sequential(nn.Linear(90, 32), nn.ReLU(), nn.Linear(32, 6))
        layers = (nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU())
        self.read = nn.Sequential(*layers)
        self.classify = nn.Linear(320, 10)

    def forward(self, digit: Tensor) -> Tensor:
        """Give class scores of 28×28 digits."""
        turn = self.turn(self.look(digit).flatten(1)).view(-1, 2, 3)
        grid = functional.affine_grid(turn, list(digit.shape), align_corners=False)
        upright = functional.grid_sample(digit, grid, align_corners=False)
        return self.classify(self.read(upright).flatten(1))


class TextReader(nn.Module):
    """CRNN: convolutions squeeze a line of text to one row of columns, which a bidirectional LSTM reads."""

    def __init__(self) -> None:
        super().__init__()
        flat = {"kernel_size": (2, 2), "stride": (2, 1), "padding": (0, 1)}
        self.look = nn.Sequential(
            conv(1, 16),
            nn.MaxPool2d(2),
            conv(16, 32),
            nn.MaxPool2d(2),
            conv(32, 64),
            nn.MaxPool2d(**flat),
            conv(64, 64),
            nn.MaxPool2d(**flat),
            nn.Conv2d(64, 64, 2),
            nn.ReLU(),
        )
        self.read = nn.LSTM(64, 32, bidirectional=True)
        self.classify = nn.Linear(64, 37)

    def forward(self, line: Tensor) -> Tensor:
        """Give letter scores per column, [W/4 + 1, N, 37] from [N, 1, 32, W]."""
        columns = self.look(line).squeeze(2).permute(2, 0, 1)
        return functional.log_softmax(self.classify(self.read(columns)[0]), dim=2)


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
