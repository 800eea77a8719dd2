"""What the commands about one model share: which model it is, its settings, and how the answer is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from strideinspect.cli import console, options
from strideinspect.cli.colour_choice import Colour
from strideinspect.cli.options import AnswerFormat
from strideinspect.errors import UsageError

if TYPE_CHECKING:
    from strideinspect.report.answers import Answer
    from strideinspect.settings import Settings

    Answered = tuple[Answer, Mapping[str, Any]]
    """An answer in words, and as plain data."""


class ModelRequest(NamedTuple):
    """The model, the options that say at which size to look at it, and the configuration file to use."""

    model: str
    input_shape: Iterable[str] | None
    input_value: Iterable[str] | None
    config: str | None
    configured: bool


class Presentation(NamedTuple):
    """How to write an answer."""

    format: AnswerFormat
    colour: Colour


def answer(request: ModelRequest, look: Presentation, ask: Callable[[str, Settings, str], Answered]) -> int:
    """Write what `ask` says of the file, its settings and what to call it; the exit status."""
    given = options.settings(
        request.input_shape, request.input_value, None, None, None, None, None, None, no_verify=True
    )
    # Imported here: --help and a mistyped option need none of it.
    from strideinspect.cli import session, standard_input

    console.check_open()
    with standard_input.saved([request.model]) as saved, console.progress(quiet=False) as progress:
        question = session.InspectionRequest(given, request.config, configured=request.configured, saved=saved)
        tasks = question.tasks([request.model])
        if len(tasks) != 1:
            raise UsageError(f"{request.model} stands for {len(tasks)} models", "name one of them")
        (task,) = tasks
        if task.failed is not None:
            raise UsageError(task.failed.message, task.failed.help)
        if progress is not None:
            progress("computing shapes and receptive fields")
        words, data = ask(task.path, task.settings, saved.shown(task.path))
    _write(words, data, look)
    return 0


def _write(words: Answer, data: Mapping[str, Any], look: Presentation) -> None:
    from strideinspect.report import answers, json, symbols

    match look.format:
        case AnswerFormat.JSON:
            console.write(json.document_text(data), exact=True)
        case AnswerFormat.MARKDOWN:
            console.write(answers.markdown(words), exact=True)
        case AnswerFormat.TEXT:
            with symbols.written_in(console.encoding()):
                document = answers.text(words, console.width())
            console.show(document, look.colour)
