"""Inspect many models on a Dask cluster: one started on this machine, or a running one by its address.

    pip install "strideinspect[dask]"
    python examples/fleet_on_dask.py sample_models
    python examples/fleet_on_dask.py --scheduler tcp://scheduler:8786 /shared/models

The workers need strideinspect installed and the models under the same paths.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from distributed import Client

from strideinspect import FailedReport, Severity, inspect_many, settings_for


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line per model. The exit status is 1 if one has a warning or could not be inspected, else 0."""
    parser = argparse.ArgumentParser(description="Inspect models on a Dask cluster.")
    parser.add_argument("models", nargs="+", help="files, folders or globs")
    parser.add_argument("--scheduler", help="address of a running cluster; without it one is started here")
    given = parser.parse_args(arguments)
    local = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    failures = 0
    with Client(given.scheduler) if given.scheduler else Client(**local) as client:
        for result in inspect_many(given.models, settings=settings_for, executor=client.get_executor()):
            if isinstance(result, FailedReport):
                print(f"{result.path}: {result.message}")
                failures += 1
                continue
            serious = [finding.rule for finding in result.at_least(Severity.WARNING)]
            print(f"{result.path}: {', '.join(serious) or 'clean'} ({result.verification.status})")
            failures += bool(serious)
    return min(failures, 1)


if __name__ == "__main__":
    raise SystemExit(main())
