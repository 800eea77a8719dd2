"""`strideinspect baseline MODEL...`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from strideinspect.cli import options


class Accept(StrEnum):
    """The lowest severity that is accepted."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


def run(
    models: options.Models,
    output: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="File to write. Default: the baseline in the configuration, else strideinspect-baseline.json.",
        ),
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Only remove entries that no longer match a finding; accept nothing new.")
    ] = False,
    accept: Annotated[Accept, typer.Option(help="Accept findings of this severity or higher.")] = Accept.NOTE,
    input_shape: options.InputShape = None,
    input_value: options.InputValue = None,
    select: options.Select = None,
    ignore: options.Ignore = None,
    expect: options.Expect = None,
    verify: options.Verified = None,
    no_verify: options.NoVerify = False,
    verify_timeout: options.VerifyTimeout = None,
    timeout: options.Timeout = None,
    jobs: options.Jobs = 1,
    exclude: options.Exclude = None,
    config: options.Config = None,
    no_config: options.NoConfig = False,
) -> int:
    """Accept the current findings of these models, so that --baseline hides them and only new findings fail.

    The file is meant for review: sorted, one entry per finding, identical for identical findings. Entries of other
    models are kept unless the model no longer exists.
    """
    settings = options.settings(
        input_shape, input_value, select, ignore, expect, verify, verify_timeout, timeout, no_verify=no_verify
    )
    # Imported here: --help and a mistyped option need none of it.
    from strideinspect.cli import accepting, session
    from strideinspect.results.report import Severity

    question = session.InspectionRequest(settings, config, configured=not no_config, exclude=tuple(exclude or ()))
    chosen = None if output is None else Path(output)
    return accepting.run(models, question, chosen, Severity(accept), prune=prune, jobs=jobs)
