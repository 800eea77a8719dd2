"""Scripts by which shells complete the command line: static, so that completing starts no Python.

Typer's own completion expects the name of a command first; here a model may stand there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import typer
from msgspec import Struct
from typer.main import get_command

from strideinspect.rules.registry import all_rules


class Option(Struct, frozen=True):
    """An option: its names, what may follow it, and what it is for.

    `values` is empty where anything may follow, such as a file; `flag` says that nothing follows.
    """

    names: tuple[str, ...]
    values: tuple[str, ...]
    flag: bool
    help: str


class Words(Struct, frozen=True):
    """What can be typed after a command: options, and words that are none."""

    options: tuple[Option, ...]
    arguments: tuple[str, ...]


def words_of(applications: Mapping[str, typer.Typer]) -> Mapping[str, Words]:
    """What can be typed after each command."""
    rules = tuple(sorted({name for rule in all_rules() for name in (rule.id, rule.group)}))
    return {name: _words(application, rules) for name, application in applications.items()}


def _words(application: typer.Typer, rules: Sequence[str]) -> Words:
    options: list[Option] = []
    arguments: list[str] = []
    for parameter in get_command(application).params:
        values = rules if parameter.metavar in {"RULE", "RULES"} else tuple(getattr(parameter.type, "choices", ()))
        if parameter.param_type_name == "option":
            flag = bool(getattr(parameter, "is_flag", False))
            text = str(getattr(parameter, "help", "") or "").partition(". ")[0].rstrip(".")
            options.append(Option(tuple(parameter.opts), tuple(values), flag, text))
        else:
            arguments.extend(values)
    return Words((*options, Option(("--help", "-h"), (), True, "Show this message and exit")), tuple(arguments))


def bash(words: Mapping[str, Words], default: str) -> str:
    """A script for bash. Where it offers nothing, bash completes names of files."""
    return f"""\
_strideinspect() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command={default} offered=
  case ${{COMP_WORDS[1]}} in
    {"|".join(words)}) (( COMP_CWORD > 1 )) && command=${{COMP_WORDS[1]}} ;;
  esac
  case "$command $previous" in
{_cases(words, "offered=")}
    *)
      case "$current" in
        -*)
          case $command in
{_options(words, "offered=")}
          esac ;;
        *)
          (( COMP_CWORD == 1 )) && offered="{" ".join(words)}"
          case $command in
{_arguments(words, "offered=")}
          esac ;;
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}}
complete -o default -F _strideinspect strideinspect
"""


def zsh(words: Mapping[str, Words], default: str) -> str:
    """A script for zsh. Names of files are offered beside what is not an option."""
    return f"""\
#compdef strideinspect
_strideinspect() {{
  local current=${{words[CURRENT]}} previous=${{words[CURRENT-1]}} command={default} offered= files=1
  case ${{words[2]}} in
    {"|".join(words)}) (( CURRENT > 2 )) && command=${{words[2]}} ;;
  esac
  case "$command $previous" in
{_cases(words, "files= offered=")}
    *)
      case "$current" in
        -*)
          files=
          case $command in
{_options(words, "offered=")}
          esac ;;
        *)
          (( CURRENT == 2 )) && offered="{" ".join(words)}"
          case $command in
{_arguments(words, "files= offered=")}
          esac ;;
      esac ;;
  esac
  [[ -n $offered ]] && compadd -- ${{=offered}}
  [[ -n $files ]] && _files
  return 0
}}
compdef _strideinspect strideinspect
"""


def fish(words: Mapping[str, Words], default: str) -> str:
    """A script for fish, which shows what each option is for."""
    others = [name for name in words if name != default]
    lines = [f"complete -c strideinspect -n __fish_use_subcommand -a {name}" for name in others]
    for name, own in words.items():
        seen = (
            f"not __fish_seen_subcommand_from {' '.join(others)}"
            if name == default
            else (f"__fish_seen_subcommand_from {name}")
        )
        start = f"complete -c strideinspect -n '{seen}'"
        if own.arguments:
            lines.append(f"{start} -f -a '{' '.join(own.arguments)}'")
        for option in own.options:
            names = " ".join(f"-l {one[2:]}" if one.startswith("--") else f"-s {one[1:]}" for one in option.names)
            values = "" if option.flag else f" -x -a '{' '.join(option.values)}'" if option.values else " -r"
            lines.append(f"{start} {names}{values} -d {_quoted(option.help)}")
    return "\n".join(lines) + "\n"


SCRIPTS: Mapping[str, Callable[[Mapping[str, Words], str], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
"""The script of each shell, of the commands and the one that needs no name."""


def _cases(words: Mapping[str, Words], assign: str) -> str:
    """What may follow an option; of one that takes a file, a number or a pattern nothing in particular."""
    return "\n".join(
        f"    {'|'.join(f'{chr(34)}{name} {one}{chr(34)}' for one in option.names)})"
        f' {assign if option.values else "offered="}"{" ".join(option.values)}" ;;'
        for name, own in words.items()
        for option in own.options
        if not option.flag
    )


def _options(words: Mapping[str, Words], assign: str) -> str:
    return "\n".join(
        f'            {name}) {assign}"{" ".join(one for option in own.options for one in option.names)}" ;;'
        for name, own in words.items()
    )


def _arguments(words: Mapping[str, Words], assign: str) -> str:
    return "\n".join(
        f'            {name}) {assign}"{" ".join(own.arguments)}" ;;' for name, own in words.items() if own.arguments
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
