"""`python -m strideinspect`, and the `strideinspect` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line on this process' arguments and exit with its status."""
    try:
        # Imported here so that an interrupt during the imports ends as quietly as one later.
        from strideinspect.cli.app import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
