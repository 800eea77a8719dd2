"""What to do about a command line that cannot be parsed: it fits the command that was typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import typer

from strideinspect.nearest_name import nearest_name

Options = Mapping[str, Iterable[str]]
"""The options of every command, by what a user types to get to it."""

_INSTEAD = {"--baseline": "write --output FILE to choose the file to update"}
"""What another command has in place of an option."""


def message(error: typer.TyperException, title: str, options: Callable[[], Options]) -> str:
    """One line about an error that the parser found: what is wrong, and what to write."""
    # Typer's own message, without the words that only make sense in Python.
    what = error.format_message().replace("Value error, ", "").rstrip(".")
    if type(error).__name__ == "NoSuchOption":
        name = str(getattr(error, "option_name", ""))
        others = [command for command, own in options().items() if name in own]
        if others:
            hint = _INSTEAD.get(name, f"see {title} --help")
            return f"{name} is an option of {_listed(others)}, not of {title}; {hint}"
        near = " or ".join(getattr(error, "possibilities", None) or ()) or nearest_name(name, options().get(title, ()))
        return f"{title} has no option {name}; " + (f"did you mean {near}?" if near else f"see {title} --help")
    if type(error).__name__ == "MissingParameter":
        return f"{what}; write {title} {_EXAMPLES.get(title, '')}".rstrip()
    return f"{what}; see {title} --help"


_EXAMPLES = {
    "strideinspect": "model.onnx",
    "strideinspect baseline": "model.onnx",
    "strideinspect sizes": "model.onnx",
    "strideinspect where": "model.onnx --at 7,7",
    "strideinspect tiles": "model.onnx",
    "strideinspect diff": "a.onnx b.onnx",
    "strideinspect whatif": "model.onnx --set 'layer4*:stride=1'",
    "strideinspect fix": "model.onnx -o fixed.onnx",
    "strideinspect erf": "model.onnx",
    "strideinspect annotate": "model.onnx -o annotated.onnx",
    "strideinspect plot": "model.onnx --kind fields -o fields.svg",
    "strideinspect explain": "unseen-input",
    "strideinspect completion": "bash",
}


def misspelt(args: Sequence[str], commands: Iterable[str]) -> str:
    """The command that was probably meant by a first argument that is neither a command nor a file; "" if none was."""
    first = args[0] if args else ""
    if not first.isalpha() or Path(first).exists():
        return ""
    return "--help" if first == "help" else nearest_name(first, commands, cutoff=0.7)


def _listed(names: Iterable[str]) -> str:
    return " and ".join(names)
