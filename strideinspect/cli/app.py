"""The commands, one file each, and how errors of all of them end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import typer
from typer.main import get_command

from strideinspect.cli import console
from strideinspect.cli.options import CommandOfModels, CommandOfOneModel, CommandOfTwoModels
from strideinspect.errors import StrideinspectError, unexpected

DEFAULT = "inspect"
"""The command that runs where the first argument is not the name of a command."""

ANSWERED = "Exit status: 0; 2 for a model or an option that cannot be used."
"""How the commands end that judge nothing."""

COMMANDS: Mapping[str, Mapping[str, Any]] = {
    DEFAULT: {
        "cls": CommandOfModels,
        "epilog": """Exit status: 0 no finding at or above --fail-on; 1 at least one; 2 a model could not be inspected
or an option is wrong.

Other commands: strideinspect baseline | sizes | where | tiles | diff | whatif | fix | erf | annotate | plot |
rules | explain RULE | schema | completion SHELL. To inspect a file with one of these names, write ./rules.""",
    },
    "baseline": {
        "cls": CommandOfModels,
        "epilog": "Exit status: 0; 2 where a model could not be inspected or an option is wrong.",
    },
    "sizes": {"cls": CommandOfOneModel, "epilog": ANSWERED},
    "where": {"cls": CommandOfOneModel, "epilog": ANSWERED},
    "tiles": {
        "cls": CommandOfOneModel,
        "epilog": "Exit status: 0; 1 where --prove finds a difference; 2 for a model or an option that cannot be used.",
    },
    "diff": {
        "cls": CommandOfTwoModels,
        "epilog": "Exit status: 0 where the geometry is the same; 1 where it differs; 2 for a model or an option that "
        "cannot be used.",
    },
    "whatif": {"cls": CommandOfOneModel, "epilog": ANSWERED},
    "fix": {"cls": CommandOfOneModel, "epilog": ANSWERED},
    "annotate": {"cls": CommandOfOneModel, "epilog": ANSWERED},
    "plot": {"cls": CommandOfOneModel, "epilog": ANSWERED},
    "erf": {"cls": CommandOfOneModel, "epilog": ANSWERED},
    "rules": {},
    "explain": {},
    "schema": {},
    "completion": {},
}
"""The commands by the names of their files, with Typer's arguments for each."""


def application(name: str) -> typer.Typer:
    """One command alone: building the options of all commands would slow down every start."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(name, context_settings={"help_option_names": ["--help", "-h"]}, **COMMANDS[name])(
        import_module(f"strideinspect.cli.{name}").run
    )
    return app


def title(name: str) -> str:
    """What a user types to get to a command."""
    return "strideinspect" if name == DEFAULT else f"strideinspect {name}"


def options_of_all() -> dict[str, list[str]]:
    """The options of every command, by what a user types to get to it."""
    return {
        title(name): [option for param in get_command(application(name)).params for option in param.opts]
        for name in COMMANDS
    }


def run(args: Sequence[str]) -> int:
    """Run the command line; the exit status. Any error is one line on standard error and status 2."""
    name, *rest = args if args and args[0] in COMMANDS else (DEFAULT, *args)
    meant = ""
    if name == DEFAULT and rest and rest[0].isalpha():
        from strideinspect.cli import advice  # most command lines need none

        meant = advice.misspelt(args, COMMANDS)
    if meant:
        console.complain(f"there is no command or file {args[0]!r}; did you mean strideinspect {meant}?")
        return 2
    try:
        status = get_command(application(name)).main(rest, prog_name=title(name), standalone_mode=False)
        return int(status or 0)
    except typer.TyperException as error:
        from strideinspect.cli import advice

        console.complain(advice.message(error, title(name), options_of_all))
    except StrideinspectError as error:
        _leave_if_interrupted()
        console.complain(str(error))
    except Exception as error:  # noqa: BLE001  # a bug in strideinspect: one line instead of a traceback
        _leave_if_interrupted()
        console.complain(str(unexpected(error)))
    return 2


def _leave_if_interrupted() -> None:
    """Raise KeyboardInterrupt where a signal ends the run: the error may be what an import made of it."""
    from strideinspect.processes import interrupts  # loaded already, but where only a help text is written

    interrupts.check()
