"""The worker process as the client sees it: started, written to, read from, and told why it ended."""

from __future__ import annotations

import contextlib
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Final, TypeVar

from strideinspect.processes import interrupts, temporary_folders
from strideinspect.processes.child_process import environment
from strideinspect.verify.message_lines import decode_response, encode
from strideinspect.verify.messages import Failure, MessageError, Request, Response

_ResponseT = TypeVar("_ResponseT", bound=Response)

_FAILED: Final = "the process that runs onnxruntime ended before it answered"

_SIGNALS: Final = frozenset(signal.Signals)

_ENDS: Final[Mapping[str, str]] = {
    "SIGKILL": "the process that runs onnxruntime was killed, most likely because the machine's memory ran out",
    "SIGSEGV": "onnxruntime crashed on this model (segmentation fault)",
    "SIGBUS": "onnxruntime crashed on this model (bus error)",
    "SIGFPE": "onnxruntime crashed on this model (a division by zero, for example)",
    "SIGILL": "onnxruntime crashed on this model (illegal instruction)",
    "SIGABRT": "onnxruntime aborted on this model",
    "SIGTERM": "the process that runs onnxruntime was told to end (SIGTERM)",
}
"""By the signal that ended the worker process, the reason why there is no response."""


class WorkerProcess:
    """A process that runs onnxruntime, started at once; `timeout` is in seconds from then, `memory` a bound in bytes.

    It has an empty working directory of its own, which is removed when it is closed. Nothing raises: where there is no
    response, `receive` returns a Failure, at once where the process has ended.
    """

    def __init__(self, *, timeout: float, memory: int) -> None:
        self.timeout = timeout
        self.started = time.monotonic()
        # SimpleQueue, because an interrupt within Queue.put can lose a wake-up, and then a thread never ends.
        self._outbox: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._inbox: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._failure: str | None = None
        self._reported: str | None = None
        with interrupts.held():
            self.directory = temporary_folders.make()
            self.process = self._start(memory)

    def send(self, request: Request) -> None:
        """Write one line without waiting for the worker to read it."""
        self._outbox.put(encode(request))

    def receive(self, wanted: type[_ResponseT]) -> _ResponseT | Failure:
        """The worker's next response, which must be of this type; a Failure where there is none."""
        if self.process is None or self._failure is not None:  # a process that ended once answers no more
            return Failure(self._why())
        left = self.started + self.timeout - time.monotonic()
        try:
            line = self._inbox.get(timeout=max(0.0, left))
        except queue.Empty:
            self._give_up(self._too_long())
            return Failure(self._why())
        if not line:
            self._failure = self._why()
            return Failure(self._failure)
        try:
            response = decode_response(line)
        except MessageError as error:
            return Failure(f"the worker process sent no usable response: {error}")
        if isinstance(response, Failure):
            self._reported = response.reason
        if isinstance(response, (wanted, Failure)):
            return response
        return Failure(f"the worker process sent {type(response).__name__} in place of {wanted.__name__}")

    def _give_up(self, reason: str) -> None:
        """End the process now; every further response is a Failure with this reason."""
        self._failure = reason
        if self.process is not None:
            self.process.kill()

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
        # Its working directory is empty, so that no path in a model leads to a file of the user's.
        command = [sys.executable, "-P", "-m", "strideinspect.verify.worker"]
        command += [self.directory, str(self.timeout), str(memory)]
        # onnxruntime leaves a file in the temporary folder. With telemetry it would also write an identifier and a
        # database into the user's folders, and send what it observes.
        own = {"TMPDIR": self.directory, "ORT_DISABLE_TELEMETRY": "1"}
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**environment(), **own},
                cwd=self.directory,
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

    def _why(self) -> str:
        """Why there is no response."""
        if self._failure is not None or self.process is None:
            return self._failure or _FAILED
        code = self.process.wait()
        if code >= 0:
            return self._reported or f"{_FAILED} (exit status {code})"
        name = signal.Signals(-code).name if -code in _SIGNALS else f"signal {-code}"
        return self._too_long() if name == "SIGALRM" else _ENDS.get(name, f"{_FAILED} ({name})")

    def _too_long(self) -> str:
        return f"it took longer than {self.timeout:g} s; --verify-timeout gives it more"


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
