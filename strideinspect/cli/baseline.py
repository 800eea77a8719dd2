"""`strideinspect baseline MODEL...`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from strideinspect.cli import options


class Accept(StrEnum):
    """The least severity that is accepted."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


def run(
    models: options.Models,
    output: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="The file to write; if not given, the configuration's baseline, else strideinspect-baseline.json.",
        ),
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Accept nothing new: remove the entries that match nothing any more.")
    ] = False,
    accept: Annotated[Accept, typer.Option(help="Accept findings of this severity and graver ones.")] = Accept.NOTE,
    input_shape: options.InputShape = None,
    select: options.Select = None,
    ignore: options.Ignore = None,
    expect: options.Expect = None,
    verify: options.Verified = None,
    no_verify: options.NoVerify = False,
    verify_timeout: options.VerifyTimeout = None,
    jobs: options.Jobs = 1,
    config: options.Config = None,
    no_config: options.NoConfig = False,
) -> int:
    """Accept what is found in these models today, so that --baseline leaves it out and fails on what is new.

    The file is for review: an entry per finding, sorted, the same bytes for the same findings. What it says of other
    models stays, unless they are gone.
    """
    settings = options.settings(input_shape, select, ignore, expect, verify, verify_timeout, no_verify=no_verify)
    # Imported here, for --help and a mistyped option need none of it.
    from strideinspect.cli import accepting, session
    from strideinspect.results.report import Severity

    question = session.InspectionRequest(settings, config, configured=not no_config)
    chosen = None if output is None else Path(output)
    return accepting.run(models, question, chosen, Severity(accept), prune=prune, jobs=jobs)
