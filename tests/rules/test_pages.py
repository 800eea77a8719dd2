"""Every rule's page: its headings, its examples, and the files that are written from it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

import onnx.checker
import onnx.parser
import pytest

from strideinspect.configuration.find import settings_for
from strideinspect.results.report import RuleInfo, Severity
from strideinspect.rules.page import page
from strideinspect.rules.registry import all_rules
from strideinspect.settings import Settings
from tests.oracle_runtime import random_feeds, run
from tests.rules.inspecting import inspected, of_rule

ROOT = Path(__file__).parents[2]

NO_EXAMPLE = {"field-contradicted", "shape-contradicted", "unseen-contradicted"}
"""These need a runtime that disagrees, which no model brings about; test_contradicted.py makes one up."""

rules = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
models = pytest.mark.parametrize("rule", [r for r in all_rules() if r.id not in NO_EXAMPLE], ids=lambda rule: rule.id)


def configured(text: str, folder: Path) -> Settings:
    """The settings that a configuration gives a model beside it."""
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return settings_for(folder / "model.onnx")


@rules
def test_headings(rule: RuleInfo) -> None:
    """A page has a summary of one line and all headings in order; only the references may be missing."""
    found = page(rule)
    why = "Why it matters" if rule.severity is Severity.NOTE else "Why it is bad"
    wanted = ["What it does", why, "Flagged", "Clean", "What to do"]
    assert "\n" not in found.summary
    assert found.summary == f"{rule.summary}."
    assert list(found.sections) in (wanted, [*wanted, "References"])
    assert all(found.sections.values())


@rules
def test_examples_are_there(rule: RuleInfo) -> None:
    """Every page shows a flagged and a clean model, but for the rules that no model can provoke."""
    found = page(rule)
    assert bool(found.models("Flagged")) == bool(found.models("Clean")) == (rule.id not in NO_EXAMPLE)


@models
def test_flagged_examples_are_flagged(rule: RuleInfo, tmp_path: Path) -> None:
    """The rule finds something in each of its flagged models; the gravest finding has the severity of the list."""
    severities = set()
    verify: Literal["run", "none"] = "run" if rule.group == "runtime" else "none"
    settings = configured(page(rule).settings("Flagged"), tmp_path)
    for text in page(rule).models("Flagged"):
        found = of_rule(inspected(text, tmp_path, verify=verify, settings=settings), rule.id)
        assert found, text
        severities |= {finding.severity for finding in found}
    assert max(severities, key=lambda severity: severity.rank) is rule.severity


@models
def test_clean_examples_are_clean(rule: RuleInfo, tmp_path: Path) -> None:
    """The rule finds nothing in its clean models, which are valid and run in onnxruntime with the shapes reported."""
    settings = configured(page(rule).settings("Clean"), tmp_path)
    for text in page(rule).models("Clean"):
        model = onnx.parser.parse_model(text)
        onnx.checker.check_model(model, full_check=True)
        verify: Literal["run", "none"] = "run" if rule.group == "runtime" else "none"
        report = inspected(model, tmp_path, verify=verify, settings=settings)
        assert of_rule(report, rule.id) == []
        shapes = {given.name: given.shape for given in report.inputs}
        ran = run(model, random_feeds(model, shapes)).values
        assert {output.name: output.shape for output in report.outputs} == {
            output.name: ran[output.name].shape for output in report.outputs
        }


def test_links_of_the_index_lead_somewhere() -> None:
    """The index links to a page of every rule."""
    index = (ROOT / "docs" / "rules" / "README.md").read_text(encoding="utf-8")
    for rule in all_rules():
        assert f"[{rule.id}]({rule.id}.md)" in index
        assert (ROOT / "docs" / "rules" / f"{rule.id}.md").is_file()


def test_rules_import_nothing_heavy() -> None:
    """Listing the rules and reading their pages loads none of the libraries that inspecting needs."""
    code = """
import sys
from strideinspect.rules.page import page
from strideinspect.rules.registry import all_rules
assert all(page(rule).markdown() for rule in all_rules())
print(sorted({"onnx", "numpy", "networkx", "onnxruntime", "google", "rich", "typer"} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
