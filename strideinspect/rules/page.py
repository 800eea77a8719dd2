"""A rule's documentation page, read out of its docstring; imports nothing that inspecting needs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

from msgspec import Struct

from strideinspect.results.report import RuleInfo
from strideinspect.rules.registry import docstring_of

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_SETTINGS = re.compile(r"^ {4}\[tool\.strideinspect.*(?:\n {4}.*)*$", re.MULTILINE)
_MODEL = re.compile(r"^ {4}<ir_version.*(?:\n {4}.*)*$", re.MULTILINE)


class Page(Struct, frozen=True):
    """The docstring of a rule file: a summary line, then sections by heading in order."""

    rule: RuleInfo
    summary: str
    sections: Mapping[str, str]

    def models(self, heading: str) -> tuple[str, ...]:
        """The models in a section, as ONNX text (`onnx.parser`)."""
        return tuple(textwrap.dedent(match[0]) for match in _MODEL.finditer(self.sections[heading]))

    def settings(self, heading: str) -> str:
        """The configuration that a section's models are inspected with, as TOML."""
        match = _SETTINGS.search(self.sections[heading])
        return textwrap.dedent(match[0]) if match else ""

    def markdown(self) -> str:
        """The page as Markdown, titled with the rule's id."""
        facts = f"Group: {self.rule.group}. Maximum severity: {self.rule.severity.value}."
        sections = (f"## {heading}\n\n{text}" for heading, text in self.sections.items())
        return "\n\n".join([f"# {self.rule.id}", self.summary, facts, *sections]) + "\n"


def page(rule: RuleInfo) -> Page:
    """The page of a rule."""
    summary, *parts = _HEADING.split(docstring_of(rule))
    texts = (part.strip("\n") for part in parts[1::2])
    return Page(rule, summary.strip(), dict(zip(parts[::2], texts, strict=True)))
