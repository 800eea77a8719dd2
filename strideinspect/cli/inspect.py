"""`strideinspect MODEL...`: inspect models; the command that needs no name."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from strideinspect.cli import console, options
from strideinspect.errors import UsageError
from strideinspect.version import __version__


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"
    MARKDOWN = "markdown"


class FailOn(StrEnum):
    """The least severity that makes the exit status 1."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"
    NEVER = "never"


class Show(StrEnum):
    """The least severity that a text report lists."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


def _version(asked: bool) -> None:
    if asked:
        console.write(f"strideinspect {__version__}\n")
        raise typer.Exit


def run(
    models: options.Models,
    input_shape: options.InputShape = None,
    format: Annotated[Format, typer.Option("--format", help="Format on standard output.")] = Format.TEXT,
    output: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Also write a file: the format goes by its suffix, or FORMAT:FILE names it. Repeatable.",
        ),
    ] = None,
    select: options.Select = None,
    ignore: options.Ignore = None,
    expect: options.Expect = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Leave out the findings that this file accepts; strideinspect baseline writes it."
        ),
    ] = None,
    no_baseline: Annotated[
        bool, typer.Option("--no-baseline", help="Leave nothing out, whatever the configuration has accepted.")
    ] = False,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            help="Exit with status 1 if there is a finding of this severity or a graver one; error if not given.",
            show_default=False,
        ),
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="The same as --fail-on never.")] = False,
    show: Annotated[
        Show, typer.Option(help="Text, Markdown, GitHub: list findings of this severity and graver ones.")
    ] = Show.NOTE,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Text: how often each rule fired, in place of the reports.")
    ] = False,
    verify: options.Verified = None,
    no_verify: options.NoVerify = False,
    verify_timeout: options.VerifyTimeout = None,
    jobs: options.Jobs = 1,
    config: options.Config = None,
    no_config: options.NoConfig = False,
    positions: Annotated[bool, typer.Option("--positions", help="JSON: add the actual field of every index.")] = False,
    tensor: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Also report what these tensors see; * and ? are wildcards. Repeatable."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Text: findings only. No progress.")] = False,
    version: Annotated[  # noqa: ARG001  # its callback does it all
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> int:
    """See what a CNN in an ONNX file really sees: receptive fields, strides, dropped pixels, verified by running it."""
    # Imported here, as is the rest below: --help and a mistyped option need none of it.
    from strideinspect.cli import outputs

    targets = outputs.targets(output or (), models)
    if statistics and format is not Format.TEXT:
        raise UsageError("--statistics is text", f"leave out --format {format}")
    if positions and "json" not in {format, *(target.format for target in targets)}:
        raise UsageError("--positions belongs to the JSON report", "add --format json, or --output report.json")
    settings = options.settings(input_shape, select, ignore, expect, verify, verify_timeout, no_verify=no_verify)
    if tensor:
        settings["tensors"] = tuple(tensor)
    if no_baseline or baseline is not None:
        settings["baseline"] = None if no_baseline or baseline is None else Path(baseline)
    from strideinspect.cli import session
    from strideinspect.results.report import Severity

    if exit_zero or fail_on is FailOn.NEVER:
        settings["fail_on"] = None
    elif fail_on is not None:
        settings["fail_on"] = Severity(fail_on)
    question = session.InspectionRequest(settings, config, configured=not no_config)
    answer = session.OutputRequest(
        format.value, targets, show.value, positions=positions, quiet=quiet, statistics=statistics
    )
    return session.run(models, question, answer, jobs=jobs)
