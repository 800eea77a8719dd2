"""`strideinspect MODEL...`: inspect models; the command that needs no name."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from strideinspect.cli import console, options, outputs
from strideinspect.errors import UsageError
from strideinspect.version import __version__

EPILOG = """Exit status: 0 nothing at or above --fail-on; 1 something is; 2 the tool could not do its work.

Other commands: strideinspect rules | schema (a file that is called so: ./rules)."""


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
    fail_on: Annotated[
        FailOn, typer.Option(help="Exit with status 1 if there is a finding of this severity or a graver one.")
    ] = FailOn.ERROR,
    show: Annotated[Show, typer.Option(help="Text: list findings of this severity and graver ones.")] = Show.NOTE,
    verify: Annotated[
        Verify, typer.Option(help="Hold shapes and fields against onnxruntime running the model.")
    ] = Verify.RUN,
    no_verify: Annotated[bool, typer.Option("--no-verify", help="The same as --verify none.")] = False,
    verify_timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="Give up verifying a model after this long.")
    ] = 60.0,
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
    shapes = options.input_shapes(input_shape or ())
    timeout = options.seconds(verify_timeout)
    if positions and "json" not in {format, *(target.format for target in targets)}:
        raise UsageError("--positions belongs to the JSON report", "add --format json, or --output report.json")
    # Imported here, for --help and a mistyped option need none of it.
    from strideinspect.cli import session

    question = session.Question(
        input_shapes=shapes,
        verify="none" if no_verify else verify.value,
        verify_timeout=timeout,
        tensors=tuple(tensor or ()),
        select=options.names(select or ()),
        ignore=options.names(ignore or ()),
    )
    answer = session.Answer(format.value, targets, show.value, positions=positions, quiet=quiet)
    return session.run(models, question, answer, fail_on=fail_on.value)
