"""What the commands about one model share: their options, the model and its settings, and how the answer is written."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any, Concatenate

from msgspec import Struct

from strideinspect.cli import console, options
from strideinspect.cli.colour_choice import Colour
from strideinspect.cli.options import AnswerFormat, PageFormat
from strideinspect.errors import UsageError

if TYPE_CHECKING:
    from strideinspect.cli.standard_input import SavedInput
    from strideinspect.report.answers import Answer
    from strideinspect.settings import Settings

    Ask = Callable[[str, Settings, str], "Answered"]
    """What a command says of a file, given its settings and what to call it."""

    AskOfTwo = Callable[[tuple[str, str], Settings, tuple[str, str]], "Answered"]
    """The same of two files, with the settings of the first."""


class Answered(Struct, frozen=True):
    """An answer in words, as plain data, and as an HTML page, which is only made where it is asked for."""

    words: "Answer"
    data: Mapping[str, Any]
    page: Callable[[], str] | None = None


class ModelRequest(Struct, frozen=True):
    """The model, the options that say at which size to look at it, and the configuration file to use."""

    model: str
    input_shape: Iterable[str] | None
    input_value: Iterable[str] | None
    config: str | None
    configured: bool


class Presentation(Struct, frozen=True):
    """How to write an answer."""

    format: PageFormat
    colour: Colour


class ModelQuestion(Struct, frozen=True):
    """What the options say that every command about one model has."""

    request: ModelRequest
    look: Presentation

    def answer(self, ask: "Ask") -> int:
        """Write what `ask` says of the file; the exit status."""
        return _answer(self, (), lambda file, settings, saved: ask(file, settings, saved.shown(file)))

    def compare(self, other: str, ask: "AskOfTwo") -> int:
        """Write what `ask` says of the file and another one; the exit status."""
        if self.request.model == other == "-":
            raise UsageError("only one of two models can come from standard input", "name a file")

        def of_both(file: str, settings: "Settings", saved: "SavedInput") -> Answered:
            (second,) = saved.models([other])
            return ask((file, second), settings, (saved.shown(file), saved.shown(second)))

        return _answer(self, (other,), of_both)


def _question(
    model: options.OneModel,
    input_shape: options.InputShape = None,
    input_value: options.InputValue = None,
    format: options.AnswerFormatOption = AnswerFormat.TEXT,
    color: options.Color = Colour.AUTO,
    config: options.Config = None,
    no_config: options.NoConfig = False,
) -> ModelQuestion:
    return ModelQuestion(
        ModelRequest(model, input_shape, input_value, config, not no_config), Presentation(PageFormat(format), color)
    )


def command(run: Callable[Concatenate[ModelQuestion, ...], int]) -> Callable[..., int]:
    """A command about one model: Typer sees its own options, and after them those that all such commands have.

    The function gets the question in place of the options that they share; its own are its other parameters.
    """
    return _sharing(run, [*signature(_question).parameters.values()])


def command_with_page(run: Callable[Concatenate[ModelQuestion, ...], int]) -> Callable[..., int]:
    """The same, of a command whose answer can be an HTML page, too."""
    shared = signature(_question).parameters
    page = shared["format"].replace(annotation=options.PageFormatOption, default=PageFormat.TEXT)
    return _sharing(run, [*{**shared, "format": page}.values()])


def _sharing(
    run: Callable[Concatenate[ModelQuestion, ...], int], options_of_all: Sequence[Parameter]
) -> Callable[..., int]:
    model, *shared = options_of_all
    _, *own = signature(run).parameters.values()

    @wraps(run)
    def with_shared_options(**values: Any) -> int:  # noqa: ANN401  # Typer has parsed them
        question = _question(**{option.name: values.pop(option.name) for option in (model, *shared)})
        return run(question, **values)

    with_shared_options.__signature__ = Signature([model, *own, *shared])  # type: ignore[attr-defined]
    return with_shared_options


def _answer(
    question: ModelQuestion, others: Sequence[str], ask: Callable[[str, "Settings", "SavedInput"], Answered]
) -> int:
    """Write what `ask` says of the file, its settings and what came by standard input; the exit status."""
    request, look = question.request, question.look
    given = options.settings(
        request.input_shape, request.input_value, None, None, None, None, None, None, no_verify=True
    )
    # Imported here: --help and a mistyped option need none of it.
    from strideinspect.cli import session, standard_input

    console.check_open()
    with standard_input.saved([request.model, *others]) as saved, console.progress(quiet=False) as progress:
        asked = session.InspectionRequest(given, request.config, configured=request.configured, saved=saved)
        tasks = asked.tasks([request.model])
        if len(tasks) != 1:
            raise UsageError(f"{request.model} stands for {len(tasks)} models", "name one of them")
        (task,) = tasks
        if task.failed is not None:
            raise UsageError(task.failed.message, task.failed.help)
        if progress is not None:
            progress("computing shapes and receptive fields")
        with saved.named():
            answered = ask(task.path, task.settings, saved)
        page = answered.page() if look.format is PageFormat.HTML and answered.page else ""
    _write(answered, page, look)
    return 0


def _write(answered: Answered, page: str, look: Presentation) -> None:
    from strideinspect.report import answers, json, symbols

    match look.format:
        case PageFormat.JSON:
            console.write(json.document_text(answered.data), exact=True)
        case PageFormat.MARKDOWN:
            console.write(answers.markdown(answered.words), exact=True)
        case PageFormat.HTML:
            console.write(page, exact=True)
        case PageFormat.TEXT:
            with symbols.written_in(console.encoding()):
                document = answers.text(answered.words, console.width())
            console.show(document, look.colour)
