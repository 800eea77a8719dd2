"""Gradients computed in a process of its own: onnxruntime may crash, and its memory goes with it."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor
from types import TracebackType
from typing import Self

from strideinspect.gradients import engine
from strideinspect.gradients.bundle import Bundle
from strideinspect.gradients.engine import Arrays, EngineError, Measured, TargetCell
from strideinspect.processes.pool import Pool


class GradientProcess:
    """A process that runs the graphs of one bundle. Use it as a context."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._pool = Pool(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()

    def measure(self, inputs: Arrays, cell: TargetCell, number: int, *, checked: bool) -> Measured:
        """The gradients at these inputs. Raises EngineError where they cannot be computed."""
        try:
            return self._pool.submit(engine.measure, self._bundle, inputs, cell, number, checked=checked).result()
        except BrokenExecutor as error:
            raise EngineError(
                f"the process that runs onnxruntime ended ({error}), most likely for lack of memory"
            ) from None
        except MemoryError:
            raise EngineError("it needs more memory than there is") from None
