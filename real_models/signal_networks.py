"""Networks for signals and other sequences, in the shapes in which people build them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


class Causal(nn.Module):
    """A convolution padded before and cropped behind: the `chomp` of temporal convolutional networks."""

    def __init__(self, channels: int, filters: int, dilation: int) -> None:
        super().__init__()
        self.padding = 2 * dilation
        self.convolution = nn.Conv1d(channels, filters, 3, padding=self.padding, dilation=dilation)

    def forward(self, signal: Tensor) -> Tensor:
        """Keep the length and see nothing ahead."""
        return self.convolution(signal)[:, :, : -self.padding].contiguous()


class TemporalConvolutions(nn.Module):
    """The temporal convolutional network of Bai, Kolter and Koltun: residual blocks, dilated 1, 2, 4 and 8."""

    def __init__(self) -> None:
        super().__init__()
        widths = (8, 25, 25, 25, 25)
        self.blocks = nn.ModuleList(
            nn.Sequential(Causal(a, b, 2**i), nn.ReLU(), Causal(b, b, 2**i), nn.ReLU())
            for i, (a, b) in enumerate(pairwise(widths))
        )
        self.shortcuts = nn.ModuleList(nn.Conv1d(a, b, 1) if a != b else nn.Identity() for a, b in pairwise(widths))
        self.end = nn.Linear(25, 10)

    def forward(self, signal: Tensor) -> Tensor:
        """Give class scores from the last time step."""
        for block, shortcut in zip(self.blocks, self.shortcuts, strict=True):
            signal = torch.relu(block(signal) + shortcut(signal))
        return self.end(signal[:, :, -1])


class UnrolledRecurrence(nn.Module):
    """A recurrent cell called once per time step, so that the exporter writes every step out."""

    def __init__(self, cell: nn.Module, steps: int) -> None:
        super().__init__()
        self.cell, self.steps, self.end = cell, steps, nn.Linear(32, 4)

    def forward(self, signal: Tensor) -> Tensor:
        """Give scores for every time step, [N, steps, 4] from [N, steps, 16]."""
        state, outputs = None, []
        for step in range(self.steps):
            state = self.cell(signal[:, step], state)
            outputs.append(self.end(state[0] if isinstance(state, tuple) else state))
        return torch.stack(outputs, dim=1)


class HifiGenerator(nn.Module):
    """HiFi-GAN's generator: transposed convolutions by 8, 8, 2 and 2, each behind three dilated residual blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Conv1d(80, 128, 7, padding=3)
        widths, strides = (128, 64, 32, 16, 8), (8, 8, 2, 2)
        self.up = nn.ModuleList(
            nn.ConvTranspose1d(a, b, 2 * s, s, padding=s // 2)
            for a, b, s in zip(widths, widths[1:], strides, strict=False)
        )
        self.blocks = nn.ModuleList(nn.ModuleList(self.residuals(c, k) for k in (3, 7, 11)) for c in widths[1:])
        self.end = nn.Conv1d(8, 1, 7, padding=3)

    @staticmethod
    def residuals(channels: int, kernel: int) -> nn.ModuleList:
        """Give three dilated convolutions that keep the length."""
        return nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, dilation=d, padding=d * (kernel - 1) // 2) for d in (1, 3, 5)
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Give 256 samples for every frame of a mel spectrogram."""
        sound = self.start(frames)
        for up, blocks in zip(self.up, self.blocks, strict=True):
            sound = up(functional.leaky_relu(sound, 0.1))
            total = torch.zeros_like(sound)
            for block in blocks:
                branch = sound
                for convolution in block:
                    branch = branch + convolution(functional.leaky_relu(branch, 0.1))
                total = total + branch
            sound = total / 3
        return torch.tanh(self.end(sound))


def speech_features() -> nn.Sequential:
    """The feature extractor of wav2vec 2.0: seven convolutions, 320 samples a frame."""
    layers: list[nn.Module] = []
    shapes = ((1, 10, 5), (64, 3, 2), (64, 3, 2), (64, 3, 2), (64, 3, 2), (64, 2, 2), (64, 2, 2))
    for channels, kernel, stride in shapes:
        layers += [nn.Conv1d(channels, 64, kernel, stride, bias=False), nn.GELU()]
    return nn.Sequential(*layers)


class SpeechEncoder(nn.Module):
    """Whisper's encoder, small: two convolutions over mel frames, positions, two transformer layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(80, 64, 3, padding=1), nn.Conv1d(64, 64, 3, stride=2, padding=1)
        self.positions = nn.Parameter(torch.zeros(500, 64))
        layer = nn.TransformerEncoderLayer(64, 4, 128, activation="gelu", batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, frames: Tensor) -> Tensor:
        """Give one vector per two frames."""
        maps = functional.gelu(self.second(functional.gelu(self.first(frames))))
        return self.layers(maps.transpose(1, 2) + self.positions)


class BrainSignals(nn.Module):
    """EEGNet: a temporal convolution of half a second, one over all electrodes, pools of 4 and 8."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, (1, 64), padding="same", bias=False),
            nn.BatchNorm2d(8),
            nn.Conv2d(8, 16, (22, 1), groups=8, bias=False),
            nn.BatchNorm2d(16),
            nn.ELU(),
            nn.AvgPool2d((1, 4)),
            nn.Conv2d(16, 16, (1, 16), padding="same", groups=16, bias=False),
            nn.Conv2d(16, 16, 1, bias=False),
            nn.BatchNorm2d(16),
            nn.ELU(),
            nn.AvgPool2d((1, 8)),
            nn.Flatten(),
            nn.Linear(16 * 8, 4),
        )

    def forward(self, electrodes: Tensor) -> Tensor:
        """Give class scores from [N, 1, 22 electrodes, 256 samples]."""
        return self.layers(electrodes)


class Demucs(nn.Module):
    """A waveform U-Net with kernels of 8 and strides of 4, and an LSTM at the bottom."""

    def __init__(self) -> None:
        super().__init__()
        widths = (1, 16, 32, 64)
        pairs = list(pairwise(widths))
        self.encode = nn.ModuleList(nn.Conv1d(a, b, 8, 4) for a, b in pairs)
        self.decode = nn.ModuleList(nn.ConvTranspose1d(b, a, 8, 4) for a, b in reversed(pairs))
        self.recur = nn.LSTM(64, 32, bidirectional=True)

    def forward(self, sound: Tensor) -> Tensor:
        """Give as many samples; their number must be 4 + 4·(…) at every level: 340 + 64·k."""
        skips: list[Tensor] = []
        for encode in self.encode:
            sound = torch.relu(encode(sound))
            skips.append(sound)
        sound = self.recur(sound.permute(2, 0, 1))[0].permute(1, 2, 0)
        for decode in self.decode:
            sound = decode(sound + skips.pop())
        return sound


class KeywordSpotter(nn.Module):
    """A depthwise-separable keyword spotter over 49 frames of 10 coefficients."""

    def __init__(self) -> None:
        super().__init__()
        blocks: Iterable[nn.Module] = (
            nn.Sequential(nn.Conv2d(64, 64, 3, padding=1, groups=64), nn.ReLU(), nn.Conv2d(64, 64, 1), nn.ReLU())
            for _ in range(4)
        )
        self.layers = nn.Sequential(nn.Conv2d(1, 64, (10, 4), 2, (5, 1)), nn.ReLU(), *blocks)
        self.end = nn.Linear(64, 12)

    def forward(self, frames: Tensor) -> Tensor:
        """Give one score per word."""
        return self.end(functional.avg_pool2d(self.layers(frames), (25, 5)).flatten(1))


class PointClassifier(nn.Module):
    """PointNet's trunk: one vector per point, and the maximum over all points."""

    def __init__(self) -> None:
        super().__init__()
        self.points = nn.Sequential(nn.Conv1d(3, 64, 1), nn.ReLU(), nn.Conv1d(64, 256, 1), nn.ReLU())
        self.end = nn.Linear(256, 40)

    def forward(self, cloud: Tensor) -> Tensor:
        """Give class scores of [N, 3, points]."""
        return self.end(self.points(cloud).max(dim=2).values)
