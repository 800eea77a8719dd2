"""Export the usual networks by PyTorch's two exporters into a folder outside the repository.

Usage: python real_models/export_pytorch.py FOLDER [NAME...]

Needs what `sample_models/requirements-pytorch.txt` says. A file is called after its network, the size that it was
exported at and the exporter: `resnet18-224-dynamo.onnx`. Files that are there already are not written again.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "sample_models"))

# The plain torchvision wheel, installed without its compiled operators, asks for these two on import.
DETECTION = torch.library.Library("torchvision", "DEF")
DETECTION.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
DETECTION.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
DETECTION.impl("nms", lambda _dets, scores, _threshold: torch.argsort(scores, descending=True), "CPU")

import image_networks  # noqa: E402
import pytorch_networks as samples  # noqa: E402  (of sample_models)
import signal_networks  # noqa: E402
import timm  # noqa: E402
from shrink import shrink  # noqa: E402  (of sample_models)
from torchvision import extension, models  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

Shape = tuple[int, ...]


def _operators_exist() -> bool:
    """What torchvision's scripted post-processing asks before it takes the operators defined above."""
    return True


extension._has_ops = _operators_exist  # noqa: SLF001 - there is no other way to say so
# Weights beyond this many bytes are replaced by one number each; all else of the file stays.
HEAVY = 30_000_000


@dataclass(frozen=True)
class Network:
    """A network, the sizes that it is exported at, and the axes that an export leaves open.

    The first size is what the network was designed for; the others are exported by the last exporter alone.
    """

    build: Callable[[], nn.Module]
    shapes: tuple[Shape, ...]
    open_axes: dict[int, str] = field(default_factory=dict)
    exporters: tuple[str, ...] = ("dynamo", "torchscript")


def image(*sizes: int) -> tuple[Shape, ...]:
    """One square RGB image per size."""
    return tuple((1, 3, size, size) for size in sizes)


def vision(name: str) -> Callable[[], nn.Module]:
    """A classifier of torchvision with random weights."""
    options = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    return lambda: models.get_model(name, weights=None, **options)


def segmentation(name: str) -> Callable[[], nn.Module]:
    """A segmentation network of torchvision, its main output alone."""
    network = getattr(models.segmentation, name)
    return lambda: image_networks.Output(network(weights=None, weights_backbone=None), "out")


def detection(name: str, wrapper: Callable[[nn.Module], nn.Module]) -> Callable[[], nn.Module]:
    """A detector of torchvision, whole or cut behind its heads."""
    network = getattr(models.detection, name)
    return lambda: wrapper(network(weights=None, weights_backbone=None))


def timm_network(name: str) -> Callable[[], nn.Module]:
    """A classifier of timm with random weights."""
    return lambda: timm.create_model(name, exportable=True)


BATCH, SIZES = {0: "batch"}, {2: "height", 3: "width"}
TORCHSCRIPT, DYNAMO = ("torchscript",), ("dynamo",)
NETWORKS = {
    "alexnet": Network(vision("alexnet"), image(224, 231)),
    "vgg16": Network(vision("vgg16"), image(224, 231)),
    "resnet18": Network(vision("resnet18"), image(224, 225)),
    "resnet50": Network(vision("resnet50"), image(224, 231)),
    "mobilenetv2": Network(vision("mobilenet_v2"), image(224, 225)),
    "mobilenetv3": Network(vision("mobilenet_v3_large"), image(224, 231)),
    "efficientnetb0": Network(vision("efficientnet_b0"), image(224, 225)),
    "densenet121": Network(vision("densenet121"), image(224, 231)),
    "inceptionv3": Network(vision("inception_v3"), image(299, 300)),
    "googlenet": Network(vision("googlenet"), image(224, 231)),
    "shufflenetv2": Network(vision("shufflenet_v2_x1_0"), image(224, 225)),
    "squeezenet11": Network(vision("squeezenet1_1"), image(224, 231)),
    "squeezenet11-open": Network(vision("squeezenet1_1"), image(224), BATCH | SIZES, exporters=TORCHSCRIPT),
    "regnet": Network(vision("regnet_y_400mf"), image(224, 225), exporters=TORCHSCRIPT),
    "mnasnet": Network(vision("mnasnet0_5"), image(224), exporters=TORCHSCRIPT),
    "resnext50": Network(vision("resnext50_32x4d"), image(224), exporters=DYNAMO),
    "convnext": Network(vision("convnext_tiny"), image(224, 231)),
    "swin": Network(vision("swin_t"), image(224, 225)),
    "vit": Network(vision("vit_b_16"), image(224), exporters=DYNAMO),
    "maxvit": Network(vision("maxvit_t"), image(224), exporters=DYNAMO),
    "mobilevit": Network(timm_network("mobilevit_s"), image(256), exporters=TORCHSCRIPT),
    "hrnet": Network(timm_network("hrnet_w18_small"), image(224), exporters=TORCHSCRIPT),
    "ghostnet": Network(timm_network("ghostnet_100"), image(224), exporters=DYNAMO),
    "repvgg": Network(timm_network("repvgg_a0"), image(224), exporters=DYNAMO),
    "pvtv2": Network(timm_network("pvt_v2_b0"), image(224), exporters=TORCHSCRIPT),
    "poolformer": Network(timm_network("poolformer_s12"), image(224), exporters=DYNAMO),
    "levit": Network(timm_network("levit_128s"), image(224), exporters=DYNAMO),
    "coatnet": Network(timm_network("coatnet_nano_rw_224"), image(224), exporters=TORCHSCRIPT),
    "edgenext": Network(timm_network("edgenext_small"), image(256), exporters=DYNAMO),
    "tf-efficientnetb0": Network(timm_network("tf_efficientnet_b0"), image(224, 225), exporters=TORCHSCRIPT),
    "resnet18-blur": Network(timm_network("resnetblur18"), image(224), exporters=DYNAMO),
    "deeplabv3": Network(segmentation("deeplabv3_mobilenet_v3_large"), image(520, 513), exporters=TORCHSCRIPT),
    "deeplabv3-open": Network(
        segmentation("deeplabv3_mobilenet_v3_large"), image(520), BATCH | SIZES, exporters=DYNAMO
    ),
    "fcn": Network(segmentation("fcn_resnet50"), image(520), exporters=TORCHSCRIPT),
    "lraspp": Network(segmentation("lraspp_mobilenet_v3_large"), image(520, 513), exporters=TORCHSCRIPT),
    "retinanet": Network(
        detection("retinanet_resnet50_fpn", image_networks.RawHeads), image(512, 500), exporters=TORCHSCRIPT
    ),
    "ssdlite": Network(
        detection("ssdlite320_mobilenet_v3_large", image_networks.RawHeads), image(320), exporters=TORCHSCRIPT
    ),
    "ssdlite-whole": Network(
        detection("ssdlite320_mobilenet_v3_large", image_networks.WholeDetector),
        ((3, 320, 320),),
        exporters=TORCHSCRIPT,
    ),
    "unet-groupnorm": Network(image_networks.GroupNormUNet, image(128)),
    "unet-groupnorm-open": Network(image_networks.GroupNormUNet, image(128), BATCH | SIZES, TORCHSCRIPT),
    "unet-volume": Network(image_networks.UNet3d, ((1, 1, 32, 48, 48),), exporters=DYNAMO),
    "segnet": Network(image_networks.SegNet, image(128), exporters=DYNAMO),
    "super-resolution": Network(image_networks.SuperResolution, image(48), BATCH | SIZES, exporters=TORCHSCRIPT),
    "video-resnet": Network(lambda: models.video.r3d_18(weights=None), ((1, 3, 16, 112, 112),), exporters=TORCHSCRIPT),
    "tcn": Network(signal_networks.TemporalConvolutions, ((1, 8, 200),)),
    "tcn-open": Network(signal_networks.TemporalConvolutions, ((1, 8, 200),), BATCH | {2: "time"}, TORCHSCRIPT),
    "lstm-unrolled": Network(lambda: signal_networks.UnrolledRecurrence(nn.LSTMCell(16, 32), 12), ((1, 12, 16),)),
    "gru-unrolled": Network(
        lambda: signal_networks.UnrolledRecurrence(nn.GRUCell(16, 32), 12), ((1, 12, 16),), exporters=DYNAMO
    ),
    "hifigan": Network(signal_networks.HifiGenerator, ((1, 80, 64),), {2: "frames"}, exporters=TORCHSCRIPT),
    "wav2vec-features": Network(signal_networks.speech_features, ((1, 1, 16000), (1, 1, 15760)), exporters=TORCHSCRIPT),
    "speech-encoder": Network(signal_networks.SpeechEncoder, ((1, 80, 1000),), exporters=DYNAMO),
    "eegnet": Network(signal_networks.BrainSignals, ((1, 1, 22, 256),), exporters=TORCHSCRIPT),
    "demucs": Network(signal_networks.Demucs, ((1, 1, 16020),), exporters=TORCHSCRIPT),
    "keywords": Network(signal_networks.KeywordSpotter, ((1, 1, 49, 10),), exporters=TORCHSCRIPT),
    "pointnet": Network(signal_networks.PointClassifier, ((1, 3, 1024),), {0: "batch", 2: "points"}, exporters=DYNAMO),
    "yolo": Network(lambda: samples.Detector(decode=True), image(640)),
    "yolo-open": Network(lambda: samples.Detector(decode=False), image(640), BATCH | SIZES, exporters=TORCHSCRIPT),
    "crnn-open": Network(samples.TextReader, ((1, 1, 32, 320),), {0: "batch", 3: "width"}, TORCHSCRIPT),
    "feature-pyramid": Network(samples.FeaturePyramid, image(225), exporters=TORCHSCRIPT),
    "wavenet": Network(samples.WaveNet, ((1, 1, 16000),), exporters=DYNAMO),
}


def export(network: Network, shape: Shape, exporter: str, target: Path) -> None:
    """Write one export to `target`."""
    torch.manual_seed(0)
    model, example, axes = network.build().eval(), torch.rand(shape), network.open_axes
    options: dict[str, object] = {"dynamo": exporter == "dynamo", "external_data": False, "input_names": ["input"]}
    if axes and exporter == "dynamo":
        options["dynamic_shapes"] = (dict.fromkeys(axes, torch.export.Dim.AUTO),)
    elif axes:
        options["dynamic_axes"] = {"input": axes}
    if exporter == "dynamo":
        options["verbose"] = False
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "raw.onnx")
        torch.onnx.export(model, (example,), raw, **options)
        if raw.stat().st_size > HEAVY:
            shrink(raw, target)
        else:
            target.write_bytes(raw.read_bytes())


def main(folder: Path, chosen: list[str]) -> None:
    """Write every export that is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, network in NETWORKS.items():
        if chosen and name not in chosen:
            continue
        for shape in network.shapes:
            for exporter in network.exporters if shape == network.shapes[0] else network.exporters[-1:]:
                target = folder / f"{name}-{shape[-1]}-{exporter}.onnx"
                if not target.exists():
                    export(network, shape, exporter, target)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    torch.backends.mha.set_fastpath_enabled(False)  # or TorchScript meets an operator that ONNX lacks
    with torch.no_grad():
        main(Path(sys.argv[1]), sys.argv[2:])
