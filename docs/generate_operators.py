"""Write docs/operators.md from the registered families. With --check, only tell whether it is current."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from onnx import helper

from strideinspect.model.declared_operators import ELEMENTWISE
from strideinspect.reads.families import Family, families
from strideinspect.verify.exactness import READ_ONLY_A_SHAPE
from strideinspect.verify.probe import translate  # noqa: F401 - importing it registers every translator
from strideinspect.verify.probe.call import TRANSLATORS, operation

PAGE = Path(__file__).with_name("operators.md")
_UNKNOWN = ("control", "data-dependent")
INTRODUCTION = """\
# Operators

<!-- Written by docs/generate_operators.py; a test checks that it is current. -->

What each operator reads, by family; each family is a file in `strideinspect/reads/`. An operator that is not listed
here (a custom domain, a newer standard) is assumed to read its whole inputs, and the report says so; no operator is
assumed to be elementwise without being listed. `tests/reads` checks the descriptions by running onnxruntime and
changing one input element at a time; `python -m tests.reads.sweep` runs the complete set of cases, of which the tests
take a part.

The last column says what verification can establish about a field after the operator: *observed*, every index is
checked by running onnxruntime; *reads no pixel*; *not checked*, the result comes from the analysis alone; *unknown*,
what is read is decided while the model runs, so the field is the whole input and the report says why.
"""


def page() -> str:
    """The page: the introduction, then a table for each domain."""
    parts = [INTRODUCTION]
    for domain in dict.fromkeys(sorted(name for name, _ in families() if name != ELEMENTWISE[0])):
        parts.append(f"## {domain or 'ai.onnx, the standard'}\n")
        rows = ["| operator | family | what an output index reads | verification |", "|---|---|---|---|"]
        for (own, operator), family in sorted(families().items(), key=lambda item: item[0]):
            if own == domain:
                rows.append(f"| {operator} | {family.name} | {_said(family)} | {_checked(domain, operator)} |")
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _said(family: Family) -> str:
    """The first paragraph of the description's docstring."""
    text = inspect.getdoc(family.describe) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("|", "\\|")


def _checked(domain: str, operator: str) -> str:
    if (not domain and operator in READ_ONLY_A_SHAPE) or families()[domain, operator].name == "nothing":
        return "reads no pixel"
    if families()[domain, operator].name in _UNKNOWN:
        return "unknown"
    kind = operation(helper.make_node(operator, [], [], domain=domain)).kind
    return "observed" if kind in TRANSLATORS else "not checked"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        stale = PAGE.read_text(encoding="utf-8") != page()
        sys.exit("docs/operators.md is stale: python docs/generate_operators.py" if stale else 0)
    PAGE.write_text(page(), encoding="utf-8")
