"""The verifying process: one model; each question and each answer is a line of JSON.

Started by the client with a directory for temporary files, the deadline in seconds and the memory bound in bytes.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
from pathlib import Path
from typing import IO, Any


def main(arguments: list[str]) -> None:
    """Answer on what was standard output; nothing else is ever written there, nor to standard error."""
    gc.set_threshold(200_000)  # what is made here lives until the end; looking for cycles every 700 objects costs time
    directory, deadline, memory = Path(arguments[0]), float(arguments[1]), int(arguments[2])
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        _bound(deadline, memory)
        _serve(sys.stdin, answers, directory)


def _bound(deadline: float, memory: int) -> None:
    """Die at the deadline even if the client is gone; refuse memory past the bound, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # not on Windows

        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with contextlib.suppress(OSError):  # where memory runs out, Linux is to end this process and not its parent
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    with contextlib.suppress(ImportError, AttributeError):
        import signal  # SIGALRM is not on Windows

        signal.setitimer(signal.ITIMER_REAL, deadline + 5)


def _serve(questions: IO[str], answers: IO[str], directory: Path) -> None:
    try:
        # Imported here, so that it happens under the memory bound and while the client still reads the model.
        from strideinspect.verify.answers import (
            Ran,
            border_line,
            field_line,
            learn,
            shape_line,
            shapes_of,
        )
        from strideinspect.verify.impulse import send

        first = _question(questions)
        if first is None:
            return

        def run(question: dict[str, Any]) -> Ran:
            weightless, as_run = shapes_of(question["path"], _sizes(question), directory)
            _answer(answers, shape_line(as_run))
            return learn(weightless, as_run)

        ran = run(first)
        while (question := _question(questions)) is not None:
            if "path" in question:
                ran = run(question)
            elif "impulses" in question:
                for line in send(first["path"], _sizes(first), question["impulses"]):
                    _answer(answers, line)
            elif "borders" in question:
                _answer(answers, border_line(ran, question["borders"]))
            else:
                _answer(answers, field_line(ran, question["probes"], question["unseen"]))
    except Exception as problem:  # noqa: BLE001 - the boundary of the process: every failure is an answer
        _answer(answers, {"error": _words(problem)})


def _sizes(question: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(shape) for name, shape in question["inputs"].items()}


def _words(problem: Exception) -> str:
    if isinstance(problem, MemoryError):
        return "it would take more memory than it may"
    return " ".join(str(problem).split()) or type(problem).__name__


def _question(questions: IO[str]) -> dict[str, Any] | None:
    line = questions.readline()
    return json.loads(line) if line.strip() else None


def _answer(answers: IO[str], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
