"""`strideinspect MODEL...`: inspect models. The default command."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from strideinspect.cli import console, options
from strideinspect.cli.colour_choice import Colour
from strideinspect.errors import UsageError
from strideinspect.version import __version__


class Format(StrEnum):
    """The format of a report."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    CONCISE = "concise"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    HTML = "html"
    CARD = "card"
    LATEX = "latex"


class FailOn(StrEnum):
    """The lowest severity that makes the exit status 1."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"
    NEVER = "never"


class Show(StrEnum):
    """The lowest severity that a text report lists."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


def _version(asked: bool) -> None:
    if asked:
        console.write(f"strideinspect {__version__}\n")
        raise typer.Exit


def _photo(image: str | None, formats: set[str]) -> Path | None:
    """The photo for the HTML page. Raises UsageError where there is no page, or it cannot be read."""
    if image is None:
        return None
    if "html" not in formats:
        raise UsageError("--image only affects the HTML page", "add --output report.html")
    from strideinspect import photo

    photo.check(Path(image))
    return Path(image)


def run(
    models: options.Models,
    input_shape: options.InputShape = None,
    input_value: options.InputValue = None,
    format: Annotated[Format, typer.Option("--format", help="Format on standard output.")] = Format.TEXT,
    output: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Also write a file; the suffix determines the format, or write FORMAT:FILE. Repeatable.",
        ),
    ] = None,
    select: options.Select = None,
    extend_select: options.ExtendSelect = None,
    ignore: options.Ignore = None,
    expect: options.Expect = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Hide the findings that this file accepts; strideinspect baseline writes it."
        ),
    ] = None,
    no_baseline: Annotated[
        bool, typer.Option("--no-baseline", help="Show all findings, even those that the configured baseline accepts.")
    ] = False,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            help="Exit with status 1 if there is a finding of this severity or higher. Default: error.",
            show_default=False,
        ),
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Same as --fail-on never.")] = False,
    show: Annotated[
        Show, typer.Option(help="Text, Markdown, GitHub: list findings of this severity or higher.")
    ] = Show.NOTE,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Text: print how often each rule fired instead of the reports.")
    ] = False,
    verify: options.Verified = None,
    no_verify: options.NoVerify = False,
    verify_timeout: options.VerifyTimeout = None,
    erf: Annotated[
        bool,
        typer.Option(
            "--erf",
            help="Also judge what each output really sees, by gradients with the model's weights; the HTML page "
            "shows it. Takes time.",
        ),
    ] = False,
    timeout: options.Timeout = None,
    jobs: options.Jobs = 1,
    exclude: options.Exclude = None,
    config: options.Config = None,
    no_config: options.NoConfig = False,
    strict_config: Annotated[
        bool,
        typer.Option(
            "--strict-config", help="Exit with status 2 if a pattern or a files table of the settings matches nothing."
        ),
    ] = False,
    positions: Annotated[bool, typer.Option("--positions", help="JSON: add the actual field of every index.")] = False,
    image: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="HTML: a photo to lay under the boxes, and to run the model on for its feature maps; with --erf, for "
            "its gradients.",
        ),
    ] = None,
    tensor: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Also report the receptive fields of these tensors, nodes or layers; * and ? are wildcards. "
            "Repeatable.",
        ),
    ] = None,
    color: options.Color = Colour.AUTO,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Inspect unchanged models again; keep no report of them.")
    ] = False,
    show_files: Annotated[
        bool, typer.Option("--show-files", help="List the models that would be inspected, and inspect none.")
    ] = False,
    show_settings: Annotated[
        bool,
        typer.Option("--show-settings", help="Show the settings of each model as a configuration, and inspect none."),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Text: findings only; no progress display.")] = False,
    version: Annotated[  # noqa: ARG001  # handled by its callback
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> int:
    """Inspect the receptive fields, strides and dropped pixels of ONNX models, verified by running onnxruntime."""
    # Imported here, as is the rest below: --help and a mistyped option need none of it.
    from strideinspect.cli import outputs

    targets = outputs.targets(output or (), models)
    if statistics and format is not Format.TEXT:
        raise UsageError("--statistics only works with --format text", f"remove --format {format}")
    if positions and "json" not in {format, *(target.format for target in targets)}:
        raise UsageError("--positions only affects the JSON report", "add --format json, or --output report.json")
    photo = _photo(image, {format, *(target.format for target in targets)})
    settings = options.settings(
        input_shape, input_value, select, ignore, expect, verify, verify_timeout, timeout, no_verify=no_verify
    )
    if erf:
        settings["erf"] = True
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
    question = session.InspectionRequest(
        settings,
        config,
        configured=not no_config,
        exclude=tuple(exclude or ()),
        extend_select=options.names(extend_select or ()),
    )
    if show_files or show_settings:
        from strideinspect.cli import show as would

        return (would.files if show_files else would.settings)(question.tasks(models))
    cache = None
    if not no_cache:
        from strideinspect.report_cache import ReportCache, default_folder

        cache = ReportCache(default_folder())
    answer = session.OutputRequest(
        format.value,
        targets,
        show.value,
        positions=positions,
        quiet=quiet,
        statistics=statistics,
        colour=color,
        cache=cache,
        strict=strict_config,
        image=photo,
    )
    return session.run(models, question, answer, jobs=jobs)
