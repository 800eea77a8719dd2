"""Compare `strideinspect erf` with autograd in double precision on large networks, and measure its cost.

    python effective_fields/compare_large.py [resnet50 …]     # needs torch, torchvision, onnx and strideinspect
    python effective_fields/compare_large.py keras-resnet50   # needs keras, tensorflow and tf2onnx instead

Weights are random, batch statistics too. The figures in docs/effective-field.md are the output of this script.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

import strideinspect

SHAPE = (1, 3, 224, 224)
IMAGES = 4
TORCHVISION = ("resnet18", "resnet50", "mobilenet_v2", "efficientnet_b0")
Exported = tuple[np.ndarray, str]
"""The map by autograd, and the index that it is the field of."""


def from_torchvision(name: str, path: Path, x: np.ndarray) -> Exported:
    """Export a network without its head, and compute the map by autograd."""
    import torch

    torch.manual_seed(0)
    # torchvision's own operators, which need a library of the same build as torch, are not used here.
    library = torch.library.Library("torchvision", "DEF")
    for operator in ("nms(Tensor a, Tensor b, float c) -> Tensor", "qnms(Tensor a, Tensor b, float c) -> Tensor"):
        library.define(operator)
    import torchvision

    whole = torchvision.models.get_model(name, weights=None).eval()
    parts = list(whole.children())[:-2] if name.startswith("resnet") else [whole.features]
    network = torch.nn.Sequential(*parts).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    given = torch.from_numpy(x)
    torch.onnx.export(network, (given,), path, verbose=False, dynamo=False, input_names=["image"])
    exact = given.double().requires_grad_()
    y = network.double()(exact)
    row, column = y.shape[2] // 2, y.shape[3] // 2
    y[0, :, row, column].sum().backward()
    return exact.grad[0].abs().sum(0).numpy(), f"{row},{column}"


def from_keras(name: str, path: Path, x: np.ndarray) -> Exported:
    """The same for Keras' ResNet-50, whose images have their channels last."""
    import keras
    import tensorflow as tf

    del name
    keras.utils.set_random_seed(0)
    single = keras.applications.ResNet50(weights=None, include_top=False, input_shape=(224, 224, 3))
    signature = [keras.InputSpec(shape=x.shape, dtype="float32")]
    single.export(path, format="onnx", verbose=False, input_signature=signature)
    keras.config.set_floatx("float64")
    exact = keras.applications.ResNet50(weights=None, include_top=False, input_shape=(224, 224, 3))
    exact.set_weights(single.get_weights())
    given = tf.constant(x, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(given)
        y = exact(given, training=False)
        row, column = y.shape[1] // 2, y.shape[2] // 2
        total = tf.reduce_sum(y[0, row, column])
    return np.abs(tape.gradient(total, given).numpy()[0]).sum(-1), f"{row},{column}"


def compare(name: str) -> str:
    """One row of the table."""
    keras = name.startswith("keras")
    shape = (1, 224, 224, 3) if keras else SHAPE
    export: Callable[[str, Path, np.ndarray], Exported] = from_keras if keras else from_torchvision
    random = np.random.default_rng(0)
    images = [random.standard_normal(shape, np.float32) for _ in range(IMAGES)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        expected, at = export(name, path, images[0])
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        field = strideinspect.erf(path, at=at, data=images[:1])
        first = resource.getrusage(resource.RUSAGE_CHILDREN)
        strideinspect.erf(path, at=at, data=images)
        last = resource.getrusage(resource.RUSAGE_CHILDREN)
    (seen,) = field.inputs
    error = np.linalg.norm(seen.map - expected) / np.linalg.norm(expected)
    start = cpu(first) - cpu(before)
    each = (cpu(last) - cpu(first) - start) / (IMAGES - 1)
    numbers = f"{error:.1e} | {field.checks.adjoint:.1e} | {each:.2f} s | {start:.1f} s"
    sigma = " × ".join(f"{number:.0f}" for number in seen.sigma)
    sizes = "×".join(map(str, seen.theoretical))
    return f"| {name} | {sizes} | {sigma} | {seen.radius[50]:.0f} | {seen.radius[90]:.0f} | {numbers} |"


def cpu(usage: resource.struct_rusage) -> float:
    """Seconds of processor time."""
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    if len(sys.argv) == 2:
        print(compare(sys.argv[1]), flush=True)
    else:
        for network in sys.argv[1:] or TORCHVISION:
            subprocess.run([sys.executable, __file__, network], check=True)
