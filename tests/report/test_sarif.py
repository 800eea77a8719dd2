"""SARIF 2.1.0: the whole document, and what GitHub asks of it. Validators of other houses run in CI as well."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import onnx
import pytest
from inline_snapshot import external_file
from msgspec.structs import replace
from sarif_pydantic import Sarif

from strideinspect.report import sarif
from strideinspect.report.layout import printable
from strideinspect.results.report import FailedReport, Finding, Report, RuleInfo, Severity
from strideinspect.rules.registry import all_rules
from tests.cli.process import SAMPLES
from tests.report import inspections
from tests.report.builders import report

RULE = RuleInfo("rule", "group", Severity.NOTE, "What is so")
"""The rule of the findings that are made up here."""


def text(*results: Report | FailedReport) -> str:
    """The results as SARIF with the rules that they name; every page is its rule's name as a title."""
    found = {finding.rule for result in results if isinstance(result, Report) for finding in result.findings}
    rules = [rule for rule in (*all_rules(), RULE) if rule.id in found]
    pages = {rule.id: f"# {rule.id}\n" for rule in rules}
    return sarif.render(results, rules=rules, texts=pages, files=inspections.FILES, version="0.1.0")


def run(*results: Report | FailedReport) -> dict[str, Any]:
    """The one run of the document, read back."""
    (found,) = json.loads(text(*results))["runs"]
    return dict(found)


def test_golden() -> None:
    """The document is as it was when somebody last read it."""
    assert text(*inspections.several()) == external_file("golden/several.sarif", format=".txt")


@pytest.mark.parametrize("inspected", [tuple, lambda: (inspections.broken(),), inspections.several])
def test_another_house_reads_it(inspected: Callable[[], tuple[Report | FailedReport, ...]]) -> None:
    """sarif-pydantic, which knows the standard's objects and their types, reads the document and finds every result."""
    results = inspected()
    (read,) = Sarif.model_validate_json(text(*results)).runs
    findings = [finding for result in results if isinstance(result, Report) for finding in result.findings]
    assert [found.message.text.split(". Model:")[0] for found in read.results or []] == [
        message(finding) for finding in findings
    ]


def message(finding: Finding) -> str:
    """What a result says, but for the model: the finding's message and help, brackets that begin a link escaped."""
    text = f"{finding.message}. Help: {finding.help}" if finding.help else finding.message
    return printable(text.replace("[", "\\[") if "](" in text else text)


def physical(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, int]]]:
    """A result's locations: file and region."""
    for location in found["locations"]:
        place = location["physicalLocation"]
        yield place["artifactLocation"]["uri"], place["region"]


def test_source_comes_first_and_the_model_always() -> None:
    """The author's line is the first location where the repository has it, else the model; the model's bytes follow.

    Line and bytes of one region would have to mean the same (3.30.4).
    """
    unseen, first, *_ = run(inspections.alexnet_stem())["results"]
    stem = "sample_models/alexnet-stem-dynamo.onnx"
    # self.conv1 is called on line 282 of the network's source, and the first node of the file is its Conv.
    assert (SAMPLES / "pytorch_networks.py").read_text(encoding="utf-8").splitlines()[281].count("self.conv1(") == 1
    assert [*physical(unseen)] == [
        ("sample_models/pytorch_networks.py", {"startLine": 282}),
        (stem, {"startLine": 1}),
    ]
    # What the first two layers leave out is inside the first result, so the second is about pool2, three lines on.
    (_, line), (model, region) = physical(first)
    assert (line, model) == ({"startLine": 285}, stem)
    start = region["byteOffset"]
    node = onnx.NodeProto.FromString(
        (SAMPLES / "alexnet-stem-dynamo.onnx").read_bytes()[start:][: region["byteLength"]]
    )
    assert (node.op_type, node.name) == ("MaxPool", "node_max_pool2d_1")


def test_source_elsewhere() -> None:
    """Where the repository does not have the source, the model stands for it: a URI in UTF-8, the rest encoded."""
    model = "exports/%C3%A9%20100%25.onnx"
    unseen, _, unverified = run(inspections.odd_names())["results"]
    assert [*physical(unseen)] == [*physical(unverified)] == [(model, {"startLine": 1})]
    assert [*physical({"locations": unseen["relatedLocations"]})] == [(model, {"startLine": 1})]


def test_layers_are_logical_locations() -> None:
    """The layer as its author calls it, and the node as the file does; nothing where a finding has no place."""
    unseen, first, *_ = run(inspections.alexnet_stem())["results"]
    *_, unverified = run(inspections.odd_names())["results"]
    said = [
        [(one["kind"], one["fullyQualifiedName"]) for one in found["locations"][-1].get("logicalLocations", [])]
        for found in (first, unseen, unverified)
    ]
    assert said == [
        [("layer", "pool2"), ("node", "node_max_pool2d_1"), ("tensor", "max_pool2d_1")],
        [("layer", "conv1"), ("tensor", "image")],
        [],
    ]


def test_what_github_asks() -> None:
    """Every result has a line, a fingerprint of its own and a rule that is described, with help and a level."""
    document = run(*inspections.several(), replace(inspections.alexnet_stem(), path="exports/other.onnx"))
    rules = document["tool"]["driver"]["rules"]
    results = document["results"]
    assert all(region["startLine"] >= 1 for _, region in (next(physical(found)) for found in results))
    assert {rules[found["ruleIndex"]]["id"] == found["ruleId"] for found in results} == {True}
    assert {found["level"] for found in results} == {"error", "warning", "note"}
    marks = [found["partialFingerprints"]["strideinspect/v1"] for found in results]
    assert len(set(marks)) == len(marks) > 10
    for rule in rules:
        assert rule["helpUri"].startswith("https://")
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
    levels = {rule["id"]: (rule["defaultConfiguration"]["level"], rule["properties"]["tags"]) for rule in rules}
    assert levels["unseen-input"] == ("warning", ["coverage"])


def test_a_model_that_failed_is_a_notification() -> None:
    """A model that could not be inspected makes the run unsuccessful, and says why; without one it is successful."""
    (invocation,) = run(inspections.broken())["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    (told,) = invocation["toolExecutionNotifications"]
    assert told["level"] == "error"
    assert told["message"]["text"].startswith("exports/broken é.onnx is empty. Help: download or export it again.")
    (location,) = told["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "exports/broken%20%C3%A9.onnx"
    assert run(inspections.padded())["invocations"] == [{"executionSuccessful": True}]


@pytest.mark.parametrize(("path", "artifact"), [
    ("/models/my net.onnx", {"uri": "file:///models/my%20net.onnx"}),
    ("D:/models/net.onnx", {"uri": "file:///D:/models/net.onnx"}),
    # A colon in front of the first slash would make a scheme of the folder's name; a byte that is no UTF-8 stays one.
    ("a:b/net.onnx", {"uri": "a%3Ab/net.onnx", "uriBaseId": "%SRCROOT%"}),
    ("net\udcff.onnx", {"uri": "net%FF.onnx", "uriBaseId": "%SRCROOT%"}),
])  # fmt: skip
def test_uris(path: str, artifact: dict[str, str]) -> None:
    """A file of the repository has a URI relative to it, a file elsewhere a whole one, relative to nothing."""
    found = report(path, [], [], findings=(Finding("rule", Severity.NOTE, "so it is"),))
    (location,) = run(found)["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"] == artifact


def test_a_name_is_no_link() -> None:
    """Brackets that would make a link of a name are escaped as the standard asks (3.11.6)."""
    found = [result["message"]["text"] for result in run(inspections.odd_names())["results"]]
    assert (
        "lost at MaxPool \\[pool](x) <b>|`a` (1 row), whose last window does not reach the end of the map. Help: "
        in found[0]
    )
