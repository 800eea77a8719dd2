"""The client of the worker process: starts it, enforces the deadline, and turns every failure into a reason."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, assert_never

from msgspec import structs

from strideinspect.results.verdict import Check, Verdict, Verification
from strideinspect.spelling import shape_text
from strideinspect.verify.claims import (
    Claims,
    compare,
    requested,
    unchecked,
    with_impulses,
    with_theory,
)
from strideinspect.verify.impulses import ImpulsePlan, ImpulseResults
from strideinspect.verify.messages import (
    BorderResult,
    Failure,
    ImpulseResult,
    ImpulsesReady,
    ObservedBorders,
    ObservedFields,
    ObservedShapes,
    Overwrite,
    Overwritten,
    ProbeBorders,
    ProbeFields,
    RunModel,
    SendImpulses,
    WrongReach,
)
from strideinspect.verify.unused_ranges import with_overwriting
from strideinspect.verify.worker_process import WorkerProcess

if TYPE_CHECKING:
    from strideinspect.verify import theory

Progress = Callable[[str], None]
"""Called with one line of text about each step."""


def _most_of_the_memory() -> int | None:
    """Three quarters of the machine's memory, in bytes; None where that is not known."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4
    except (AttributeError, ValueError, OSError):  # not on Windows
        return None


_MOST_OF_THE_MEMORY: Final = _most_of_the_memory()


class Verifier:
    """A worker process for one model, started at once so that onnxruntime is imported while the analysis runs.

    `values` are the values of inputs, as the user gave them. `timeout` is in seconds from now, `memory` a bound in
    bytes on the worker's address space (None: none; enforced where the system can). Failures of the model or of
    onnxruntime do not raise: they are reported as "not checked", with the reason. `stopped` are the shapes of the last
    model that began to run but ended early; else None.
    """

    def __init__(
        self,
        path: str,
        *,
        timeout: float,
        values: Mapping[str, Any] | None = None,
        memory: int | None = _MOST_OF_THE_MEMORY,
    ) -> None:
        self._path = str(Path(path).absolute())  # the worker has a working directory of its own
        self._values = values or {}
        self._inputs: Mapping[str, tuple[int, ...]] = {}
        self.stopped: ObservedShapes | None = None
        self.worker = WorkerProcess(timeout=timeout, memory=memory or 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def begin(self, inputs: Mapping[str, tuple[int, ...]]) -> None:
        """Send the request to run the model with these input shapes, without waiting."""
        self.stopped = None
        self._inputs = inputs
        self.worker.send(RunModel(self._path, inputs, self._values))

    def ask(self, claims: Claims) -> Callable[[Progress], Verification]:
        """Send the request to probe the claims, without waiting. Call `begin` before.

        The function returned waits for the responses, at most until the deadline, and compares them with the claims;
        it reports each later run and each impulse to its argument.
        """
        self.worker.send(requested(claims))
        return partial(self._check, claims)

    def refusal(self, inputs: Mapping[str, tuple[int, ...]]) -> str | None:
        """Why onnxruntime does not run the model without its weights at these input shapes.

        None where it does, and where there is no answer: then only the analysis speaks for these shapes.
        """
        self.worker.send(RunModel(self._path, inputs, self._values))
        answer = self.worker.receive(ObservedShapes)
        return answer.stop.reason if isinstance(answer, ObservedShapes) and answer.stop is not None else None

    def _check(self, claims: Claims, progress: Progress) -> Verification:
        match self.worker.receive(ObservedShapes):
            case Failure(reason):
                result = unchecked(claims, reason)
            case ObservedShapes() as shapes:
                self.stopped = shapes if shapes.stop is not None and shapes.shapes else None
                fields = self.worker.receive(ObservedFields)
                shapes, fields = self._behind_foreign_operators(claims, shapes, fields)
                result = compare(claims, shapes, fields)
                result = with_theory(result, self._theory(claims, fields, progress).values())
                if claims.unread:
                    progress("overwriting what is never used")
                    self.worker.send(Overwrite(claims.unread))
                    result = with_overwriting(result, claims.unread, claims.nodes, self.worker.receive(Overwritten))
                if claims.impulses is not None:
                    results = self._impulse_results(claims.impulses, progress)
                    result = with_impulses(result, claims.impulses, results)
            case other:
                assert_never(other)
        return structs.replace(result, seconds=time.monotonic() - self.worker.started)

    def _behind_foreign_operators(
        self, claims: Claims, shapes: ObservedShapes, fields: ObservedFields | Failure
    ) -> tuple[ObservedShapes, ObservedFields | Failure]:
        """The responses of a second run, which also covers what lies behind operators that onnxruntime does not have.

        The shapes of their tensors are those of the analysis; without any, or if that run fails, the first responses.
        """
        given = {name: claims.foreign[name] for name in shapes.left_out if name in claims.foreign}
        if not given:
            return shapes, fields
        self.worker.send(RunModel(self._path, self._inputs, self._values, given))
        self.worker.send(requested(claims))
        again, fields_again = self.worker.receive(ObservedShapes), self.worker.receive(ObservedFields)
        if isinstance(again, Failure) or isinstance(fields_again, Failure) or again.stop is not None:
            return shapes, fields
        return again, fields_again

    def _theory(
        self, claims: Claims, fields: ObservedFields | Failure, progress: Progress
    ) -> dict[theory.ClaimKey, Check]:
        """Check the closed forms against the observed fields, at this size and at the requested larger ones."""
        from strideinspect.verify import theory  # imports numpy, which must not delay the start of the worker

        checks = self._closed_forms([*claims.theory, *claims.refutable], fields)
        undecided = {claim.key for claim in claims.refutable if checks[claim.key].verdict is Verdict.NOT_CHECKED}
        checks = {key: check for key, check in checks.items() if key not in undecided}
        for enlarged in claims.enlarged:
            spelled = ", ".join(shape_text(shape) for shape in enlarged.inputs.values())
            checks_there: dict[theory.ClaimKey, Check] = {}
            if enlarged.claims:
                progress(f"running onnxruntime at {spelled}")
                self.worker.send(RunModel(self._path, enlarged.inputs, self._values))
                self.worker.send(ProbeFields(theory.probes(enlarged.claims)))
                shapes = self.worker.receive(ObservedShapes)
                fields = shapes if isinstance(shapes, Failure) else self.worker.receive(ObservedFields)
                checks_there = self._closed_forms(enlarged.claims, fields)
            checks |= theory.at_size(checks_there, enlarged, spelled, checks)
        return checks

    def _closed_forms(
        self, claims: Sequence[theory.TheoryClaim], fields: ObservedFields | Failure
    ) -> dict[theory.ClaimKey, Check]:
        """A check per closed form. One that seems contradicted is judged again with the indices that borders reach."""
        from strideinspect.verify import theory

        if isinstance(fields, Failure):
            return theory.judge(claims, {claim.key: fields.reason for claim in claims}, {})
        observed = {(result.input, result.axis, result.tensor): result.field for result in fields.fields}
        checks = theory.judge(claims, observed, {})
        suspects = [claim for claim in claims if checks[claim.key].verdict is Verdict.CONTRADICTED]
        if not suspects:
            return checks
        self.worker.send(ProbeBorders(theory.probes(suspects)))
        borders: dict[theory.ClaimKey, BorderResult | str]
        match self.worker.receive(ObservedBorders):
            case Failure(reason):
                borders = {claim.key: reason for claim in suspects}
            case ObservedBorders(results):
                borders = {(result.input, result.axis, result.tensor): result for result in results}
            case other:
                assert_never(other)
        return checks | theory.judge(suspects, observed, borders)

    def _impulse_results(self, planned: ImpulsePlan, progress: Progress) -> ImpulseResults:
        """Let the worker send the impulses. Results that arrive before a failure or the deadline are kept."""
        if not planned.impulses:
            return ImpulseResults(0, {}, (), None)
        progress("running onnxruntime with the real weights")
        self.worker.send(SendImpulses(planned.reaches, planned.impulses))
        ready = self.worker.receive(ImpulsesReady)
        if isinstance(ready, Failure):
            return ImpulseResults(0, {}, (), ready.reason)
        wrong: list[WrongReach | None] = []
        for number in range(1, len(planned.impulses) + 1):
            progress(f"sending impulse {number} of {len(planned.impulses)}")
            result = self.worker.receive(ImpulseResult)
            if isinstance(result, Failure):
                return ImpulseResults(ready.watched, ready.missing, wrong, result.reason)
            wrong.append(result.wrong)
        return ImpulseResults(ready.watched, ready.missing, wrong, None)

    def close(self) -> None:
        """End the worker, if it still runs, and remove its temporary files."""
        self.worker.close()
