"""The parent's side of verification: it starts the worker, keeps the time, and turns every failure into a reason."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from strideinspect.results.verdict import Check, Verdict, Verification
from strideinspect.verify import impulses
from strideinspect.verify.claims import (
    Claims,
    compare,
    question,
    unchecked,
    with_impulses,
    with_theory,
)

if TYPE_CHECKING:
    from strideinspect.verify import theory

Tell = Callable[[str], None]

_ENDED: Final = "the verifying process ended before it answered"


def _most_of_the_memory() -> int | None:
    """Three quarters of the machine's memory, in bytes; None where that is not known."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4
    except (AttributeError, ValueError, OSError):  # not on Windows
        return None


_MOST_OF_THE_MEMORY: Final = _most_of_the_memory()


class Verifier:
    """A worker process for one model, started at once so that onnxruntime is imported while the analysis runs.

    `timeout` is in seconds from now, `memory` a bound in bytes on the worker's address space (None: none; kept where
    the system can). Nothing that the model or onnxruntime does raises: it ends as "not checked", with the reason.
    """

    def __init__(self, path: str, *, timeout: float, memory: int | None = _MOST_OF_THE_MEMORY) -> None:
        self._path = path
        self._timeout = timeout
        self._started = time.monotonic()
        # Simple ones: an interrupt in the midst of Queue.put can make it lose the next wake-up, and a thread with it.
        self._outbox: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._inbox: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._failure: str | None = None
        self.directory = tempfile.mkdtemp(prefix="strideinspect-")
        self.process = self._start(memory or 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def begin(self, inputs: Mapping[str, tuple[int, ...]]) -> None:
        """Let the worker run the model with these input shapes; returns at once."""
        self._send({"path": self._path, "inputs": {name: list(shape) for name, shape in inputs.items()}})

    def ask(self, claims: Claims) -> Callable[[Tell], Verification]:
        """Let the worker probe what is claimed; returns at once. Call `begin` before.

        What is given back waits for the answers, at most until the deadline, and holds the claims against them; what
        it calls is told of every impulse that is under way.
        """
        self._send(question(claims))
        return partial(self._check, claims)

    def _check(self, claims: Claims, tell: Tell) -> Verification:
        shapes = self._receive()
        if shapes is None or "shapes" not in shapes:
            reason = self._why() if shapes is None else str(shapes["error"])
            result = unchecked(claims, reason, None if shapes is None else shapes.get("runtime"))
        else:
            fields = self._receive()
            answer: Mapping[str, Any] | str = self._why() if fields is None else fields.get("error", fields)
            result = compare(claims, shapes, answer)
            result = with_theory(result, self._theory(claims, answer, tell).values())
            if claims.sending is not None:
                result = with_impulses(result, claims.sending, self._sent(claims.sending, tell))
        return replace(result, seconds=time.monotonic() - self._started)

    def _theory(self, claims: Claims, answer: Mapping[str, Any] | str, tell: Tell) -> dict[theory.ClaimKey, Check]:
        """Hold the closed forms against the fields as run, at this size and where that is asked for at larger ones."""
        from strideinspect.verify import theory  # imports numpy, for which the worker's start is not to wait

        checks = self._settled(claims.theory, answer)
        for enlarged in claims.enlarged:
            spelled = ", ".join("×".join(map(str, shape)) for shape in enlarged.inputs.values())
            found: dict[theory.ClaimKey, Check] = {}
            if enlarged.claims:
                tell(f"running onnxruntime at {spelled}")
                sizes = {name: list(shape) for name, shape in enlarged.inputs.items()}
                self._send({"path": self._path, "inputs": sizes})
                self._send({"probes": theory.probes(enlarged.claims), "unseen": []})
                found = self._settled(enlarged.claims, self._larger())
            checks |= theory.at_size(found, enlarged, spelled, checks)
        return checks

    def _larger(self) -> Mapping[str, Any] | str:
        """The fields at another size, or why there are none."""
        shapes = self._receive()
        fields = self._receive() if shapes is not None and "shapes" in shapes else shapes
        return self._why() if fields is None else fields.get("error", fields)

    def _settled(
        self, claims: Sequence[theory.TheoryClaim], answer: Mapping[str, Any] | str
    ) -> dict[theory.ClaimKey, Check]:
        """A check per closed form. Before one is called wrong, the worker is asked what the ends of maps reach."""
        from strideinspect.verify import theory

        if isinstance(answer, str):
            return theory.judge(claims, {claim.key: {"reason": answer} for claim in claims}, {})
        seen = theory.by_key(answer["fields"])
        checks = theory.judge(claims, seen, {})
        suspects = [claim for claim in claims if checks[claim.key].verdict is Verdict.CONTRADICTED]
        if not suspects:
            return checks
        self._send({"borders": theory.probes(suspects)})
        told = self._receive()
        why = self._why() if told is None else str(told.get("error"))
        borders = theory.by_key(told["borders"]) if told is not None and "borders" in told else {}
        known = {claim.key: borders.get(claim.key, {"reason": why}) for claim in suspects}
        return checks | theory.judge(suspects, seen, known)

    def _sent(self, sending: impulses.Sending, tell: Tell) -> impulses.Sent:
        """Let the worker send the impulses; what it had found when it ended counts, whatever ended it."""
        if not sending.tries:
            return impulses.Sent(0, {}, (), None)
        tell("running onnxruntime with the real weights")
        self._send({"impulses": impulses.question(sending)})
        head = self._receive()
        if head is None or "error" in head:
            return impulses.Sent(0, {}, (), self._why() if head is None else str(head["error"]))
        found: list[Mapping[str, Any] | None] = []
        reason = None
        while reason is None and len(found) < len(sending.tries):
            tell(f"sending impulse {len(found) + 1} of {len(sending.tries)}")
            answer = self._receive()
            if answer is None or "error" in answer:
                reason = self._why() if answer is None else str(answer["error"])
            else:
                found.append(answer["found"])
        return impulses.Sent(head["watched"], head["missing"], found, reason)

    def close(self) -> None:
        """End the worker, if it still runs, and remove its temporary files."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
            self._outbox.put(None)
            for thread in self._threads:
                thread.join()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _start(self, memory: int) -> subprocess.Popen[str] | None:
        # -P: a file in the working directory must not stand in for a module. The worker imports from where we do.
        command = [sys.executable, "-P", "-m", "strideinspect.verify.worker"]
        command += [self.directory, str(self._timeout), str(memory)]
        environment = {"OPENBLAS_NUM_THREADS": "1"} | os.environ  # else threads of numpy spin beside the analysis
        environment["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                encoding="utf-8",
            )
        except OSError as error:
            self._failure = f"the verifying process could not be started: {error}"
            return None
        for work, box in ((_read, self._inbox), (_write, self._outbox)):
            thread = threading.Thread(target=work, args=(process, box), daemon=True)
            thread.start()
            self._threads.append(thread)
        return process

    def _send(self, message: Mapping[str, Any]) -> None:
        """Write one line without waiting for the worker to read it."""
        self._outbox.put(json.dumps(message) + "\n")

    def _receive(self) -> dict[str, Any] | None:
        """The worker's next answer; None where there will be none."""
        if self.process is None:
            return None
        left = self._started + self._timeout - time.monotonic()
        try:
            line = self._inbox.get(timeout=max(0.0, left))
        except queue.Empty:
            self._failure = f"it took longer than {self._timeout:g} s"
            self.process.kill()
            return None
        if not line:
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _why(self) -> str:
        """Why no answer came."""
        if self._failure is not None or self.process is None:
            return self._failure or _ENDED
        code = self.process.wait()
        return f"{_ENDED} (signal {-code})" if code < 0 else f"{_ENDED} (exit status {code})"


def _read(process: subprocess.Popen[str], box: queue.SimpleQueue[str | None]) -> None:
    """Put each of the worker's lines into the box, and None when there will be no more."""
    for line in process.stdout or ():
        box.put(line if line.endswith("\n") else None)
    box.put(None)


def _write(process: subprocess.Popen[str], box: queue.SimpleQueue[str | None]) -> None:
    """Hand the worker each line of the box until None comes."""
    while (line := box.get()) is not None:
        with contextlib.suppress(OSError):  # the worker may have ended; the missing answer says so
            if process.stdin is not None:
                process.stdin.write(line)
                process.stdin.flush()
