"""Commands, options and mistakes in them, as a user meets them."""

from __future__ import annotations

import json
import re

import pytest

from strideinspect.cli import app
from strideinspect.results.schemas import schema_text
from strideinspect.rules.page import page
from strideinspect.rules.registry import all_rules
from strideinspect.version import __version__
from tests.cli.process import strideinspect

HEAVY = {"onnx", "numpy", "networkx", "onnxruntime", "jinja2", "rich", "pydantic"}


@pytest.mark.parametrize("args", [
    ["--help"], ["rules"], ["explain", "coverage"], ["schema"],
    *(pytest.param(args, marks=pytest.mark.slow) for args in (["rules", "--format", "json"], ["rules", "--help"])),
    ["--version"],
])  # fmt: skip
def test_light_commands_import_nothing_heavy(args: list[str]) -> None:
    """What asks nothing of a model loads none of the libraries that models need."""
    done = strideinspect(*args, python=("-X", "importtime"))
    imported = {match[1] for match in re.finditer(r"\|\s+([A-Za-z0-9_]+)[^|\n]*$", done.stderr, re.MULTILINE)}
    assert done.returncode == 0
    assert "typer" in imported
    assert imported & HEAVY == set()


def test_help_names_every_option_and_the_exit_status() -> None:
    """The help goes to standard output, under the program's own name."""
    done = strideinspect("--help")
    assert done.stdout.startswith("Usage: strideinspect MODEL... [OPTIONS]\n")
    assert "--input-shape" in done.stdout
    assert "Exit status: 0" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("command", [name for name, how in app.COMMANDS.items() if "cls" in how])
def test_the_help_of_commands_about_models_ends_with_the_exit_status(command: str) -> None:
    """Whoever writes a script around a command wants to know it, of all of them in the same words."""
    assert str(app.COMMANDS[command]["epilog"]).startswith("Exit status: 0")


def test_version() -> None:
    """The version is the package's."""
    assert strideinspect("--version").stdout == f"strideinspect {__version__}\n"


def test_schema_is_the_one_that_ships() -> None:
    """The schema command prints the JSON Schema of the package."""
    done = strideinspect("schema")
    assert done.stdout == schema_text()
    assert json.loads(done.stdout)["properties"]["schema"]["const"] == "strideinspect/report/1"


def test_rules_are_listed_once_each() -> None:
    """Every rule stands on a line with its gravest severity, under its group."""
    lines = strideinspect("rules").stdout.splitlines()
    listed = [tuple(line.split()[:2]) for line in lines if re.match(r"  [a-z]", line)]
    assert listed == [(rule.id, rule.severity.value) for rule in all_rules()]
    assert [line for line in lines if re.match(r"[a-z]", line)] == sorted({rule.group for rule in all_rules()})


def test_rules_as_json() -> None:
    """The list for machines holds all that the table does, and the address of every page."""
    listed = json.loads(strideinspect("rules", "--format", "json").stdout)
    assert [(entry["id"], entry["group"], entry["severity"]) for entry in listed] == [
        (rule.id, rule.group, rule.severity.value) for rule in all_rules()
    ]
    assert all(entry["page"].endswith(f"/docs/rules/{entry['id']}.md") for entry in listed)


def test_explain_prints_the_page_of_a_rule_and_those_of_a_group() -> None:
    """A rule's page stands in the terminal as its docstring has it; a group is all its rules' pages."""
    shown = strideinspect("explain", "stride-gap").stdout
    assert shown.startswith("stride-gap\n\n")
    assert page(next(rule for rule in all_rules() if rule.id == "stride-gap")).sections["What to do"] in shown
    own = [rule.id for rule in all_rules() if rule.group == "coverage"]
    lines = strideinspect("explain", "coverage").stdout.splitlines()
    assert [line for line in lines if line in own] == own


@pytest.mark.parametrize(("args", "said"), [
    ([], "Missing argument 'MODEL'"),
    (["--format"], "requires an argument"),
    (["--fromat", "json", "m.onnx"], "--format"),
    (["m.onnx", "--format", "xml"], "'xml' is not one of 'text', 'json', 'csv'"),
    (["m.onnx", "--fail-on", "worst"], "'worst' is not one of 'note', 'warning', 'error', 'never'"),
    (["m.onnx", "--show", "all"], "'all' is not one of 'note', 'warning', 'error'"),
    (["m.onnx", "--verify", "maybe"], "'maybe' is not one of 'none', 'run'"),
    (["m.onnx", "--verify-timeout", "soon"], "--verify-timeout"),
    (["m.onnx", "--verify-timeout", "0"], "give seconds above 0"),
    (["m.onnx", "--verify-timeout", "-3"], "give seconds above 0"),
    (["m.onnx", "--verify-timeout", "nan"], "give seconds above 0"),
    (["m.onnx", "--verify-timeout", "inf"], "give seconds above 0"),
    (["m.onnx", "--input-shape", ""], "a size is missing"),
    (["m.onnx", "--input-shape", "x="], "a size is missing"),
    (["m.onnx", "--input-shape", "x=1,,3"], "a size is missing"),
    (["m.onnx", "--input-shape", "x=1,3,H,W"], "'H' is not a whole number"),
    (["m.onnx", "--input-shape", "x=1x3x8x8"], "'1x3x8x8' is not a whole number"),
    (["m.onnx", "--input-shape", "x=1,3.5"], "'3.5' is not a whole number"),
    (["m.onnx", "--input-shape", "x=1,\u0663"], "not a whole number"),
    (["m.onnx", "--input-shape", "x=1,-3"], "a size of -3 is impossible"),
    (["m.onnx", "--input-shape", "x=1,-1"], "a size of -1 is impossible"),
    (["m.onnx", "--input-shape", "x=1," + "9" * 5000], "999999… is too large"),
    (["m.onnx", "--input-shape", "x=1,2", "--input-shape", "x=1,3"], "give it once"),
    (["m.onnx", "--output", "report"], "unknown suffix"),
    (["m.onnx", "--output", "report.yaml"], "unknown suffix"),
    (["m.onnx", "--output", "yaml:report.json"], "'yaml' is not a format"),
    (["m.onnx", "--output", "a.json", "--output", "json:./a.json"], "given twice"),
    (["m.json", "--output", "m.json"], "it is one of the models"),
    (["m.onnx", "--positions"], "--positions only affects the JSON report"),
    (["m.onnx", "--select", "no-such-rule"], "no rule or group 'no-such-rule'"),
    (["m.onnx", "n.onnx", "--ignore", "unseen-inputs"], "did you mean unseen-input?"),
    (["schema", "extra"], "extra"),
    (["explain", "floor-trunc"], "did you mean floor-truncation?"),
    (["m.onnx", "--expect", "y"], "'y' asserts nothing"),
    (["m.onnx", "--jobs", "0"], "'--jobs'"),
    (["m.onnx", "--statistics", "--format", "json"], "remove --format json"),
    (["m.onnx", "--config", "no.toml"], "cannot read no.toml"),
])  # fmt: skip
def test_mistakes_are_one_line_and_status_2(args: list[str], said: str) -> None:
    """Every mistake is told in one line on standard error that says what is wrong and what to do."""
    done = strideinspect(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("strideinspect: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert ";" in done.stderr
