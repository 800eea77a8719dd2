"""Export the usual Keras networks through tf2onnx into a folder outside the repository.

Usage: python real_models/export_keras.py FOLDER [NAME...]

Needs what `sample_models/requirements-keras.txt` says. A file is called after its network, the size that it was
exported at and the exporter: `resnet50-224-keras.onnx`. Files that are there already are not written again.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import tf2onnx

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "sample_models"))

from shrink import shrink  # noqa: E402  (of sample_models)

# tf2onnx keeps nodes in sets, and their order decides names: let it follow the names, not the addresses in memory.
tf2onnx.graph.Node.__hash__ = lambda node: hash(node.name)

NETWORKS = {
    "resnet50": keras.applications.ResNet50,
    "mobilenetv2": keras.applications.MobileNetV2,
    "mobilenetv3": keras.applications.MobileNetV3Large,
    "efficientnetb0": keras.applications.EfficientNetB0,
    "inceptionv3": keras.applications.InceptionV3,
    "xception": keras.applications.Xception,
}
# The first size of each is what the network was designed for; None leaves the size open.
SIZES: dict[str, tuple[int | None, ...]] = {
    "resnet50": (224, 225),
    "mobilenetv2": (224, None),
    "mobilenetv3": (224,),
    "efficientnetb0": (224, 225),
    "inceptionv3": (299,),
    "xception": (299,),
}


def export(name: str, size: int | None, target: Path) -> None:
    """Write one export with random weights to `target`."""
    keras.utils.set_random_seed(0)
    model = NETWORKS[name](weights=None, include_top=size is not None, input_shape=(size, size, 3))
    model(np.ones((1, size or 224, size or 224, 3), np.float32))  # Keras exports no model that was never called
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "raw.onnx")
        model.export(raw, format="onnx", verbose=False)
        shrink(raw, target)


def main(folder: Path, chosen: list[str]) -> None:
    """Write every export that is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, sizes in SIZES.items():
        for size in sizes:
            target = folder / f"{name}-{size or 'open'}-keras.onnx"
            if not target.exists() and (not chosen or name in chosen):
                export(name, size, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
