"""The commands, each a file, and what every one of them has in common: how errors end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import typer
from typer.main import get_command

from strideinspect.cli import console
from strideinspect.cli.options import CommandOfModels
from strideinspect.errors import StrideinspectError, unexpected

DEFAULT = "inspect"
"""The command whose name may be left out: what is no command's name is handed to it."""

COMMANDS: Mapping[str, Mapping[str, Any]] = {
    DEFAULT: {
        "cls": CommandOfModels,
        "epilog": """Exit status: 0 nothing at or above --fail-on; 1 something is; 2 the tool could not do its work.

Other commands: strideinspect baseline | rules | explain RULE | schema (a file that is called so: ./rules).""",
    },
    "baseline": {"cls": CommandOfModels},
    "rules": {},
    "explain": {},
    "schema": {},
}
"""The commands by the names of their files, and what Typer is to know of them besides their functions."""


def application(name: str) -> typer.Typer:
    """A command by itself: nobody waits until the options of all the others are made."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(name, **COMMANDS[name])(import_module(f"strideinspect.cli.{name}").run)
    return app


def title(name: str) -> str:
    """What a user types to get to a command."""
    return "strideinspect" if name == DEFAULT else f"strideinspect {name}"


def run(args: Sequence[str]) -> int:
    """Run the command line; the exit status. Whatever goes wrong is one line on standard error and status 2."""
    name, *rest = args if args and args[0] in COMMANDS else (DEFAULT, *args)
    try:
        status = get_command(application(name)).main(rest, prog_name=title(name), standalone_mode=False)
        return int(status or 0)
    except typer.TyperException as error:
        # Typer's own words, but for those that speak of Python.
        what = error.format_message().replace("Value error, ", "").rstrip(".")
        console.complain(f"{what}; see strideinspect --help")
    except StrideinspectError as error:
        console.complain(str(error))
    except Exception as error:  # noqa: BLE001  # the last resort: a mistake of ours, told without a traceback
        console.complain(str(unexpected(error)))
    return 2
