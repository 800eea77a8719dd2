"""`python -m strideinspect`, and the `strideinspect` command."""

from __future__ import annotations

import gc
import os
import sys

MANY_OBJECTS = 200_000
"""So many new objects, not Python's 700, make it worth looking for cycles among them."""


def main() -> None:
    """Run the command line on this process' arguments and exit with its status."""
    gc.set_threshold(MANY_OBJECTS)
    # The threads of numpy's linear algebra, of which nothing here makes use, would spin for a while once it is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        status = _run()
    except KeyboardInterrupt:
        status = 130
    gc.freeze()  # the interpreter ends faster where it does not search all objects for cycles once more
    sys.exit(status)


def _run() -> int:
    # Imported here so that an interrupt during the imports ends as quietly as one later.
    from strideinspect.processes import interrupts

    interrupts.install()
    try:
        from strideinspect.cli.app import run

        return run(sys.argv[1:])
    finally:
        interrupts.leave()


if __name__ == "__main__":
    main()
