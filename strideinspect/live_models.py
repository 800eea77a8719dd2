"""`inspect_module`: a PyTorch module or a Keras model that lives in this process, exported by its own framework."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from strideinspect.api import inspect
from strideinspect.errors import UnsupportedModelError, UsageError
from strideinspect.settings import Settings, Verify, overridden

if TYPE_CHECKING:
    from strideinspect.results.report import Report


def inspect_module(
    module: object,
    example_inputs: object = None,
    *,
    name: str | None = None,
    verify: Verify | None = None,
    verify_timeout: float | None = None,
    tensors: str | Sequence[str] | None = None,
    select: str | Sequence[str] | None = None,
    ignore: str | Sequence[str] | None = None,
    expect: str | Sequence[str] | None = None,
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Inspect a PyTorch module or a Keras model at the size of example inputs.

    The framework's own exporter writes it to a temporary file: PyTorch's newer one where onnxscript is installed, else
    the one that traces; Keras' `export` (with TensorFlow it needs tf2onnx). The module is exported as it is evaluated,
    and is afterwards in the mode in which it was before.

    Args:
        module: A `torch.nn.Module` or a `keras.Model`.
        example_inputs: For PyTorch one tensor, a sequence of arguments, or a mapping of keyword arguments, on the
            module's device. For Keras one array or a list of them; without, one input of the size that the
            model was built with.
        name: What the report calls the model; by default the name of its class.
        verify: As for `inspect`, like all that follow.
        verify_timeout: Seconds.
        tensors: Patterns (fnmatch) of tensor, node or layer names.
        select: Rules or groups.
        ignore: Rules or groups.
        expect: Assertions on geometry.
        settings: What holds where an argument is None.
        progress: Called with a line of text at each stage.

    Returns:
        The report of the exported model; its `path` is the name.

    Raises:
        UsageError: It is neither, or PyTorch is given no example inputs.
        UnsupportedModelError: The framework cannot export it.
        StrideinspectError: As for `inspect`.
    """
    export = _exporter(module)
    # Before the export, which may take minutes: a value that an option cannot have is told at once.
    asked = overridden(
        Settings() if settings is None else settings,
        verify=verify,
        verify_timeout=verify_timeout,
        tensors=tensors,
        select=select,
        ignore=ignore,
        expect=expect,
    )
    title = name or type(module).__name__
    with tempfile.TemporaryDirectory(prefix="strideinspect-") as folder:
        file = Path(folder) / "model.onnx"
        try:
            export(module, example_inputs, file)
        except UsageError:
            raise
        except Exception as error:  # an exporter may raise anything
            why = _first_cause(error)
            raise UnsupportedModelError(
                f"{title}: its framework cannot export it to ONNX: {why}",
                "call the framework's exporter to see more, and inspect the file that it writes",
            ) from error
        report = inspect(file, tensors=tensors, settings=asked, progress=progress)
    return structs.replace(report, path=title)


def _first_cause(error: BaseException) -> str:
    """What went wrong at first, in a line: exporters wrap it in advice of their own."""
    while error.__cause__ is not None:
        error = error.__cause__
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _exporter(module: object) -> Callable[[Any, object, Path], None]:
    """How to export it, told by its classes: no framework is imported that the caller has not imported."""
    ancestors = {f"{base.__module__.partition('.')[0]}.{base.__name__}" for base in type(module).__mro__}
    if "torch.Module" in ancestors:
        return _export_pytorch
    if "keras.Model" in ancestors:
        return _export_keras
    what = module.__name__ if isinstance(module, type) else type(module).__name__
    raise UsageError(
        f"inspect_module takes a torch.nn.Module or a keras.Model, not {what}",
        "give an instance, not the class" if isinstance(module, type) else "for a file, call inspect(path)",
    )


def _export_pytorch(module: Any, example_inputs: object, file: Path) -> None:  # noqa: ANN401  # torch is not installed
    import torch

    arguments: tuple[object, ...] = ()
    keywords: dict[str, object] = {}
    match example_inputs:
        case None:
            raise UsageError(
                "PyTorch exports a module by running it: it needs example inputs",
                "write inspect_module(module, torch.zeros(1, 3, 224, 224))",
            )
        case Mapping():
            keywords = dict(example_inputs)
        case tuple() | list():
            arguments = tuple(example_inputs)
        case _:
            arguments = (example_inputs,)
    newer = find_spec("onnxscript") is not None
    with _evaluated(module), torch.no_grad():
        torch.onnx.export(module, arguments, str(file), kwargs=keywords, dynamo=newer, verbose=False)


@contextmanager
def _evaluated(module: Any) -> Iterator[None]:  # noqa: ANN401  # torch is not installed
    """Put a module into evaluation mode for a while; parts of it may have been in another mode than the whole."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def _export_keras(model: Any, example_inputs: object, file: Path) -> None:  # noqa: ANN401  # keras is not installed
    import keras

    if example_inputs is None:
        given = [((1, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs or ()]
        if not given or any(size is None for shape, _ in given for size in shape):
            raise UsageError(
                "the Keras model leaves sizes open: it needs example inputs",
                "write inspect_module(model, numpy.zeros((1, 224, 224, 3)))",
            )
    else:
        arrays: Sequence[Any] = example_inputs if isinstance(example_inputs, list | tuple) else [example_inputs]
        given = [(keras.ops.shape(array), array.dtype) for array in arrays]
    specs = [
        keras.InputSpec(shape=tuple(shape), dtype=keras.backend.standardize_dtype(dtype)) for shape, dtype in given
    ]
    zeros = [keras.ops.zeros(spec.shape, spec.dtype) for spec in specs]
    model(zeros[0] if len(zeros) == 1 else zeros, training=False)  # Keras exports only what has been called
    model.export(str(file), format="onnx", verbose=False, input_signature=specs)
