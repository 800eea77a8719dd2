"""A process of a pool: it calls the functions that the pool sends, and sends back what they return or raise."""

from __future__ import annotations

import gc
import os
import pickle
import sys
from functools import partial

from strideinspect.processes.child_process import received
from strideinspect.processes.pool import read_message, write_message


def main() -> None:
    """Answer until the pool's process closes the pipe. What libraries print goes to standard error."""
    gc.set_threshold(200_000)  # as in the command: most objects live as long as an inspection
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        for message in received(partial(read_message, sys.stdin.buffer)):
            write_message(answers, _answer(message))


def _answer(message: bytes) -> bytes:
    try:
        function, args, kwargs = pickle.loads(message)  # noqa: S301  # from the process that started this one
        return pickle.dumps((function(*args, **kwargs), None))
    except Exception as error:  # noqa: BLE001  # it is the pool's caller who handles it
        return pickle.dumps((None, error))


if __name__ == "__main__":
    main()
