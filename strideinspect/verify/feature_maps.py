"""Feature maps of one picture, by running the model with its own weights; in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx

from strideinspect.verify.messages import RunModel
from strideinspect.verify.with_weights import model_with_weights, noise, session_with_weights

CHANNELS = 6
"""So many channels of a map are shown."""

Channel = tuple[int, np.ndarray]
"""Its number, and its values."""


def feature_maps(
    request: RunModel, tensors: Mapping[str, Sequence[int]], input: str, picture: np.ndarray
) -> dict[str, list[Channel]]:
    """The channels that vary most of some tensors, given with their spatial axes; other inputs are noise.

    Raises whatever onnxruntime raises, and UnrunnableError for weights that cannot be read.
    """
    model = model_with_weights(request)
    there = {output.name for output in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors if name not in there)
    feeds = {entry.name: noise(entry, request.inputs) for entry in model.graph.input if entry.name in request.inputs}
    feeds[input] = picture.astype(feeds[input].dtype)
    values = session_with_weights(model, Path(request.path).parent).run([*tensors], feeds)
    found = ((name, _channels(value, axes)) for (name, axes), value in zip(tensors.items(), values, strict=True))
    return {name: channels for name, channels in found if channels}


def _channels(value: np.ndarray, axes: Sequence[int]) -> list[Channel]:
    """The channels of the first picture of a batch that vary most, each with its two axes; none where all are even."""
    others = [axis for axis in range(value.ndim) if axis not in axes]
    maps = np.moveaxis(value.astype(np.float64), others, range(len(others))).reshape(
        -1, *(value.shape[a] for a in axes)
    )
    spread = np.nan_to_num(maps.std(axis=(1, 2)))
    order = np.argsort(-spread, kind="stable")[:CHANNELS]
    return [(int(number), maps[number].astype(np.float32)) for number in order if spread[number] > 0]
