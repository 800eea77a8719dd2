"""Write docs/api.md from the signatures and docstrings of what the package exports. With --check, only compare.

It refuses a public class with an attribute that its docstring does not name, and one that no section lists.
"""

from __future__ import annotations

import enum
import inspect
import re
import sys
import textwrap
import typing
from collections.abc import Iterator
from pathlib import Path

import msgspec

import strideinspect
from strideinspect import testing

PAGE = Path(__file__).with_name("api.md")
INTRODUCTION = """\
# The Python interface

<!-- Written by docs/generate_api.py; a test checks that it is current. -->

```python
import strideinspect

report = strideinspect.inspect("model.onnx")
```

Everything here is imported from `strideinspect` itself, `assert_clean` from `strideinspect.testing`. Importing the
package loads nothing heavy. Results are frozen and can be pickled.

Axes are counted from 0. Positions are pixel indices along an axis; pixel i has its center at i. A `Span` is a tuple of
a first and a last index, both included. The [README](../README.md) explains *local* and *full*, *theoretical* and
*actual* receptive fields."""
SECTIONS: dict[str, tuple[str, ...]] = {
    "Functions": (
        "inspect",
        "inspect_many",
        "inspect_module",
        "sizes",
        "tiles",
        "where",
        "diff",
        "whatif",
        "fix",
        "erf",
        "settings_for",
    ),
    "Results": (
        *("Report", "FailedReport", "Input", "WindowNode", "Dropped", "Merge", "Source", "Branch", "TensorReport"),
        *(
            "Field",
            "FullField",
            "Alignment",
            "LastLocal",
            "Positions",
            "Scale",
            "Cell",
            "CellAxis",
            "LadderStep",
            "Totals",
            "Unseen",
            "Finding",
            "Severity",
            "RuleInfo",
            "Accepted",
            "Unmatched",
        ),
    ),
    "Sizes": ("Sizes", "AxisSizes", "SizeRule", "SizeRow"),
    "Where": ("Where", "Place", "Box", "BoxAxis", "Cells", "CellsAxis"),
    "Tiles": (
        "Tiling",
        "TiledOutput",
        "TiledAxis",
        "WholeAxis",
        "TilePlan",
        "OverlapRatios",
        "StatePair",
        "TilingProof",
    ),
    "Diff": ("Diff", "MatchedWindow", "MatchedOutput", "FirstDifference", "Difference", "Asked"),
    "What if": ("WhatIf", "Change", "Summary", "DroppedBy", "Broken"),
    "Fix": ("Fixed", "Fix", "LeftOver", "RunComparison"),
    "Effective field": ("EffectiveField", "EffectiveOutput", "EffectiveInput", "GradientChecks", "GrowthStep"),
    "Verification": ("Verification", "Verdict", "Counts", "Check", "Impulses"),
    "Settings": ("Settings", "Budget", "Operator", "Expectation", "InputShapes", "InputValues", "Verify"),
    "Errors": (
        "StrideinspectError",
        "UnreadableModelError",
        "UnsupportedModelError",
        "InputShapeError",
        "InputValueError",
        "UsageError",
    ),
    "Testing": ("assert_clean",),
}
LISTS = {"Args", "Attributes", "Raises"}


def page() -> str:
    """The page: the introduction, then a section per group and an entry per name."""
    listed = {name for names in SECTIONS.values() for name in names}
    if missing := set(strideinspect.__all__) - listed - {"__version__"}:
        raise SystemExit(f"no section of docs/generate_api.py lists {', '.join(sorted(missing))}")
    parts = [INTRODUCTION]
    for section, names in SECTIONS.items():
        parts.append(f"## {section}")
        for name in names:
            parts += entry(name)
    return "\n\n".join(parts) + "\n"


def entry(name: str) -> Iterator[str]:
    """The paragraphs on one name."""
    thing = getattr(testing, name) if name == "assert_clean" else getattr(strideinspect, name)
    yield f"### {name}"
    if inspect.isclass(thing):
        yield from of_class(thing)
    elif inspect.isfunction(thing):
        yield code(signature(name, thing))
        yield from of_docstring(inspect.getdoc(thing) or "", {})
    else:
        yield code(f"{name} = {str(thing).replace('typing.', '').replace('collections.abc.', '')}")
        yield alias_text(name)


def of_class(kind: type) -> Iterator[str]:
    """A class: its attributes with their types and defaults, then its properties and methods."""
    if issubclass(kind, Exception):
        yield f"Base: `{kind.__mro__[1].__name__}`."
    attributes = {} if issubclass(kind, enum.Enum | Exception) else declared(kind)
    text = inspect.getdoc(kind) or ""
    if undocumented := [name for name in attributes if not re.search(rf"(^ +|`){name}(:|`)", text, re.MULTILINE)]:
        raise SystemExit(f"the docstring of {kind.__name__} does not name {', '.join(undocumented)}")
    yield from of_docstring(text, attributes)
    if attributes and "Attributes:" not in text:
        yield "\n".join(f"- `{name}: {described}`" for name, described in attributes.items())
    if issubclass(kind, enum.Enum):
        yield "Members: " + ", ".join(f'`{member.name}` ("{member.value}")' for member in kind) + "."
    for name, member in vars(kind).items():
        getter = getattr(member, "fget", None) or getattr(member, "func", None)
        function = getter or getattr(member, "__func__", member)
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        yield f"#### {kind.__name__}.{name}"
        yield code(f"{name}: {function.__annotations__['return']}" if getter else signature(name, function))
        yield from of_docstring(inspect.getdoc(function) or "", {})


def declared(kind: type) -> dict[str, str]:
    """Type and default of every attribute, as they are written in the source."""
    types = inspect.get_annotations(kind)
    # The last attributes have defaults; an empty list or dict is known by the type that makes one for each instance.
    ends = kind.__struct_defaults__ if issubclass(kind, msgspec.Struct) else ()
    names = kind.__struct_fields__[-len(ends) :] if issubclass(kind, msgspec.Struct) and ends else ()
    defaults = dict(zip(names, ends, strict=True))
    return {
        name: f"{types[name]} = {shown(defaults[name])}" if name in defaults else str(types[name]) for name in types
    }


def shown(default: object) -> str:
    """A default value as one would write it."""
    if isinstance(default, enum.Enum):
        return f"{type(default).__name__}.{default.name}"
    if isinstance(default, msgspec.Struct) and len(default.__struct_defaults__) == len(default.__struct_fields__):
        return f"{type(default).__name__}()"  # all defaults of ours that can be made so are
    made = getattr(default, "factory", None)
    return repr(default if made is None else made()).replace("'", '"')


def signature(name: str, function: object) -> str:
    """A function as its `def` line, a parameter per line where it is long."""
    parameters = [
        f"{parameter.name}: {parameter.annotation}"
        + ("" if parameter.default is parameter.empty else f" = {shown(parameter.default)}")
        for parameter in without_self(function)
    ]
    kinds = [parameter.kind for parameter in without_self(function)]
    if inspect.Parameter.KEYWORD_ONLY in kinds:
        parameters.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY), "*")
    result = inspect.signature(typing.cast("typing.Any", function)).return_annotation
    line = f"{name}({', '.join(parameters)}) -> {result}"
    if len(line) <= 100:
        return line
    return f"{name}(\n" + "".join(f"    {parameter},\n" for parameter in parameters) + f") -> {result}"


def without_self(function: object) -> list[inspect.Parameter]:
    """The parameters that a caller gives."""
    parameters = inspect.signature(typing.cast("typing.Any", function)).parameters
    return [parameter for name, parameter in parameters.items() if name not in {"self", "cls"}]


def of_docstring(text: str, attributes: dict[str, str]) -> Iterator[str]:
    """A docstring's paragraphs; the entries of its Args, Attributes and Raises as lists."""
    for paragraph in text.split("\n\n"):
        heading, _, rest = paragraph.partition("\n")
        title = heading.removesuffix(":")
        if heading.endswith(":") and title in LISTS:
            yield f"*{title}*"
            yield "\n".join(item(one, attributes) for one in items(rest))
        elif heading == "Returns:":
            yield f"*Returns*: {' '.join(rest.split())}"
        else:
            yield paragraph


def items(text: str) -> list[tuple[str, str]]:
    """Names and descriptions: a name stands at the smallest indentation, a description goes on deeper."""
    joined = re.sub(r"\n {4,}", " ", textwrap.dedent(text))
    return [(name, description) for line in joined.splitlines() for name, _, description in [line.partition(": ")]]


def item(one: tuple[str, str], attributes: dict[str, str]) -> str:
    """A line of a list."""
    name, description = one
    label = f"{name}: {attributes[name]}" if name in attributes else name
    return f"- `{label}`: {description}"


def alias_text(name: str) -> str:
    """The text under the definition of a type alias, which Python itself does not keep."""
    source = Path(sys.modules["strideinspect.settings"].__file__ or "").read_text(encoding="utf-8")
    found = re.search(rf'^{name} = .*\n"""(.*)"""$', source, re.MULTILINE)
    if found is None:
        raise SystemExit(f"there is no text under {name} in strideinspect/settings.py")
    return found[1]


def code(text: str) -> str:
    """A block of Python, with quotes as ruff's formatter writes them: it reads Markdown, too."""
    return "```python\n" + text.replace("'", '"') + "\n```"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page()
        sys.exit("docs/api.md is stale: python docs/generate_api.py" if stale else 0)
    PAGE.write_text(page(), encoding="utf-8")
