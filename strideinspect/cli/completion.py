"""`strideinspect completion SHELL`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from enum import StrEnum
from typing import Annotated

import typer

from strideinspect.cli import console


class Shell(StrEnum):
    """A shell that completes what is typed."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def run(shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish", help="The shell.")]) -> None:
    """Print a script for the completion of commands, options, their values, and names of rules.

    For bash, write to ~/.bashrc: eval "$(strideinspect completion bash)"; for zsh the same, after compinit, to ~/.zshrc
    with zsh. For fish: strideinspect completion fish > ~/.config/fish/completions/strideinspect.fish
    """
    from strideinspect.cli import completion_scripts
    from strideinspect.cli.app import COMMANDS, DEFAULT, application

    words = completion_scripts.words_of({name: application(name) for name in COMMANDS})
    console.write(completion_scripts.SCRIPTS[shell.value](words, DEFAULT))
