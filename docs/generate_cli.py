"""Write docs/cli.md from the command line itself. With --check, only check whether it is current."""

from __future__ import annotations

import sys
from pathlib import Path

from typer.main import get_command

from strideinspect.cli.app import COMMANDS, application, title

PAGE = Path(__file__).with_name("cli.md")
INTRODUCTION = """\
# The command line

<!-- Written by docs/generate_cli.py; a test checks that it is current. -->

`strideinspect MODEL...` needs no command name. Results go to standard output, messages to standard error, so that
`strideinspect model.onnx --format json > report.json` writes only the report to the file.

| exit status | meaning |
|---|---|
| 0 | no finding at or above `--fail-on` |
| 1 | at least one finding at or above `--fail-on` |
| 2 | an error: a model could not be inspected, or an option is wrong; one line on standard error says what to do |

With several models the exit status is the highest of theirs; a model that cannot be read does not stop the others.
"""


def page() -> str:
    """The page: the introduction, then every command's own help."""
    parts = [INTRODUCTION]
    for name in COMMANDS:
        command = get_command(application(name))
        context = command.make_context(
            title(name), [], resilient_parsing=True, terminal_width=100, max_content_width=100
        )
        text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        parts.append(f"## {title(name)}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(
            0 if PAGE.read_text(encoding="utf-8") == page() else "docs/cli.md is stale: python docs/generate_cli.py"
        )
    PAGE.write_text(page(), encoding="utf-8")
