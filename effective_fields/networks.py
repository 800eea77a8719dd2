"""Small networks of every kind, in PyTorch, with the input that each is asked about."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Residual(nn.Module):
    """A stem with a pool, and two residual blocks of ResNet, one with a stride."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 5, 2, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(8, 8, 3, stride, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
                nn.Conv2d(8, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8),
            )
            for stride in (1, 2)
        )  # fmt: skip
        self.shortcut = nn.Conv2d(8, 8, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = F.relu(x + self.blocks[0](x))
        return F.relu(self.shortcut(x) + self.blocks[1](x))


class Gate(nn.Module):
    """Squeeze and excite."""

    def __init__(self, channels: int, activation: nn.Module, last: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, 4, 1), activation, nn.Conv2d(4, channels, 1), last
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.body(x)


class InvertedResidual(nn.Module):
    """Depthwise convolutions with gates: SiLU as in EfficientNet, hard swish as in MobileNetV3."""

    def __init__(self, activation: Callable[[], nn.Module], last: nn.Module) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), activation())
        self.block = nn.Sequential(
            nn.Conv2d(8, 16, 1), nn.BatchNorm2d(16), activation(),
            nn.Conv2d(16, 16, 5, 1, 2, groups=16), nn.BatchNorm2d(16), activation(),
            Gate(16, activation(), last), nn.Conv2d(16, 8, 1), nn.BatchNorm2d(8),
        )  # fmt: skip
        self.last = nn.Conv2d(8, 8, 3, 2, 1, groups=2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.last(x + self.block(x))


class UNet(nn.Module):
    """Down and up again, by transposed convolution or by interpolation with reflected borders."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        border = "zeros" if mode == "transposed" else "reflect"
        self.a = nn.Conv2d(3, 6, 3, padding=1, padding_mode=border)
        self.b = nn.Conv2d(6, 8, 3, padding=1, padding_mode=border)
        self.c = nn.Conv2d(8, 8, 3, padding=1, padding_mode=border)
        aligned = None if mode == "nearest" else False
        self.up = (
            nn.ConvTranspose2d(8, 6, 3, 2, 1, output_padding=1)
            if mode == "transposed"
            else nn.Sequential(nn.Upsample(scale_factor=2, mode=mode, align_corners=aligned), nn.Conv2d(8, 6, 1))
        )
        self.d = nn.Conv2d(12, 4, 3, padding=1, padding_mode=border)

    def forward(self, x: Tensor) -> Tensor:
        skip = F.elu(self.a(x))
        x = F.leaky_relu(self.b(F.max_pool2d(skip, 2)), 0.1)
        x = self.up(F.softplus(self.c(x)))
        return self.d(torch.cat([x, skip], 1))


class ConvNeXt(nn.Module):
    """A patch stem with layer normalisation over channels, and a block of ConvNeXt."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 8, 4, 4), nn.LayerNorm(8)
        self.depthwise, self.inner = nn.Conv2d(8, 8, 7, padding=3, groups=8), nn.LayerNorm(8)
        self.wide, self.narrow = nn.Linear(8, 16), nn.Linear(16, 8)
        self.scale = nn.Parameter(torch.rand(8) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.stem(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        y = self.inner(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.narrow(F.gelu(self.wide(y))) * self.scale
        return x + y.permute(0, 3, 1, 2)


class Attention(nn.Module):
    """Tokens of a convolution that attend to each other, and become a map again."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.norm = nn.Conv2d(3, 8, 8, 8), nn.LayerNorm(8)
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x)
        n, c, h, w = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        q, k, v = self.qkv(self.norm(tokens)).reshape(n, h * w, 3, 2, c // 2).permute(2, 0, 3, 1, 4)
        weights = ((q @ k.transpose(-2, -1)) * (c // 2) ** -0.5).softmax(-1)
        tokens = tokens + self.out((weights @ v).transpose(1, 2).reshape(n, h * w, c))
        return tokens.transpose(1, 2).reshape(n, c, h, w)


class Causal(nn.Module):
    """Gated dilated convolutions over samples, padded before them only, as in WaveNet."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(4, 8, 2, dilation=d) for d in (1, 2, 4, 8))
        self.mix = nn.ModuleList(nn.Conv1d(4, 4, 1) for _ in range(4))
        self.first = nn.Conv1d(1, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for layer, mix in zip(self.layers, self.mix, strict=True):
            a, b = layer(F.pad(x, (layer.dilation[0], 0))).chunk(2, 1)
            x = x + mix(torch.tanh(a) * torch.sigmoid(b))
        return x


class Volume(nn.Module):
    """A residual block over volumes, with pools and a strided convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv3d(1, 4, 3, padding=1), nn.Conv3d(4, 4, (3, 1, 3), padding=(1, 0, 1))
        self.c = nn.Conv3d(4, 4, 3, (1, 2, 2), 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.a(x))
        x = F.max_pool3d(F.relu(x + self.b(x)), 2)
        return F.avg_pool3d(self.c(x), 3, 1, 1)


class Normalised(nn.Module):
    """Instance, group and local response normalisation between convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 1, 1), nn.Conv2d(8, 4, 3, 1, 1)
        self.instance, self.group = nn.InstanceNorm2d(8, affine=True), nn.GroupNorm(2, 8)
        self.local = nn.LocalResponseNorm(5, 0.5, 0.75, 1.0)

    def forward(self, x: Tensor) -> Tensor:
        x = F.mish(self.instance(self.a(x)))
        return self.c(self.local(F.selu(self.group(self.b(x)))))


class Pools(nn.Module):
    """Pools with padding, with sizes rounded up, global ones, and of lengths that do not fit."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(self.a(x), 3, 2, 1)
        x = F.max_pool2d(F.hardsigmoid(self.b(x)), 3, 2, ceil_mode=True)
        x = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        return x + F.adaptive_max_pool2d(x, 1) + x.amax((2, 3), keepdim=True)


class Rearranged(nn.Module):
    """Pixels to channels by strided slices, borders repeated and wrapped, channels shuffled, channels to pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.act = nn.Conv2d(12, 8, 3), nn.Conv2d(8, 16, (3, 5), groups=2), nn.PReLU(8)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1)
        x = self.act(self.a(F.pad(x, (0, 2, 1, 1), mode="replicate")))
        n, c, h, w = x.shape
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        x = F.hardswish(self.b(F.pad(x, (2, 2, 2, 0), mode="circular")))
        return torch.roll(F.pixel_shuffle(x, 2), 3, 3)


class Arithmetic(nn.Module):
    """Quotients, roots, powers, norms, extremes and interpolation to a size."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 6, 3, 2, 1), nn.Conv2d(6, 6, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x)
        x = x / (x.pow(2).mean((2, 3), keepdim=True) + 0.1).sqrt()
        y = F.normalize(self.b(x), dim=1) + torch.exp(-x.abs()) - torch.log1p(x * x)
        y = torch.where(x > 0, y, 0.5 * y) + torch.maximum(x, y).clamp(-0.5, 2.0)
        return F.interpolate(y, size=(21, 30), mode="bicubic", align_corners=True)


IMAGE = (1, 3, 40, 48)
NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "residual": (Residual, IMAGE),
    "inverted-residual-silu": (lambda: InvertedResidual(nn.SiLU, nn.Sigmoid()), IMAGE),
    "inverted-residual-hardswish": (lambda: InvertedResidual(nn.Hardswish, nn.Hardsigmoid()), (1, 3, 41, 47)),
    "unet-transposed": (lambda: UNet("transposed"), IMAGE),
    "unet-bilinear-reflect": (lambda: UNet("bilinear"), IMAGE),
    "unet-nearest-reflect": (lambda: UNet("nearest"), IMAGE),
    "convnext-block": (ConvNeXt, IMAGE),
    "attention": (Attention, IMAGE),
    "causal-1d": (Causal, (1, 1, 160)),
    "volume-3d": (Volume, (1, 1, 10, 16, 18)),
    "normalised": (Normalised, IMAGE),
    "pools": (Pools, (1, 3, 41, 46)),
    "rearranged": (Rearranged, IMAGE),
    "arithmetic": (Arithmetic, IMAGE),
}
