"""Loading the compiled libraries that read a model, as one step that no signal interrupts."""

from __future__ import annotations

from importlib import import_module

from strideinspect.processes import interrupts


def load_onnx() -> None:
    """Import ONNX, and with it NumPy, before anything that needs them; a signal that comes meanwhile ends the run then.

    An exception in the middle of loading ONNX's compiled module would abort the process.
    """
    with interrupts.held():
        import_module("onnx")
