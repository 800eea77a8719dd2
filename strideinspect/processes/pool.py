"""A pool of processes that end at once: when they are told to, and when the process that started them ends.

Not `concurrent.futures.ProcessPoolExecutor`: it waits for the tasks that run, shares semaphores that a killed process
leaves behind, and fails every task where the process of one dies. docs/decisions/0008-processes.md says more.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import IO, Any, ParamSpec, TypeVar

from strideinspect.processes import interrupts, temporary_folders
from strideinspect.processes.child_process import environment

P = ParamSpec("P")
T = TypeVar("T")
_LENGTH = struct.Struct("<Q")
_ATTEMPTS = 2
"""How often a task is tried whose process dies: the first time, others may have taken all the memory."""


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process of a pool and those that it has started."""
    if hasattr(os, "killpg") and process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def read_message(stream: IO[bytes]) -> bytes:
    """One message; empty where the pipe is closed."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return b""
    body = stream.read(*_LENGTH.unpack(head))
    return body if len(body) == _LENGTH.unpack(head)[0] else b""


def write_message(stream: IO[bytes], message: bytes) -> None:
    """Write one message. Raises OSError where nobody reads any more."""
    stream.write(_LENGTH.pack(len(message)) + message)
    stream.flush()


class Pool(Executor):
    """An executor of processes, each with a thread that starts it, feeds it and replaces it where it dies.

    A task is a function that the processes can import, with arguments and a result that can be pickled.
    """

    def __init__(self, processes: int) -> None:
        self._tasks: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open = True
        self._running: set[subprocess.Popen[bytes]] = set()
        with interrupts.held():
            # Their own temporary files go in here, so that they can be killed at any moment.
            self._folder = temporary_folders.make()
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(processes)]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call the function in one of the processes. A process that dies is a BrokenExecutor as its exception."""
        future: Future[T] = Future()
        self._tasks.put((future, pickle.dumps((fn, args, kwargs))))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  # as the base
        """End the processes at once, whatever they are doing."""
        del cancel_futures
        with interrupts.held():
            with self._lock:
                self._open = False
                running = [*self._running]
            for process in running:
                _kill(process)
            for _ in self._threads:
                self._tasks.put(None)
            for thread in self._threads if wait else ():
                thread.join()
            temporary_folders.remove(self._folder)

    def _serve(self) -> None:
        """Run tasks in a process until None comes."""
        process: subprocess.Popen[bytes] | None = None
        while (task := self._tasks.get()) is not None:
            future, message = task
            if not self._open or not future.set_running_or_notify_cancel():
                continue
            for attempt in range(_ATTEMPTS):
                try:
                    process = process or self._started()
                    answer = self._answer(process, message)
                except (BrokenExecutor, OSError) as error:
                    process = None
                    if attempt == _ATTEMPTS - 1 or not self._open:
                        future.set_exception(error)
                        break
                else:
                    _settle(future, answer)
                    break
        if process is not None:
            self._ended(process)

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if not self._open:
                raise BrokenExecutor("the pool has ended")
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "strideinspect.processes.pool_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**environment(), "TMPDIR": self._folder, "TEMP": self._folder, "TMP": self._folder},
                start_new_session=True,  # the terminal's signals go to the parent alone, which ends the others
            )
            self._running.add(process)
        return process

    def _answer(self, process: subprocess.Popen[bytes], message: bytes) -> bytes:
        if process.stdin is None or process.stdout is None:
            raise BrokenExecutor("it has no pipes")
        try:
            write_message(process.stdin, message)
            answer = read_message(process.stdout)
        except OSError:
            answer = b""
        if not answer:
            code = self._ended(process)
            raise BrokenExecutor(f"signal {-code}" if code < 0 else f"exit status {code}")
        return answer

    def _ended(self, process: subprocess.Popen[bytes]) -> int:
        """Make sure that a process is gone; its exit status."""
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                continue  # what was left to write has no reader
        code = process.wait()
        with self._lock:
            self._running.discard(process)
        return code


def _settle(future: Future[Any], answer: bytes) -> None:
    """Give a future the result or the exception that a process sent."""
    try:
        result, error = pickle.loads(answer)  # noqa: S301  # from our own process
    except Exception as problem:  # noqa: BLE001  # whatever cannot be read is the task's exception
        result, error = None, problem
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
