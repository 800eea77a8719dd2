"""The client of the worker process: starts it, enforces the deadline, and turns every failure into a reason."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeVar, assert_never

from strideinspect import interrupts, temporary_folders
from strideinspect.child_process import environment
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
    Failure,
    ImpulseResult,
    ImpulsesReady,
    MessageError,
    ObservedBorders,
    ObservedFields,
    ObservedShapes,
    ProbeBorders,
    ProbeFields,
    Request,
    Response,
    RunModel,
    SendImpulses,
    WrongReach,
    decode_response,
    encode,
)

if TYPE_CHECKING:
    from strideinspect.verify import theory

Progress = Callable[[str], None]
"""Called with one line of text about each step."""

_FAILED: Final = "the worker process failed before it answered"

_ResponseT = TypeVar("_ResponseT", bound=Response)


def _most_of_the_memory() -> int | None:
    """Three quarters of the machine's memory, in bytes; None where that is not known."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4
    except (AttributeError, ValueError, OSError):  # not on Windows
        return None


_MOST_OF_THE_MEMORY: Final = _most_of_the_memory()


class Verifier:
    """A worker process for one model, started at once so that onnxruntime is imported while the analysis runs.

    `timeout` is in seconds from now, `memory` a bound in bytes on the worker's address space (None: none; enforced
    where the system can). Failures of the model or of onnxruntime do not raise: they are reported as "not checked",
    with the reason.
    """

    def __init__(self, path: str, *, timeout: float, memory: int | None = _MOST_OF_THE_MEMORY) -> None:
        self._path = path
        self._timeout = timeout
        self._started = time.monotonic()
        # SimpleQueue, because an interrupt within Queue.put can lose a wake-up, and then a thread never ends.
        self._outbox: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._inbox: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._failure: str | None = None
        with interrupts.held():
            self.directory = temporary_folders.make()
            self.process = self._start(memory or 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def begin(self, inputs: Mapping[str, tuple[int, ...]]) -> None:
        """Send the request to run the model with these input shapes, without waiting."""
        self._send(RunModel(self._path, inputs))

    def ask(self, claims: Claims) -> Callable[[Progress], Verification]:
        """Send the request to probe the claims, without waiting. Call `begin` before.

        The function returned waits for the responses, at most until the deadline, and compares them with the claims;
        it reports each later run and each impulse to its argument.
        """
        self._send(requested(claims))
        return partial(self._check, claims)

    def _check(self, claims: Claims, progress: Progress) -> Verification:
        match self._receive(ObservedShapes):
            case Failure(reason):
                result = unchecked(claims, reason)
            case ObservedShapes() as shapes:
                fields = self._receive(ObservedFields)
                result = compare(claims, shapes, fields)
                result = with_theory(result, self._theory(claims, fields, progress).values())
                if claims.impulses is not None:
                    results = self._impulse_results(claims.impulses, progress)
                    result = with_impulses(result, claims.impulses, results)
            case other:
                assert_never(other)
        return replace(result, seconds=time.monotonic() - self._started)

    def _theory(
        self, claims: Claims, fields: ObservedFields | Failure, progress: Progress
    ) -> dict[theory.ClaimKey, Check]:
        """Check the closed forms against the observed fields, at this size and at the requested larger ones."""
        from strideinspect.verify import theory  # imports numpy, which must not delay the start of the worker

        checks = self._closed_forms(claims.theory, fields)
        for enlarged in claims.enlarged:
            spelled = ", ".join(shape_text(shape) for shape in enlarged.inputs.values())
            checks_there: dict[theory.ClaimKey, Check] = {}
            if enlarged.claims:
                progress(f"running onnxruntime at {spelled}")
                self._send(RunModel(self._path, enlarged.inputs))
                self._send(ProbeFields(theory.probes(enlarged.claims)))
                shapes = self._receive(ObservedShapes)
                fields = shapes if isinstance(shapes, Failure) else self._receive(ObservedFields)
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
        self._send(ProbeBorders(theory.probes(suspects)))
        borders: dict[theory.ClaimKey, Sequence[bool] | str]
        match self._receive(ObservedBorders):
            case Failure(reason):
                borders = {claim.key: reason for claim in suspects}
            case ObservedBorders(results):
                borders = {(result.input, result.axis, result.tensor): result.reached for result in results}
            case other:
                assert_never(other)
        return checks | theory.judge(suspects, observed, borders)

    def _impulse_results(self, planned: ImpulsePlan, progress: Progress) -> ImpulseResults:
        """Let the worker send the impulses. Results that arrive before a failure or the deadline are kept."""
        if not planned.impulses:
            return ImpulseResults(0, {}, (), None)
        progress("running onnxruntime with the real weights")
        self._send(SendImpulses(planned.reaches, planned.impulses))
        ready = self._receive(ImpulsesReady)
        if isinstance(ready, Failure):
            return ImpulseResults(0, {}, (), ready.reason)
        wrong: list[WrongReach | None] = []
        for number in range(1, len(planned.impulses) + 1):
            progress(f"sending impulse {number} of {len(planned.impulses)}")
            result = self._receive(ImpulseResult)
            if isinstance(result, Failure):
                return ImpulseResults(ready.watched, ready.missing, wrong, result.reason)
            wrong.append(result.wrong)
        return ImpulseResults(ready.watched, ready.missing, wrong, None)

    def close(self) -> None:
        """End the worker, if it still runs, and remove its temporary files."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
            interrupts.has_ended(self.process)
            self._outbox.put(None)
            for thread in self._threads:
                thread.join()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        temporary_folders.remove(self.directory)

    def _start(self, memory: int) -> subprocess.Popen[str] | None:
        # -P: a file in the working directory must not shadow a module. The worker uses our own import path.
        command = [sys.executable, "-P", "-m", "strideinspect.verify.worker"]
        command += [self.directory, str(self._timeout), str(memory)]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**environment(), "TMPDIR": self.directory},  # onnxruntime leaves a file behind
                encoding="utf-8",
            )
        except OSError as error:
            self._failure = f"the worker process could not be started: {error}"
            return None
        interrupts.end_with_this(process)
        for work, box in ((_read, self._inbox), (_write, self._outbox)):
            thread = threading.Thread(target=work, args=(process, box), daemon=True)
            thread.start()
            self._threads.append(thread)
        return process

    def _send(self, request: Request) -> None:
        """Write one line without waiting for the worker to read it."""
        self._outbox.put(encode(request))

    def _receive(self, wanted: type[_ResponseT]) -> _ResponseT | Failure:
        """The worker's next response, which must be of this type; a Failure where there is none."""
        if self.process is None:
            return Failure(self._why())
        left = self._started + self._timeout - time.monotonic()
        try:
            line = self._inbox.get(timeout=max(0.0, left))
        except queue.Empty:
            self._failure = f"it took longer than {self._timeout:g} s"
            self.process.kill()
            return Failure(self._failure)
        if not line:
            return Failure(self._why())
        try:
            response = decode_response(line)
        except MessageError as error:
            return Failure(f"the worker process sent no usable response: {error}")
        if isinstance(response, (wanted, Failure)):
            return response
        return Failure(f"the worker process sent {type(response).__name__} in place of {wanted.__name__}")

    def _why(self) -> str:
        """Why there is no response."""
        if self._failure is not None or self.process is None:
            return self._failure or _FAILED
        code = self.process.wait()
        return f"{_FAILED} (signal {-code})" if code < 0 else f"{_FAILED} (exit status {code})"


def _read(process: subprocess.Popen[str], box: queue.SimpleQueue[str | None]) -> None:
    """Put each of the worker's lines into the queue, and None at the end."""
    for line in process.stdout or ():
        box.put(line if line.endswith("\n") else None)
    box.put(None)


def _write(process: subprocess.Popen[str], box: queue.SimpleQueue[str | None]) -> None:
    """Write each line of the queue to the worker until None comes."""
    while (line := box.get()) is not None:
        with contextlib.suppress(OSError):  # the worker may have ended, which the missing response will show
            if process.stdin is not None:
                process.stdin.write(line)
                process.stdin.flush()
