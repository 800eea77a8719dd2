"""Export the PyTorch samples by PyTorch's two exporters, and quantise one of them with onnxruntime.

Usage: python sample_models/export_pytorch.py [NAME...]
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from expected import HERE, Expected, record
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from pytorch_networks import (
    AlexNetStem,
    Detector,
    FeaturePyramid,
    Siamese,
    SpatialTransformer,
    TextReader,
    UNet,
    WaveNet,
    dcgan_discriminator,
    dcgan_generator,
    espcn,
    small_cnn,
)
from pytorch_observed import Watch, measured_field, refuses
from shrink import shrink
from torch import nn

# The plain torchvision wheel, installed without its compiled operators, asks for these two on import.
DETECTION = torch.library.Library("torchvision", "DEF")
DETECTION.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
DETECTION.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import timm  # noqa: E402  (only importable once the operators above are defined)
from torchvision import models  # noqa: E402

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Sample:
    """A network and the images that it is exported with.

    `dynamic` names the axes of the images that are left open, `refused` is a shape at which the network then fails.
    Where several exports differ in little, one will do: `exporters`. `measured` tells whether there is a field to be
    had.
    """

    build: Callable[[], nn.Module]
    shapes: dict[str, Shape]
    dynamic: dict[int, str] = field(default_factory=dict)
    refused: Shape | None = None
    exporters: tuple[str, ...] = ("dynamo", "torchscript")
    measured: bool = True


def image(*shape: int) -> dict[str, Shape]:
    """One batch of one image."""
    return {"image": (1, *shape)}


def inception() -> nn.Module:
    """Inception v3 without the changes to its input that its trained weights ask for."""
    return models.inception_v3(weights=None, init_weights=False, transform_input=False)


class Scores(nn.Module):
    """The scores per pixel alone, out of all that torchvision's segmentation networks give."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Give scores per pixel."""
        return self.network(image)["out"]


def deeplab() -> nn.Module:
    """DeepLab v3 on MobileNet v3."""
    return Scores(models.segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None))


def swin() -> nn.Module:
    """Swin-T with two blocks in its third stage instead of six."""
    return models.SwinTransformer(
        [4, 4], embed_dim=96, depths=[2, 2, 2, 2], num_heads=[3, 6, 12, 24], window_size=[7, 7]
    )


PHOTO, ANY = image(3, 224, 224), {2: "height", 3: "width"}
DYNAMO, TORCHSCRIPT = ("dynamo",), ("torchscript",)
SAMPLES = {
    "conv-padded-stride1": Sample(lambda: nn.Conv2d(3, 16, 3, stride=1, padding=1), image(3, 32, 32)),
    "conv-padded-stride2": Sample(lambda: nn.Conv2d(3, 16, 3, stride=2, padding=1), image(3, 32, 32)),
    "conv-7x7-stride1": Sample(lambda: nn.Conv2d(1, 1, 3, stride=1), image(1, 7, 7)),
    "conv-7x7-stride2": Sample(lambda: nn.Conv2d(1, 1, 3, stride=2), image(1, 7, 7)),
    "cnn-stride1": Sample(lambda: small_cnn(1), image(3, 64, 64)),
    "cnn-stride2": Sample(lambda: small_cnn(2), image(3, 64, 64)),
    "alexnet-stem": Sample(AlexNetStem, PHOTO),
    "vgg16": Sample(lambda: models.vgg16(weights=None), PHOTO),
    "resnet18": Sample(lambda: models.resnet18(weights=None), PHOTO),
    "resnet50": Sample(lambda: models.resnet50(weights=None), PHOTO),
    "mobilenetv2": Sample(lambda: models.mobilenet_v2(weights=None), PHOTO),
    "squeezenet11": Sample(lambda: models.squeezenet1_1(weights=None), PHOTO),
    "unet": Sample(UNet, image(3, 128, 128)),
    "unet-dynamic": Sample(UNet, image(3, 128, 128), ANY, refused=(1, 3, 100, 100)),
    "densenet121": Sample(lambda: models.densenet121(weights=None), PHOTO, exporters=TORCHSCRIPT),
    "inceptionv3": Sample(inception, image(3, 299, 299)),
    "efficientnetb0": Sample(lambda: models.efficientnet_b0(weights=None), PHOTO, exporters=TORCHSCRIPT),
    "efficientnetb0-dynamic": Sample(lambda: models.efficientnet_b0(weights=None), PHOTO, ANY, exporters=DYNAMO),
    "shufflenetv2": Sample(lambda: models.shufflenet_v2_x1_0(weights=None), PHOTO, exporters=DYNAMO),
    "shufflenetv2-dynamic": Sample(lambda: models.shufflenet_v2_x1_0(weights=None), PHOTO, ANY, exporters=TORCHSCRIPT),
    "deeplabv3": Sample(deeplab, image(3, 257, 257), exporters=DYNAMO),
    "deeplabv3-dynamic": Sample(deeplab, image(3, 257, 257), ANY, exporters=TORCHSCRIPT),
    "hrnet": Sample(lambda: timm.create_model("hrnet_w18_small"), image(3, 256, 192), exporters=TORCHSCRIPT),
    "resnetblur18": Sample(lambda: timm.create_model("resnetblur18"), PHOTO),
    "convnext": Sample(lambda: models.convnext_tiny(weights=None), PHOTO, exporters=TORCHSCRIPT),
    "swin": Sample(swin, PHOTO, exporters=DYNAMO),
    "vit": Sample(lambda: models.vit_b_16(weights=None), PHOTO, exporters=TORCHSCRIPT, measured=False),
    "resnet3d": Sample(lambda: models.video.r3d_18(weights=None), {"video": (1, 3, 16, 112, 112)}),
    "fpn": Sample(FeaturePyramid, image(3, 250, 333), exporters=TORCHSCRIPT),
    "fpn-dynamic": Sample(FeaturePyramid, image(3, 256, 256), ANY, exporters=DYNAMO),
    "espcn": Sample(espcn, image(1, 32, 32)),
    "espcn-dynamic": Sample(espcn, image(1, 32, 40), ANY),
    "dcgan-generator": Sample(dcgan_generator, {"noise": (1, 100, 1, 1)}),
    "dcgan-discriminator": Sample(dcgan_discriminator, image(3, 64, 64)),
    "wavenet": Sample(WaveNet, {"sound": (1, 1, 4096)}, exporters=DYNAMO),
    "wavenet-dynamic": Sample(WaveNet, {"sound": (1, 1, 4096)}, {2: "samples"}, exporters=TORCHSCRIPT),
    "yolo": Sample(lambda: Detector(decode=True), image(3, 320, 320)),
    "yolo-dynamic": Sample(lambda: Detector(decode=False), image(3, 320, 320), ANY, exporters=DYNAMO),
    "siamese": Sample(Siamese, {"template": (1, 3, 127, 127), "search": (1, 3, 255, 255)}, measured=False),
    "spatial-transformer": Sample(SpatialTransformer, image(1, 28, 28)),
    "crnn": Sample(TextReader, {"line": (1, 1, 32, 100)}, exporters=DYNAMO),
    "crnn-dynamic": Sample(TextReader, {"line": (1, 1, 32, 100)}, {3: "width"}, exporters=TORCHSCRIPT),
}
QUANTISED = {"resnet18-qdq": QuantFormat.QDQ, "resnet18-qoperator": QuantFormat.QOperator}


def observed(name: str, sample: Sample) -> tuple[nn.Module, Expected]:
    """Build one network and let PyTorch say what it does."""
    torch.manual_seed(0)
    model, images = sample.build().eval(), [torch.ones(shape) for shape in sample.shapes.values()]
    with Watch(model) as watch:
        output = model(*images)
    if sample.refused and not refuses(model, sample.refused):
        raise ValueError(f"{name} was meant to fail at {sample.refused}")
    outputs = [list(each.shape) for each in (output if isinstance(output, tuple) else (output,))]
    inputs = {name: list(shape) for name, shape in sample.shapes.items()}
    field = measured_field(model, *sample.shapes.values(), watch.windows) if sample.measured else None
    return model, Expected("", inputs, outputs, watch.windows, field, sample.refused and list(sample.refused))


def write(model: nn.Module, sample: Sample, exporter: str, path: Path) -> None:
    """Export `model` as PyTorch does, weights and all."""
    names, axes = list(sample.shapes), sample.dynamic
    options = {
        "dynamo": {"dynamic_shapes": (axes,) * len(names) if axes else None, "verbose": False},
        "torchscript": {"dynamic_axes": dict.fromkeys(names, axes) if axes else None},
    }
    images = tuple(torch.ones(shape) for shape in sample.shapes.values())
    given = {"input_names": names, "external_data": False, "dynamo": exporter == "dynamo", **options[exporter]}
    torch.onnx.export(model, images, path, **given)


def export(name: str, sample: Sample) -> None:
    """Export one sample, shrink the files and record what PyTorch said of the network."""
    model, expected = observed(name, sample)
    version, titles = torch.__version__.partition("+")[0], {"dynamo": "torch.export", "torchscript": "TorchScript"}
    for exporter in sample.exporters:
        target = HERE / f"{name}-{exporter}.onnx"
        with tempfile.TemporaryDirectory() as folder:
            raw = Path(folder, "raw.onnx")
            write(model, sample, exporter, raw)
            shrink(raw, target)
        record(target, replace(expected, exporter=f"PyTorch {version} ({titles[exporter]})"))


class Noise(CalibrationDataReader):
    """Two images of noise: what the ranges of a network without training are made of."""

    def __init__(self, shapes: dict[str, Shape]) -> None:
        draw = np.random.default_rng(0)
        self.images = [{name: draw.normal(size=shape).astype("float32") for name, shape in shapes.items()}] * 2

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Give the next image, as long as there is one."""
        return self.images.pop() if self.images else None


def export_quantised(name: str, form: QuantFormat) -> None:
    """Quantise ResNet-18 to int8: pairs of QuantizeLinear and DequantizeLinear, or operators of their own."""
    sample = SAMPLES["resnet18"]
    model, expected = observed(name, sample)
    target = HERE / f"{name}.onnx"
    with tempfile.TemporaryDirectory() as folder:
        raw, ready, quantised = (Path(folder, f"{stage}.onnx") for stage in ("raw", "ready", "quantised"))
        write(model, sample, "torchscript", raw)
        quant_pre_process(raw, ready, skip_symbolic_shape=True)
        quantize_static(ready, quantised, Noise(sample.shapes), quant_format=form)
        shrink(quantised, target)
    ops = {"Conv": "QLinearConv"} if form is QuantFormat.QOperator else {}
    windows = [replace(window, op=ops.get(window.op, window.op)) for window in expected.windows]
    record(
        target, replace(expected, exporter=f"onnxruntime {onnxruntime.__version__} (quantize_static)", windows=windows)
    )


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    torch.backends.mha.set_fastpath_enabled(False)  # or TorchScript meets an operator that ONNX lacks
    with torch.no_grad():
        for chosen in sys.argv[1:] or [*SAMPLES, *QUANTISED]:
            if chosen in QUANTISED:
                export_quantised(chosen, QUANTISED[chosen])
            else:
                export(chosen, SAMPLES[chosen])
