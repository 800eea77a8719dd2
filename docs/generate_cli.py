"""Write docs/cli.md from the command line itself. With --check, only tell whether it is current."""

from __future__ import annotations

import sys
from pathlib import Path

from typer.main import get_command

from strideinspect.cli.app import COMMANDS, application, title

PAGE = Path(__file__).with_name("cli.md")
INTRODUCTION = """\
# The command line

<!-- Written by docs/generate_cli.py; a test checks that it is current. -->

`strideinspect MODEL...` needs no command name. Results go to standard output, everything else to standard error, so
that `strideinspect model.onnx --format json > report.json` is a report and nothing but a report.

| exit status | means |
|---|---|
| 0 | nothing at or above `--fail-on` |
| 1 | something is |
| 2 | the tool could not do its work; one line on standard error says what and what to do |

With several models the status is the worst of them; one that cannot be read does not stop the others.
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
