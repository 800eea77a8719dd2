"""Networks that everybody knows, layer by layer as their papers and torchvision have them."""

from __future__ import annotations

import onnx

from benchmarks.builder import Builder

IMAGE = (1, 3, 224, 224)


def lenet() -> onnx.ModelProto:
    """LeNet-5: two convolutions, two poolings, three dense layers."""
    b = Builder()
    x = b.pool(b.conv_relu("image", 1, 6, 5), 2, 2)
    x = b.pool(b.conv_relu(x, 6, 16, 5, pad=0), 2, 2)
    x = b.add("Flatten", [x])
    for before, after in ((400, 120), (120, 84), (84, 10)):
        x = b.dense(x, before, after)
    return b.model(x, (1, 1, 28, 28))


def vgg16() -> onnx.ModelProto:
    """VGG-16: thirteen 3×3 convolutions, five poolings, and 553 MB of weights, most of them in one dense layer."""
    b = Builder()
    x, channels = "image", 3
    for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            x, channels = b.conv_relu(x, channels, width, 3), width
        x = b.pool(x, 2, 2)
    x = b.add("Flatten", [x])
    for before, after in ((25088, 4096), (4096, 4096)):
        x = b.add("Relu", [b.dense(x, before, after)])
    return b.model(b.dense(x, 4096, 1000), IMAGE)


def resnet50() -> onnx.ModelProto:
    """ResNet-50 as torchvision has it: the stride in the 3×3."""
    b = Builder()
    x = b.pool(b.conv_relu("image", 3, 64, 7, 2), 3, 2, 1)
    channels = 64
    for stage, count in enumerate((3, 4, 6, 3)):
        for unit in range(count):
            x = bottleneck(b, x, channels, 64 << stage, 2 if stage and not unit else 1)
            channels = 256 << stage
    return b.model(b.head(x, channels), IMAGE)


def bottleneck(b: Builder, x: str, before: int, width: int, stride: int = 1) -> str:
    """1×1, 3×3, 1×1 beside a shortcut, which is a convolution where the shape changes."""
    y = b.conv_relu(b.conv_relu(x, before, width, 1), width, width, 3, stride)
    y = b.conv(y, width, 4 * width, 1)
    shortcut = x if before == 4 * width and stride == 1 else b.conv(x, before, 4 * width, 1, stride)
    return b.add("Relu", [b.add("Add", [y, shortcut])])


def densenet121(size: int = 224, blocks: tuple[int, ...] = (6, 12, 24, 16)) -> onnx.ModelProto:
    """DenseNet-121: every layer of a block reads the concatenation of all before it."""
    b = Builder()
    x = b.pool(b.norm_relu(b.conv("image", 3, 64, 7, 2), 64), 3, 2, 1)
    channels = 64
    for block, count in enumerate(blocks):
        maps = [x]
        for _ in range(count):
            x = b.add("Concat", maps, axis=1) if len(maps) > 1 else maps[0]
            y = b.conv(b.norm_relu(x, channels), channels, 128, 1)
            maps.append(b.conv(b.norm_relu(y, 128), 128, 32, 3))
            channels += 32
        x = b.norm_relu(b.add("Concat", maps, axis=1), channels)
        if block < len(blocks) - 1:
            channels //= 2
            x = b.pool(b.conv(x, 2 * channels, channels, 1), 2, 2, op="AveragePool")
    return b.model(b.head(x, channels), (1, 3, size, size))


def hrnet() -> onnx.ModelProto:
    """HRNet-W18: up to four resolutions side by side, exchanged after every module; over 300 convolutions."""
    b = Builder()
    x = b.conv_relu(b.conv_relu("image", 3, 64, 3, 2), 64, 64, 3, 2)
    for unit in range(4):
        x = bottleneck(b, x, 256 if unit else 64, 64)
    widths = [18, 36, 72, 144]
    maps = [b.conv_relu(x, 256, widths[0], 3), b.conv_relu(x, 256, widths[1], 3, 2)]
    for modules, branches in ((1, 2), (4, 3), (3, 4)):
        if branches > len(maps):
            maps.append(b.conv_relu(maps[-1], widths[branches - 2], widths[branches - 1], 3, 2))
        for _ in range(modules):
            maps = _exchanged(b, [_branch(b, y, widths[i]) for i, y in enumerate(maps)], widths)
    return b.model(b.head(maps[-1], widths[-1]), IMAGE)


def _branch(b: Builder, x: str, width: int) -> str:
    for _ in range(4):
        y = b.conv(b.conv_relu(x, width, width, 3), width, width, 3)
        x = b.add("Relu", [b.add("Add", [y, x])])
    return x


def _exchanged(b: Builder, maps: list[str], widths: list[int]) -> list[str]:
    """Every resolution becomes the sum of all of them, brought to its own."""
    found = []
    for to in range(len(maps)):
        total = maps[to]
        for source, x in enumerate(maps):
            if source != to:
                total = b.add("Add", [total, _brought(b, x, source, to, widths)])
        found.append(b.add("Relu", [total]))
    return found


def _brought(b: Builder, x: str, source: int, to: int, widths: list[int]) -> str:
    if source > to:
        x = b.conv(x, widths[source], widths[to], 1)
        scale = 2.0 ** (source - to)
        scales = b.add("Constant", [], value_floats=[1.0, 1.0, scale, scale])
        return b.add("Resize", [x, "", scales], mode="nearest", coordinate_transformation_mode="asymmetric")
    for step in range(source, to):
        x = b.conv(x, widths[source], widths[to] if step == to - 1 else widths[source], 3, 2)
    return x
