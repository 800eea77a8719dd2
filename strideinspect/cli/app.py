"""The commands put together, and what every one of them has in common: how errors end."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from typer.core import TyperGroup
from typer.main import get_command

from strideinspect.cli import baseline, console, explain, inspect, options, rules, schema
from strideinspect.errors import StrideinspectError, unexpected

DEFAULT = "inspect"


class DefaultCommandGroup(TyperGroup):
    """A group whose first argument may be left out: what is no command's name is handed to the default command."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Put the default command in front of arguments that name none."""
        return super().parse_args(ctx, args if args and args[0] in self.commands else [DEFAULT, *args])


app = typer.Typer(cls=DefaultCommandGroup, rich_markup_mode=None, add_completion=False, add_help_option=False)
# Typer makes a lone command the whole application unless a callback says that there is a group.
app.callback()(lambda: None)
app.command(DEFAULT, cls=options.CommandOfModels, epilog=inspect.EPILOG)(inspect.run)
app.command("baseline", cls=options.CommandOfModels)(baseline.run)
app.command("rules")(rules.run)
app.command("explain")(explain.run)
app.command("schema")(schema.run)


def run(args: Sequence[str]) -> int:
    """Run the command line; the exit status. Whatever goes wrong is one line on standard error and status 2."""
    try:
        status = get_command(app).main([*args], prog_name="strideinspect", standalone_mode=False)
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
