"""`strideinspect MODEL...`: inspect models; the command that needs no name."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from strideinspect import expectation
from strideinspect.cli import console, options, outputs
from strideinspect.errors import UsageError
from strideinspect.report.model import Severity
from strideinspect.version import __version__

EPILOG = """Exit status: 0 nothing at or above --fail-on; 1 something is; 2 the tool could not do its work.

Other commands: strideinspect rules | explain RULE | schema (a file that is called so: ./rules)."""


class InspectCommand(TyperCommand):
    """The command under the program's own name, in the help too."""

    def format_usage(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # noqa: ANN401, ARG002
        """Typer would write `strideinspect inspect`, which nobody needs to type."""
        formatter.write_usage("strideinspect", "MODEL... [OPTIONS]")


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


class Verify(StrEnum):
    """How the claims are held against running the model."""

    NONE = "none"
    RUN = "run"
    FULL = "full"


def _version(asked: bool) -> None:
    if asked:
        console.write(f"strideinspect {__version__}\n")
        raise typer.Exit


def run(
    models: Annotated[list[str], typer.Argument(metavar="MODEL", hidden=True)],
    input_shape: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=1,3,224,224",
            help="Size of an input, in place of what the file says or where it says nothing. Repeatable; NAME= may be "
            "left out for a single input.",
        ),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="Format on standard output.")] = Format.TEXT,
    output: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Also write a file: the format goes by its suffix, or FORMAT:FILE names it. Repeatable.",
        ),
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option(metavar="RULES", help="Only these rules or groups, separated by commas.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="RULES", help="All rules or groups but these, separated by commas.")
    ] = None,
    expect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OUTPUT:size=427,stride=32",
            help="Fail unless this output, or any tensor or node, is like that; also first, last, center, shape. "
            "Repeatable.",
        ),
    ] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            help="Exit with status 1 if there is a finding of this severity or a graver one; error if not given.",
            show_default=False,
        ),
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="The same as --fail-on never.")] = False,
    show: Annotated[Show, typer.Option(help="Text: list findings of this severity and graver ones.")] = Show.NOTE,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Text: how often each rule fired, in place of the reports.")
    ] = False,
    verify: Annotated[
        Verify | None,
        typer.Option(
            help="Hold shapes and fields against onnxruntime running the model; full: send impulses through the real "
            "weights, too; run if not given.",
            show_default=False,
        ),
    ] = None,
    no_verify: Annotated[bool, typer.Option("--no-verify", help="The same as --verify none.")] = False,
    verify_timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Give up verifying a model after this long; 60 if not given.", show_default=False
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", metavar="N", min=1, help="Inspect so many models at a time.")
    ] = 1,
    config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Settings in place of the nearest strideinspect.toml or pyproject.toml, upwards from the model.",
        ),
    ] = None,
    no_config: Annotated[bool, typer.Option("--no-config", help="No settings but those given here.")] = False,
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
    targets = outputs.targets(output or (), models)
    if statistics and format is not Format.TEXT:
        raise UsageError("--statistics is text", f"leave out --format {format}")
    if positions and "json" not in {format, *(target.format for target in targets)}:
        raise UsageError("--positions belongs to the JSON report", "add --format json, or --output report.json")
    settings = options.given(
        input_shapes=options.input_shapes(input_shape or ()),
        verify="none" if no_verify else verify and verify.value,
        verify_timeout=None if verify_timeout is None else options.seconds(verify_timeout),
        tensors=tensor and tuple(tensor),
        select=select and options.names(select),
        ignore=ignore and options.names(ignore),
        expect=expect and tuple(expectation.parsed(text) for text in expect),
    )
    if exit_zero or fail_on is FailOn.NEVER:
        settings["fail_on"] = None
    elif fail_on is not None:
        settings["fail_on"] = Severity(fail_on)
    # Imported here, for --help and a mistyped option need none of it.
    from strideinspect.cli import session

    question = session.Question(settings, config, configured=not no_config)
    answer = session.Answer(format.value, targets, show.value, positions=positions, quiet=quiet, statistics=statistics)
    return session.run(models, question, answer, jobs=jobs)
