"""The options of the commands that inspect models, and how their values are parsed.

Every wrong value is a UsageError that says what to write instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from strideinspect.cli.colour_choice import Colour
from strideinspect.errors import UsageError

if TYPE_CHECKING:
    from strideinspect.expectation import Expectation


class VerifyMode(StrEnum):
    """How the results are checked by running the model."""

    NONE = "none"
    RUN = "run"
    FULL = "full"


class AnswerFormat(StrEnum):
    """The format of an answer about one model."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class PageFormat(StrEnum):
    """The same, of an answer that can be looked at."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class CommandOfModels(TyperCommand):
    """A command whose usage line shows the models first."""

    def format_usage(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # noqa: ANN401
        """Typer would put the options first."""
        formatter.write_usage(ctx.command_path, "MODEL... [OPTIONS]")


class CommandOfOneModel(TyperCommand):
    """A command whose usage line shows its one model first."""

    def format_usage(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # noqa: ANN401
        """Typer would put the options first."""
        formatter.write_usage(ctx.command_path, "MODEL [OPTIONS]")


class CommandOfTwoModels(TyperCommand):
    """A command whose usage line shows its two models first."""

    def format_usage(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # noqa: ANN401
        """Typer would put the options first."""
        formatter.write_usage(ctx.command_path, "MODEL OTHER [OPTIONS]")


OneModel = Annotated[str, typer.Argument(metavar="MODEL", hidden=True)]
OtherModel = Annotated[str, typer.Argument(metavar="OTHER", hidden=True)]
AnswerFormatOption = Annotated[AnswerFormat, typer.Option("--format", help="Format of the answer.")]
PageFormatOption = Annotated[
    PageFormat,
    typer.Option("--format", help="Format of the answer. html is a page for a browser: --format html > page.html."),
]
Color = Annotated[Colour, typer.Option(help="Colors and links in text.")]
Models = Annotated[list[str], typer.Argument(metavar="MODEL", hidden=True)]
InputShape = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=1,3,224,224",
        help="Shape of an input: replaces the declared one, or fills in dynamic axes. NAME= is optional for a single "
        "input. Repeatable.",
    ),
]
InputValue = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="Value of an input that decides shapes or branches: sr=16000, sizes=1,3,16,16. Repeatable.",
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Option(metavar="RULES", help="Run only these rules or groups, separated by commas; * and ? are wildcards."),
]
Ignore = Annotated[
    list[str] | None, typer.Option(metavar="RULES", help="Do not run these rules or groups, separated by commas.")
]
Expect = Annotated[
    list[str] | None,
    typer.Option(
        metavar="OUTPUT:size=427,stride=32",
        help="Fail unless this output, tensor, node or layer has these values. Keys: size, stride, first, last, "
        "center, shape. Repeatable.",
    ),
]
Verified = Annotated[
    VerifyMode | None,
    typer.Option(
        help="Check shapes and receptive fields by running onnxruntime; full: also at enlarged inputs and with the "
        "real weights. Default: run.",
        show_default=False,
    ),
]
NoVerify = Annotated[bool, typer.Option("--no-verify", help="Same as --verify none.")]
VerifyTimeout = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="Time limit for verifying one model. Default: 60.", show_default=False),
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", metavar="N", min=1, help="Number of models inspected in parallel.")]
Timeout = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="Time limit for inspecting one model, everything included. Default: none.",
        show_default=False,
    ),
]
ExtendSelect = Annotated[
    list[str] | None,
    typer.Option(metavar="RULES", help="Run these rules or groups besides those that are selected."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="In folders, leave out files and folders that match, as a line of a .gitignore here would. Repeatable.",
    ),
]
Config = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Configuration file to use instead of the nearest strideinspect.toml or pyproject.toml at or above the "
        "model's folder.",
    ),
]
NoConfig = Annotated[bool, typer.Option("--no-config", help="Ignore all configuration files.")]


def input_shapes(texts: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """`NAME=1,3,224,224` as name and sizes; a name left out is "" and stands for the model's only input.

    Raises UsageError for anything that is not a list of sizes, and for a name given twice.
    """
    from strideinspect import input_arguments  # imports fractions

    return input_arguments.shapes_of(texts, "--input-shape ")


def names(texts: Iterable[str]) -> tuple[str, ...]:
    """Names separated by commas, over all repetitions of an option."""
    return tuple(name for text in texts for part in text.split(",") if (name := part.strip()))


def settings(
    input_shape: Iterable[str] | None,
    input_value: Iterable[str] | None,
    select: Iterable[str] | None,
    ignore: Iterable[str] | None,
    expect: Iterable[str] | None,
    verify: VerifyMode | None,
    verify_timeout: float | None,
    timeout: float | None,
    *,
    no_verify: bool,
) -> dict[str, Any]:
    """The options that were given, as attributes of Settings."""
    from strideinspect import input_arguments  # imports fractions

    attributes: dict[str, Any] = {
        "input_shapes": input_shapes(input_shape or ()),
        "input_values": input_arguments.values_of(input_value or (), "--input-value "),
        "verify": "none" if no_verify else verify and verify.value,
        "verify_timeout": None if verify_timeout is None else seconds(verify_timeout, "--verify-timeout"),
        "timeout": None if timeout is None else seconds(timeout, "--timeout"),
        "select": select and names(select),
        "ignore": ignore and names(ignore),
        "expect": expect and _expectations(expect),
    }
    return {name: value for name, value in attributes.items() if value is not None}


def _expectations(texts: Iterable[str]) -> tuple[Expectation, ...]:
    from strideinspect import expectation  # imports fractions

    return tuple(expectation.parsed(text) for text in texts)


def seconds(value: float, option: str) -> float:
    """A time limit. Raises UsageError unless it is finite and above 0."""
    if not math.isfinite(value) or value <= 0:
        raise UsageError(f"{option} {value}: not a valid time limit", "give seconds above 0")
    return value
