"""Export small Keras networks with SAME padding of every kind, and keep TensorFlow's map of each in double precision.

    python effective_fields/export_keras.py

needs keras, tensorflow and tf2onnx. The models and `keras.npz` are committed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import onnx
import tensorflow as tf
from keras import layers

FOLDER = Path(__file__).parent / "models"
Layers = Callable[[keras.KerasTensor], keras.KerasTensor]


def residual(x: keras.KerasTensor) -> keras.KerasTensor:
    """Strided convolutions and pools with SAME padding: one more row at the end."""
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 7, 2, padding="same")(x)))
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    y = layers.ReLU()(layers.Conv2D(8, 3, 2, padding="same")(x))
    y = layers.Conv2D(8, 3, padding="same")(y)
    return layers.ReLU()(y + layers.Conv2D(8, 1, 2, padding="same")(x))


def gated(x: keras.KerasTensor) -> keras.KerasTensor:
    """An inverted residual block of EfficientNet, with explicit asymmetric padding and an average pool."""
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = layers.Conv2D(8, 3, 2, activation="silu")(x)
    y = layers.DepthwiseConv2D(5, padding="same", activation="silu")(layers.Conv2D(16, 1)(x))
    g = layers.GlobalAveragePooling2D(keepdims=True)(y)
    g = layers.Conv2D(16, 1, activation="sigmoid")(layers.Conv2D(4, 1, activation="silu")(g))
    x = layers.Conv2D(8, 1)(y * g) + x
    return layers.AveragePooling2D(3, 2, padding="same")(x)


def decoder(x: keras.KerasTensor) -> keras.KerasTensor:
    """Dilated and separable convolutions, upsampling and a transposed convolution."""
    skip = layers.Conv2D(6, 3, padding="same", dilation_rate=2, activation="elu")(x)
    x = layers.SeparableConv2D(8, 3, 2, padding="same", activation="softplus")(skip)
    x = layers.Conv2DTranspose(8, 4, 2, padding="same", activation="leaky_relu")(x)
    x = layers.Concatenate()([x, layers.UpSampling2D(2, interpolation="bilinear")(layers.AveragePooling2D(2)(skip))])
    return layers.Conv2D(4, 3, padding="same")(x)


def causal(x: keras.KerasTensor) -> keras.KerasTensor:
    """Causal dilated convolutions over samples."""
    for dilation in (1, 2, 4):
        x = layers.Conv1D(6, 3, padding="causal", dilation_rate=dilation, activation="tanh")(x)
    return layers.LayerNormalization()(layers.Conv1D(4, 4, 2, padding="same")(x))


def volume(x: keras.KerasTensor) -> keras.KerasTensor:
    """A strided convolution and a pool over volumes."""
    x = layers.Conv3D(4, 3, 2, padding="same", activation="relu")(x)
    return layers.Conv3D(3, 3, padding="same")(layers.MaxPooling3D(2, padding="same")(x))


NETWORKS: dict[str, tuple[Layers, tuple[int, ...]]] = {
    "same-residual": (residual, (40, 48, 3)),
    "same-gated": (gated, (40, 44, 3)),
    "same-decoder": (decoder, (32, 36, 3)),
    "same-causal-1d": (causal, (96, 2)),
    "same-volume-3d": (volume, (10, 14, 16, 1)),
}


def main() -> None:
    """Write the models and the maps."""
    maps = {}
    for number, (name, (build, shape)) in enumerate(NETWORKS.items()):
        keras.utils.set_random_seed(number)
        network = made(build, shape, "float32")
        random = np.random.default_rng(number)
        weights = [random.uniform(0.5, 1.5, w.shape) if w.ndim == 1 else w for w in network.get_weights()]
        network.set_weights(weights)
        x = np.random.default_rng(0).standard_normal((1, *shape), np.float32)
        exact = made(build, shape, "float64")
        exact.set_weights(weights)
        maps[name] = effective_field(exact, x)
        path = FOLDER / f"{name}-keras.onnx"
        network(x)
        network.export(
            path, format="onnx", verbose=False, input_signature=[keras.InputSpec(shape=(1, *shape), dtype="float32")]
        )
        clean(path)
    np.savez_compressed(FOLDER / "keras.npz", **maps)


def made(build: Layers, shape: tuple[int, ...], precision: str) -> keras.Model:
    """The network in a precision."""
    keras.config.set_floatx(precision)
    inputs = keras.Input(shape, batch_size=1)
    return keras.Model(inputs, build(inputs))


def effective_field(network: keras.Model, x: np.ndarray) -> np.ndarray:
    """The sum over channels of the absolute gradient of the sum over the middle cell's channels, as float32."""
    given = tf.constant(x, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(given)
        y = network(given, training=False)
        cell = tf.reduce_sum(y[(0, *(n // 2 for n in y.shape[1:-1]))])
    gradient = tape.gradient(cell, given)
    return np.abs(gradient.numpy()[0]).sum(-1).astype(np.float32)


def clean(path: Path) -> None:
    """Remove what names this machine."""
    model = onnx.load(path)
    model.doc_string = model.graph.doc_string = ""
    del model.metadata_props[:], model.graph.value_info[:]
    for node in model.graph.node:
        node.doc_string = ""
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
