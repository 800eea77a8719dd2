"""Export the Keras and TensorFlow samples through tf2onnx.

Usage: python sample_models/export_keras.py [NAME...]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import tf2onnx
from expected import HERE, Expected, Field, Window, coarsest_first, field_of, record
from keras import layers
from shrink import shrink

WINDOWS = {
    layers.Conv1D: "Conv",
    layers.Conv2D: "Conv",
    layers.DepthwiseConv2D: "Conv",
    layers.Conv2DTranspose: "ConvTranspose",
    layers.MaxPooling2D: "MaxPool",
    layers.AveragePooling2D: "AveragePool",
}
Shape = tuple[int | None, ...]

# tf2onnx keeps nodes in sets, and their order decides names: let it follow the names, not the addresses in memory.
tf2onnx.graph.Node.__hash__ = lambda node: hash(node.name)


def one_conv(shape: Shape, filters: int, stride: int, padding: str = "valid") -> keras.Model:
    """A single 3×3 convolution."""
    return keras.Sequential([keras.Input(shape), layers.Conv2D(filters, 3, strides=stride, padding=padding)])


def small_cnn(stride: int) -> keras.Model:
    """Three 3×3 convolutions of one stride, and a linear classifier on their average."""
    convolutions = [layers.Conv2D(n, 3, strides=stride, padding="same", activation="relu") for n in (16, 32, 64)]
    return keras.Sequential(
        [keras.Input((64, 64, 3)), *convolutions, layers.GlobalAveragePooling2D(), layers.Dense(10)]
    )


def convolved(image: keras.KerasTensor, filters: int, size: int, stride: int = 1) -> keras.KerasTensor:
    """SAME convolution and batch norm."""
    maps = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(image)
    return layers.BatchNormalization()(maps)


def resnet18() -> keras.Model:
    """ResNet-18 as one writes it in Keras, which ships none: every window padded SAME."""
    image = keras.Input((224, 224, 3))
    maps = layers.ReLU()(convolved(image, 64, 7, stride=2))
    maps = layers.MaxPooling2D(3, strides=2, padding="same")(maps)
    for filters, stride in ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)):
        shortcut = maps if stride == 1 else convolved(maps, filters, 1, stride)
        maps = layers.ReLU()(convolved(maps, filters, 3, stride))
        maps = layers.ReLU()(layers.Add()([convolved(maps, filters, 3), shortcut]))
    return keras.Model(image, layers.Dense(1000)(layers.GlobalAveragePooling2D()(maps)))


def vgg16() -> keras.Model:
    """VGG-16 with one small layer as its head: for its own three, tf2onnx wants more than 20 GB."""
    trunk = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
    return keras.Model(trunk.input, layers.Dense(1000)(layers.GlobalAveragePooling2D()(trunk.output)))


def double_conv(image: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Two 3×3 convolutions that keep the size."""
    maps = layers.Conv2D(filters, 3, padding="same", activation="relu")(image)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(maps)


def unet(size: int | None) -> keras.Model:
    """A U-Net of three levels: max pooling down, transposed convolution up, skips concatenated uncropped."""
    image = keras.Input((size, size, 3))
    maps, skips = image, []
    for filters in (8, 16, 32):
        skips.append(double_conv(maps, filters))
        maps = layers.MaxPooling2D(2)(skips[-1])
    maps = double_conv(maps, 64)
    for filters, skip in zip((32, 16, 8), reversed(skips), strict=True):
        maps = layers.Conv2DTranspose(filters, 2, strides=2)(maps)
        maps = double_conv(layers.Concatenate()([skip, maps]), filters)
    return keras.Model(image, layers.Conv2D(2, 1)(maps))


def dilated(size: int | None) -> keras.Model:
    """Three convolutions at distances of 2, 4 and 3 pixels."""
    image = keras.Input((size, size, 3))
    maps = layers.Conv2D(8, 3, padding="same", dilation_rate=2, activation="relu")(image)
    maps = layers.Conv2D(8, 3, padding="valid", dilation_rate=4, activation="relu")(maps)
    return keras.Model(image, layers.Conv2D(4, 3, padding="same", dilation_rate=3)(maps))


def wavenet(samples: int | None) -> keras.Model:
    """Six causal convolutions, each reaching twice as far back as the one before."""
    sound = maps = keras.Input((samples, 1))
    for distance in (1, 2, 4, 8, 16, 32):
        maps = layers.Conv1D(16, 2, dilation_rate=distance, padding="causal", activation="relu")(maps)
    return keras.Model(sound, layers.Conv1D(8, 1)(maps))


@dataclass(frozen=True)
class Sample:
    """A network and the input shape that it is run with; at `refused`, for dynamic sizes, it fails.

    `rearranged`: tf2onnx gives signals a height of 1, and takes maps apart where dilations meet a dynamic size.
    Not `measured`: a network so deep that its smallest gradients vanish in float32.
    """

    build: Callable[[], keras.Model]
    shape: tuple[int, ...]
    refused: tuple[int, ...] | None = None
    rearranged: bool = False
    measured: bool = True


SMALL, TINY, PHOTO = (1, 10, 10, 3), (1, 7, 7, 1), (1, 224, 224, 3)
SAMPLES = {
    "conv-10x10-valid-stride1": Sample(lambda: one_conv(SMALL[1:], 32, 1), SMALL),
    "conv-10x10-valid-stride2": Sample(lambda: one_conv(SMALL[1:], 32, 2), SMALL),
    "conv-10x10-same-stride1": Sample(lambda: one_conv(SMALL[1:], 32, 1, "same"), SMALL),
    "conv-10x10-same-stride2": Sample(lambda: one_conv(SMALL[1:], 32, 2, "same"), SMALL),
    "conv-dynamic-same-stride2": Sample(lambda: one_conv((None, None, 3), 32, 2, "same"), SMALL),
    "conv-7x7-stride1": Sample(lambda: one_conv(TINY[1:], 1, 1), TINY),
    "conv-7x7-stride2": Sample(lambda: one_conv(TINY[1:], 1, 2), TINY),
    "cnn-stride1": Sample(lambda: small_cnn(1), (1, 64, 64, 3)),
    "cnn-stride2": Sample(lambda: small_cnn(2), (1, 64, 64, 3)),
    "vgg16": Sample(vgg16, PHOTO),
    "resnet18": Sample(resnet18, PHOTO),
    "resnet50": Sample(lambda: keras.applications.ResNet50(weights=None), PHOTO),
    "mobilenetv2": Sample(lambda: keras.applications.MobileNetV2(weights=None), PHOTO),
    "unet": Sample(lambda: unet(128), (1, 128, 128, 3)),
    "unet-dynamic": Sample(lambda: unet(None), (1, 128, 128, 3), refused=(1, 100, 100, 3)),
    "densenet121": Sample(lambda: keras.applications.DenseNet121(weights=None), PHOTO, measured=False),
    "efficientnetb0": Sample(lambda: keras.applications.EfficientNetB0(weights=None), PHOTO),
    "efficientnetb0-dynamic": Sample(
        lambda: keras.applications.EfficientNetB0(weights=None, include_top=False, input_shape=(None, None, 3)), PHOTO
    ),
    "dilated": Sample(lambda: dilated(33), (1, 33, 33, 3)),
    "dilated-dynamic": Sample(lambda: dilated(None), (1, 33, 33, 3), rearranged=True),
    "wavenet": Sample(lambda: wavenet(1000), (1, 1000, 1), rearranged=True),
    "wavenet-dynamic": Sample(lambda: wavenet(None), (1, 1000, 1), rearranged=True),
}
RAW = {"conv-10x10-nhwc-stride1": 1, "conv-10x10-nhwc-stride2": 2}


def windows(model: keras.Model, image: np.ndarray) -> list[Window]:
    """Run `model` and give the shapes that its window layers really put out, in the order of the layers."""
    chosen = [layer for layer in model.layers if type(layer) in WINDOWS]
    maps = keras.Model(model.inputs, [layer.output for layer in chosen])([image])
    return [
        Window(WINDOWS[type(layer)], layer.name, list(layer.strides), list(output.shape[1:-1]))
        for layer, output in zip(chosen, maps if isinstance(maps, list) else [maps], strict=True)
    ]


class Placeless(layers.GlobalAveragePooling2D):
    """A global pooling without a gradient: what it found out about the whole image has no place."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Give the means, as if they came from elsewhere."""
        return tf.stop_gradient(super().call(inputs))


def linear(old: keras.Layer) -> keras.Layer:
    """Give a layer that shows by its gradients all that `old` depends on locally.

    Averages take the place of maxima, whose gradient shows the winner alone.
    """
    if type(old) is layers.MaxPooling2D:
        return layers.AveragePooling2D(old.pool_size, old.strides, old.padding, name=old.name)
    kind = Placeless if type(old) is layers.GlobalAveragePooling2D else old.__class__
    return kind.from_config(old.get_config())


def measured_field(model: keras.Model, shape: tuple[int, ...], windows: list[Window]) -> Field:
    """Ask the gradient tape which rows of a taller image two middle rows of the coarsest map depend on.

    The coarsest map is the last of the smallest ones that grow with the image: those of a gate do not. Every weight
    is positive, so that nothing cancels.
    """
    for taller in (512, 2048):
        twin = enlarged(model, (shape[1] + taller, *shape[2:]), windows[-1].layer)
        layer = next(w.layer for w in coarsest_first(windows) if twin.get_layer(w.layer).output.shape[1] > w.size[0])
        field = field_of(layer, row_gradients(keras.Model(twin.inputs, twin.get_layer(layer).output)))
        if field:
            return field
    raise ValueError(f"the field of {layer} does not fit into the taller image")


def enlarged(model: keras.Model, shape: tuple[int, ...], layer: str) -> keras.Model:
    """Give `model` up to `layer`, for images of this shape and with positive weights."""
    trunk = keras.Model(model.inputs, model.get_layer(layer).output)
    twin = keras.models.clone_model(trunk, input_tensors=[keras.Input(shape)], clone_function=linear)
    for old in twin.layers:
        for weight in old.weights:
            read = weight.shape[:2] if type(old) is layers.DepthwiseConv2D else weight.shape[:-1]
            level = 0 if weight.name in {"bias", "beta", "moving_mean"} else 1 / np.prod(read)
            weight.assign(np.full(weight.shape, level))
    return twin


def row_gradients(twin: keras.Model) -> dict[int, np.ndarray]:
    """Give, per row of its image, the gradients of two middle rows of what `twin` puts out."""
    # Small enough for the ceiling of ReLU6 to be out of reach.
    image = tf.fill((1, *twin.inputs[0].shape[1:]), 1e-4)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(image)
        maps = twin([image], training=False)
        middle = maps.shape[1] // 2
        rows = {row: tf.reduce_sum(maps[:, row]) for row in (middle, middle + 1)}
    others = [axis for axis in range(len(image.shape)) if axis != 1]
    return {row: tf.reduce_sum(tape.gradient(total, image), others).numpy() for row, total in rows.items()}


def refuses(model: keras.Model, shape: tuple[int, ...]) -> bool:
    """Whether the framework itself fails at this input shape."""
    try:
        model(np.ones(shape, np.float32))
    except (ValueError, tf.errors.InvalidArgumentError):
        return True
    return False


def export(name: str, sample: Sample) -> None:
    """Export one Keras sample, shrink the file and record what Keras said of it."""
    keras.utils.set_random_seed(0)
    model, image = sample.build(), np.ones(sample.shape, np.float32)
    output = model(image)
    target = HERE / f"{name}-keras.onnx"
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "raw.onnx")
        model.export(raw, format="onnx", verbose=False)
        shrink(raw, target)
    seen = windows(model, image)
    field = measured_field(model, sample.shape, seen) if sample.measured else None
    if sample.refused and not refuses(model, sample.refused):
        raise ValueError(f"{name} was meant to fail at {sample.refused}")
    inputs = {model.inputs[0].name: list(sample.shape)}
    exporter = f"Keras {keras.__version__} (tf2onnx {tf2onnx.__version__})"
    refused = list(sample.refused) if sample.refused else None
    expected = Expected(exporter, inputs, [list(output.shape)], seen, field, refused)
    record(target, expected, rearranged=sample.rearranged)


def export_raw(name: str, stride: int) -> None:
    """Export TensorFlow's own conv2d on NHWC, padded SAME, with its strides as the four numbers that it takes."""
    strides = (1, stride, stride, 1)

    def conv(image: tf.Tensor) -> tf.Tensor:
        kernel = tf.constant(0.1, shape=(3, 3, 3, 16))  # made in here, or it becomes an input
        return tf.nn.conv2d(image, kernel, strides=strides, padding="SAME")

    output = conv(tf.ones(SMALL))
    tall = tf.ones((1, SMALL[1] + 32, *SMALL[2:]))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(tall)
        rows = {row: tf.reduce_sum(conv(tall)[:, row]) for row in (8, 9)}
    gradients = {row: tf.reduce_sum(tape.gradient(total, tall), (0, 2, 3)).numpy() for row, total in rows.items()}
    field = field_of("tf.nn.conv2d", gradients)
    signature = [tf.TensorSpec(SMALL, tf.float32, name="image")]
    traced = tf.function(conv, input_signature=signature)
    target = HERE / f"{name}-tensorflow.onnx"
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "raw.onnx")
        tf2onnx.convert.from_function(traced, input_signature=signature, opset=15, output_path=str(raw))
        shrink(raw, target)
    seen = [Window("Conv", "tf.nn.conv2d", [stride, stride], list(output.shape[1:3]))]
    exporter = f"TensorFlow {tf.__version__} (tf2onnx {tf2onnx.__version__})"
    record(target, Expected(exporter, {"image": list(SMALL)}, [list(output.shape)], seen, field))


def main(names: list[str]) -> None:
    """Export each sample in a process of its own, for node names come from counters and from the order of sets."""
    quiet = {"PYTHONHASHSEED": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}
    if len(names) != 1 or os.environ.get("PYTHONHASHSEED") != "0":
        for name in names or [*RAW, *SAMPLES]:
            subprocess.run([sys.executable, __file__, name], env=os.environ | quiet, check=True)
    elif names[0] in RAW:
        export_raw(names[0], RAW[names[0]])
    else:
        export(names[0], SAMPLES[names[0]])


if __name__ == "__main__":
    main(sys.argv[1:])
