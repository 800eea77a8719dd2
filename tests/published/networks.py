"""Networks from the literature with a few channels each: what counts is kernels, strides, padding and how they join."""

from __future__ import annotations

from collections.abc import Callable

import onnx

from tests.graph_builder import Attribute, Builder

Tensor = str
Pads = int | str | list[int]
"""The same on all four sides, an auto_pad, or top, left, bottom, right."""
WIDTH = 2  # channels everywhere


class Net:
    """A two-dimensional network; every method appends a layer to the tensor given and returns its output."""

    def __init__(self, size: int, opset: int = 17) -> None:
        self.builder = Builder(opset, (1, WIDTH, size, size))

    def conv(self, x: Tensor, kernel: int | tuple[int, int], stride: int = 1, pads: Pads = 0) -> Tensor:
        """A dense convolution and a ReLU."""
        sides = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        weight = self.builder.weight(WIDTH, WIDTH, *sides)
        return self.builder.add("Relu", [self._window("Conv", [x, weight], stride, pads)])

    def depthwise(self, x: Tensor, kernel: int, stride: int = 1, pads: Pads = 0) -> Tensor:
        """A depthwise convolution."""
        return self._window("Conv", [x, self.builder.weight(WIDTH, 1, kernel, kernel)], stride, pads, group=WIDTH)

    def pool(
        self, x: Tensor, kernel: int, stride: int, pads: Pads = 0, op: str = "MaxPool", ceil_mode: int = 0
    ) -> Tensor:
        """A pooling."""
        return self._window(op, [x], stride, pads, kernel_shape=[kernel] * 2, ceil_mode=ceil_mode)

    def _window(self, op: str, inputs: list[Tensor], stride: int, pads: Pads, **attributes: Attribute) -> Tensor:
        padding: dict[str, Attribute] = {"auto_pad": pads} if isinstance(pads, str) else {"pads": _four(pads)}
        return self.builder.add(op, inputs, strides=[stride] * 2, **padding, **attributes)

    def add(self, left: Tensor, right: Tensor) -> Tensor:
        """A residual sum."""
        return self.builder.add("Add", [left, right])

    def concat(self, *pieces: Tensor) -> Tensor:
        """Branches side by side, brought back to a few channels by a 1×1 convolution (it changes no field)."""
        joined = self.builder.add("Concat", pieces, axis=1)
        return self.builder.add("Conv", [joined, self.builder.weight(WIDTH, WIDTH * len(pieces), 1, 1)])

    def gate(self, x: Tensor) -> Tensor:
        """Squeeze and excite."""
        squeezed = self.builder.add("GlobalAveragePool", [x])
        excited = self.builder.add(
            "Sigmoid", [self.builder.add("Conv", [squeezed, self.builder.weight(WIDTH, WIDTH, 1, 1)])]
        )
        return self.builder.add("Mul", [x, excited])

    def model(self, output: Tensor) -> onnx.ModelProto:
        """The network with this tensor as its output."""
        self.builder.current = output
        return self.builder.model()


def _four(pads: int | list[int]) -> list[int]:
    return [pads] * 4 if isinstance(pads, int) else pads


def alexnet_v2(size: int) -> dict[str, onnx.ModelProto]:
    """TF-Slim's AlexNet v2: 11×11/4 and pools without padding, the rest SAME; one model per endpoint."""
    net = Net(size)
    ends: dict[str, Tensor] = {}
    ends["conv1"] = x = net.conv("x", 11, 4)
    ends["pool1"] = x = net.pool(x, 3, 2)
    ends["conv2"] = x = net.conv(x, 5, pads="SAME_UPPER")
    x = net.pool(x, 3, 2)
    for name in ("conv3", "conv4", "conv5"):
        ends[name] = x = net.conv(x, 3, pads="SAME_UPPER")
    ends["pool5"] = net.pool(x, 3, 2)
    return {name: net.model(end) for name, end in ends.items()}


def vgg16(size: int) -> dict[str, onnx.ModelProto]:
    """VGG-16: 3×3 convolutions and 2×2 pools; one model per endpoint."""
    net = Net(size)
    ends: dict[str, Tensor] = {}
    x = "x"
    for block, depth in enumerate((2, 2, 3, 3, 3), 1):
        for layer in range(1, depth + 1):
            ends[f"conv{block}_{layer}"] = x = net.conv(x, 3, pads=1)
        ends[f"pool{block}"] = x = net.pool(x, 2, 2)
    return {name: net.model(end) for name, end in ends.items()}


def alexnet_caffe(size: int) -> onnx.ModelProto:
    """Caffe's AlexNet up to the classifier, as the onnx package has it: its last pool is padded at the end."""
    net = Net(size)
    x = net.pool(net.conv("x", 11, 4), 3, 2)
    x = net.pool(net.conv(x, 5, pads=2), 3, 2)
    x = net.conv(net.conv(net.conv(x, 3, pads=1), 3, pads=1), 3, pads=1)
    return net.model(net.pool(x, 3, 2, pads=[0, 0, 1, 1]))


Bottleneck = Callable[[Net, Tensor, int], Tensor]


def _stride_in_3x3(net: Net, x: Tensor, stride: int) -> Tensor:
    return net.conv(net.conv(net.conv(x, 1), 3, stride, pads=1), 1)


def _stride_in_1x1(net: Net, x: Tensor, stride: int) -> Tensor:
    return net.conv(net.conv(net.conv(x, 1, stride), 3, pads=1), 1)


def _resnet50(net: Net, x: Tensor, bottleneck: Bottleneck, *, last: bool) -> Tensor:
    """Blocks of 3, 4, 6 and 3 units; each but one has a stride in its first unit, or in its last."""
    for block, depth in enumerate((3, 4, 6, 3)):
        for unit in range(depth):
            at_last = last and unit == depth - 1 and block < 3
            at_first = not last and unit == 0 and block > 0
            stride = 2 if at_last or at_first else 1
            shortcut = net.conv(x, 1, stride) if unit == 0 or stride > 1 else x
            x = net.add(bottleneck(net, x, stride), shortcut)
    return x


def resnet50_slim(size: int) -> onnx.ModelProto:
    """TF-Slim's ResNet-50 v1: the stride sits in the last unit of a block; its pool is padded by SAME."""
    net = Net(size)
    x = net.pool(net.conv("x", 7, 2, pads=3), 3, 2, "SAME_UPPER")
    return net.model(_resnet50(net, x, _stride_in_3x3, last=True))


def resnet50_torchvision(size: int) -> onnx.ModelProto:
    """Torchvision's ResNet-50: the stride sits in the 3×3 of the first unit."""
    net = Net(size)
    x = net.pool(net.conv("x", 7, 2, pads=3), 3, 2, pads=1)
    return net.model(_resnet50(net, x, _stride_in_3x3, last=False))


def resnet50_keras(size: int) -> onnx.ModelProto:
    """Keras' ResNet-50: the stride sits in the first 1×1; padding comes from Pad nodes."""
    net = Net(size)

    def pad(x: Tensor, by: int) -> Tensor:
        amounts = net.builder.constant([0, 0, by, by, 0, 0, by, by])
        return net.builder.add("Pad", [x, amounts])

    x = net.pool(pad(net.conv(pad("x", 3), 7, 2), 1), 3, 2)
    return net.model(_resnet50(net, x, _stride_in_1x1, last=False))


def mobilenet_v2(size: int) -> onnx.ModelProto:
    """MobileNetV2: inverted residuals of 1×1, depthwise 3×3, 1×1."""
    net = Net(size)
    x = net.conv("x", 3, 2, pads=1)
    for depth, first in ((1, 1), (2, 2), (3, 2), (4, 2), (3, 1), (3, 2), (1, 1)):
        for unit in range(depth):
            stride = first if unit == 0 else 1
            y = net.conv(net.depthwise(net.conv(x, 1), 3, stride, pads=1), 1)
            x = net.add(x, y) if unit else y
    return net.model(net.conv(x, 1))


def efficientnet_b0(size: int, *, gates: bool) -> onnx.ModelProto:
    """EfficientNet-B0: inverted residuals with kernels of 3 and 5, with or without squeeze and excite."""
    net = Net(size)
    x = net.conv("x", 3, 2, pads=1)
    for depth, first, kernel in ((1, 1, 3), (2, 2, 3), (2, 2, 5), (3, 2, 3), (3, 1, 5), (4, 2, 5), (1, 1, 3)):
        for unit in range(depth):
            y = net.depthwise(net.conv(x, 1), kernel, first if unit == 0 else 1, pads=kernel // 2)
            y = net.conv(net.gate(y) if gates else y, 1)
            x = net.add(x, y) if unit else y
    return net.model(net.conv(x, 1))


def squeezenet_1_1(size: int) -> onnx.ModelProto:
    """SqueezeNet 1.1 up to its last fire module: a 3×3/2 without padding, pools that round up."""
    net = Net(size)
    x = net.pool(net.conv("x", 3, 2), 3, 2, ceil_mode=1)
    for fires in (2, 2, 4):
        for _ in range(fires):
            squeezed = net.conv(x, 1)
            x = net.concat(net.conv(squeezed, 1), net.conv(squeezed, 3, pads=1))
        x = net.pool(x, 3, 2, ceil_mode=1) if fires == 2 else x
    return net.model(x)


def convnext_tiny(size: int) -> onnx.ModelProto:
    """ConvNeXt-T: a 4×4/4 stem, depthwise 7×7 blocks, 2×2/2 between the stages."""
    net = Net(size)
    x = net.conv("x", 4, 4)
    for stage, depth in enumerate((3, 3, 9, 3)):
        x = net.conv(x, 2, 2) if stage else x
        for _ in range(depth):
            x = net.add(x, net.conv(net.conv(net.depthwise(x, 7, pads=3), 1), 1))
    return net.model(x)


def densenet121(size: int) -> onnx.ModelProto:
    """DenseNet-121: every layer is joined to what came before, 2×2 average pools between the blocks."""
    net = Net(size)
    x = net.pool(net.conv("x", 7, 2, pads=3), 3, 2, pads=1)
    for block, depth in enumerate((6, 12, 24, 16)):
        x = net.pool(net.conv(x, 1), 2, 2, op="AveragePool") if block else x
        for _ in range(depth):
            x = net.concat(x, net.conv(net.conv(x, 1), 3, pads=1))
    return net.model(x)


def inception_v3(size: int) -> onnx.ModelProto:
    """Torchvision's Inception v3 without its classifiers."""
    net = Net(size)
    x = net.conv(net.conv(net.conv("x", 3, 2), 3), 3, pads=1)
    x = net.pool(net.conv(net.conv(net.pool(x, 3, 2), 1), 3), 3, 2)

    def around(x: Tensor) -> Tensor:
        return net.conv(net.pool(x, 3, 1, 1, "AveragePool"), 1)

    def line(x: Tensor, size: int, *, down: bool) -> Tensor:
        half = size // 2
        return (
            net.conv(x, (size, 1), pads=[half, 0, half, 0]) if down else net.conv(x, (1, size), pads=[0, half, 0, half])
        )

    for _ in range(3):
        fives = net.conv(net.conv(x, 1), 5, pads=2)
        x = net.concat(net.conv(x, 1), fives, net.conv(net.conv(net.conv(x, 1), 3, pads=1), 3, pads=1), around(x))
    double = net.conv(net.conv(net.conv(x, 1), 3, pads=1), 3, 2)
    x = net.concat(net.conv(x, 3, 2), double, net.pool(x, 3, 2))
    for _ in range(4):
        seven = line(line(net.conv(x, 1), 7, down=False), 7, down=True)
        twice = line(line(line(line(net.conv(x, 1), 7, down=True), 7, down=False), 7, down=True), 7, down=False)
        x = net.concat(net.conv(x, 1), seven, twice, around(x))
    wide = net.conv(line(line(net.conv(x, 1), 7, down=False), 7, down=True), 3, 2)
    x = net.concat(net.conv(net.conv(x, 1), 3, 2), wide, net.pool(x, 3, 2))
    for _ in range(2):
        middle, deep = net.conv(x, 1), net.conv(net.conv(x, 1), 3, pads=1)
        threes = [line(y, 3, down=down) for y in (middle, deep) for down in (False, True)]
        x = net.concat(net.conv(x, 1), *threes, around(x))
    return net.model(x)
