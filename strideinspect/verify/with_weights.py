"""The model with its own weights, as in production use: for impulses, and to see whether it really does not run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from strideinspect.limits import MOST_BYTES_WITH_WEIGHTS
from strideinspect.model.inline import inline_functions
from strideinspect.model.input_values import store_values
from strideinspect.model.topological_sort import sort_graph
from strideinspect.verify.messages import RunModel
from strideinspect.verify.random_weights import randomise
from strideinspect.verify.refusal import RefusalKind, plain, refusal
from strideinspect.verify.stored_tensors import is_external, stored_tensors
from strideinspect.verify.weightless import UnrunnableError, open_sizes

_EXTERNAL_FOLDER: Final = "session.model_external_initializers_file_folder_path"


def refuses(request: RunModel) -> bool:
    """Whether onnxruntime refuses the model at this size with its own weights; False where they cannot be loaded."""
    try:
        model = model_with_weights(request)
        inputs = request.inputs
        feeds = {entry.name: noise(entry, inputs) for entry in model.graph.input if entry.name in inputs}
    except (UnrunnableError, MemoryError):
        return False
    try:
        session_with_weights(model, Path(request.path).parent).run(None, feeds)
    except Exception as problem:  # noqa: BLE001 - onnxruntime's errors share no base class; any of them is an answer
        return refusal(problem.__cause__ or problem).kind is RefusalKind.MODEL
    return False


def model_with_weights(request: RunModel, *, random: bool = False) -> onnx.ModelProto:
    """The model with its weights and the given values, without declared input sizes.

    With `random`, weights that are in no file are random; else they raise UnrunnableError.
    """
    path = request.path
    size = Path(path).stat().st_size
    if size > MOST_BYTES_WITH_WEIGHTS:
        most = MOST_BYTES_WITH_WEIGHTS >> 20
        raise UnrunnableError(
            f"impulses are sent through files of up to {most:,} MiB; this file has {size >> 20:,} MiB"
        )
    model = inline_functions(path, onnx.load(path, load_external_data=False))
    sort_graph(path, model.graph, nested=True)
    for tensor, _ in stored_tensors(model.graph):
        if random:
            randomise(tensor, Path(path).parent)
        _check_external(tensor, Path(path).parent)
    open_sizes(model.graph, request.inputs)
    store_values(model.graph, request.values)
    return model


def _check_external(tensor: onnx.TensorProto, folder: Path) -> None:
    """Raise UnrunnableError for missing weights, and for files outside the model's folder."""
    if not is_external(tensor):
        return
    location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
    file = (folder / location).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise UnrunnableError(f"its weights are outside its folder, in {location!r}")
    if not file.is_file():
        raise UnrunnableError(f"its weights are missing: there is no file {location!r} next to the model")


def session_with_weights(model: onnx.ModelProto, folder: Path) -> onnxruntime.InferenceSession:
    """A silent CPU session with the default optimisations, as in production use."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    name = str(folder)
    if name == name.encode("utf-8", "replace").decode(
        "utf-8"
    ):  # onnxruntime knows no other; weights may be in the file
        options.add_session_config_entry(_EXTERNAL_FOLDER, name)
    try:
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as problem:
        raise UnrunnableError(f"the model with its weights cannot be started: {plain(problem)}") from problem


def noise(entry: onnx.ValueInfoProto, inputs: Mapping[str, tuple[int, ...]], seed: int = 0) -> np.ndarray:
    """An input of random values, the same in every run; zeros for wide integers, which may be indices or sizes.

    Strings are empty.
    """
    dtype = helper.tensor_dtype_to_np_dtype(entry.type.tensor_type.elem_type)
    random = np.random.default_rng(seed)
    shape = inputs[entry.name]
    if dtype.kind in "iu" and dtype.itemsize == 1:
        return random.integers(0, 256, shape, np.uint8).view(dtype)
    if dtype.kind in "biu":
        return np.zeros(shape, dtype)
    if dtype.kind == "O":
        return np.full(shape, "", dtype)
    return random.normal(size=shape).astype(dtype)
