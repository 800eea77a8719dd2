"""The worker process: it runs one model and answers requests, one line of JSON each (message_lines.py).

Started by the client with a directory for temporary files, the deadline in seconds and the memory bound in bytes.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import assert_never

from strideinspect.limits import WORKER_GRACE_SECONDS
from strideinspect.processes.child_process import received
from strideinspect.verify.message_lines import decode_request, encode
from strideinspect.verify.messages import (
    CompareTiles,
    Failure,
    MessageError,
    Overwrite,
    ProbeBorders,
    ProbeFields,
    Request,
    Response,
    RunModel,
    SendImpulses,
)


def main(arguments: list[str]) -> None:
    """Write responses to the original standard output. All other output, also of libraries, is discarded."""
    gc.set_threshold(200_000)  # objects live until the end, so frequent collections only cost time
    directory, deadline, memory = Path(arguments[0]), float(arguments[1]), int(arguments[2])
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as responses:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        _bound(deadline, memory)
        for response in _responses(received(sys.stdin.readline), directory):
            responses.write(encode(response))
            responses.flush()


def _bound(deadline: float, memory: int) -> None:
    """Make the process end at the deadline even without a client, and bound its memory where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # not on Windows

        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with contextlib.suppress(OSError):  # if memory runs out, Linux should kill this process and not its parent
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    with contextlib.suppress(ImportError, AttributeError):
        import signal  # SIGALRM is not on Windows

        signal.setitimer(signal.ITIMER_REAL, deadline + WORKER_GRACE_SECONDS)


def _responses(lines: Iterable[str], directory: Path) -> Iterator[Response]:
    """The responses to all requests; a failure ends them."""
    try:
        yield from _answer(_requests(lines), directory)
    except MemoryError:
        yield Failure("it needs more memory than the limit")
    except Exception as problem:  # noqa: BLE001 - the boundary of the process: every failure is a response
        yield Failure(" ".join(str(problem).split()) or type(problem).__name__)


def _answer(requests: Iterator[Request], directory: Path) -> Iterator[Response]:
    # Imported here, so that the memory bound applies and the client can read the model meanwhile.
    from strideinspect.verify.overwriting import overwritten
    from strideinspect.verify.responses import observed_borders, observed_fields, run_model
    from strideinspect.verify.send_impulses import send
    from strideinspect.verify.tiled_run import compare

    first = next(requests, None)
    if first is None:
        return
    if not isinstance(first, RunModel):
        raise MessageError(f"{type(first).__name__} was requested before the model was run")
    executed = yield from run_model(first, directory)
    for request in requests:
        match request:
            case RunModel():
                executed = yield from run_model(request, directory)
            case ProbeFields(axes, unseen):
                yield observed_fields(executed, axes, unseen)
            case ProbeBorders(axes):
                yield observed_borders(executed, axes)
            case Overwrite(claims):
                yield overwritten(first, claims)
            case SendImpulses(reaches, impulses):
                yield from send(first, reaches, impulses)
            case CompareTiles():
                yield compare(first, request)
            case _:
                assert_never(request)


def _requests(lines: Iterable[str]) -> Iterator[Request]:
    """The requests. Raises MessageError."""
    return (decode_request(line) for line in lines if line.strip())


if __name__ == "__main__":
    main(sys.argv[1:])
