"""SARIF 2.1.0: the whole document, and what GitHub asks of it. Validators of other houses run in CI as well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from inline_snapshot import external_file
from sarif_pydantic import Sarif

from strideinspect.report import sarif
from strideinspect.results.report import FailedReport, Finding, Report, RuleInfo, Severity
from tests.report import examples
from tests.report.builders import report

FAILED = FailedReport("exports/broken é.onnx", "exports/broken é.onnx is empty", "download or export it again")
RULES = tuple(
    RuleInfo(rule, "group", Severity.WARNING, f"What {rule} means")
    for rule in sorted({finding.rule for finding in examples.located().findings} | {"rule"})
)


def text(*results: Report | FailedReport) -> str:
    """The results as SARIF; every page is its rule's name as a title."""
    pages = {rule.id: f"# {rule.id}\n" for rule in RULES}
    return sarif.render(results, rules=RULES, texts=pages, files=examples.InRepository(), version="0.1.0")


def run(*results: Report | FailedReport) -> dict[str, Any]:
    """The one run of the document, read back."""
    (found,) = json.loads(text(*results))["runs"]
    return dict(found)


def test_golden() -> None:
    """The document is as it was when somebody last read it."""
    assert text(examples.located(), FAILED) == external_file("golden/located.sarif", format=".txt")


@pytest.mark.parametrize("results", [(), (FAILED,), (examples.located(), FAILED)])
def test_another_house_reads_it(results: tuple[Report | FailedReport, ...]) -> None:
    """sarif-pydantic, which knows the standard's objects and their types, reads the document and finds every result."""
    (read,) = Sarif.model_validate_json(text(*results)).runs
    findings = [finding for result in results if isinstance(result, Report) for finding in result.findings]
    assert [found.message.text.split(". Model:")[0] for found in read.results or []] == [
        message(finding) for finding in findings
    ]


def message(finding: Finding) -> str:
    """What a result says, but for the model: the finding's message and help, brackets that begin a link escaped."""
    return f"{finding.message}. Help: {finding.help}" if finding.help else finding.message.replace("[", "\\[")


def physical(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, int]]]:
    """A result's locations: file and region."""
    for location in found["locations"]:
        place = location["physicalLocation"]
        yield place["artifactLocation"]["uri"], place["region"]


def test_source_comes_first_and_the_model_always() -> None:
    """The author's line is the first location where the repository has it, else the model; the model's bytes follow.

    Line and bytes of one region would have to mean the same (3.30.4).
    """
    merge, unseen, pool, *_, custom, unverified = run(examples.located())["results"]
    model = "exports/%C3%A9%20100%25.onnx"  # a URI: UTF-8, the rest percent-encoded
    assert [*physical(merge)] == [
        ("net/model.py", {"startLine": 42}),
        (model, {"byteOffset": 3667, "byteLength": 831}),
    ]
    assert [*physical(unseen)] == [(model, {"startLine": 1})]
    assert [uri for uri, _ in physical(pool)] == ["net/blocks/stem.py", model]
    assert [*physical(custom)] == [(model, {"startLine": 1}), (model, {"byteOffset": 12, "byteLength": 3})]
    assert [*physical(unverified)] == [(model, {"startLine": 1})]


def test_layers_are_logical_locations() -> None:
    """The layer as its author calls it, and the node as the file does; nothing where a finding has no place."""
    results = run(examples.located())["results"]
    said = [
        [(one["kind"], one["fullyQualifiedName"]) for one in found["locations"][-1].get("logicalLocations", [])]
        for found in (results[0], results[1], results[-1])
    ]
    assert said == [
        [("layer", "decoder.up1"), ("node", "node_cat"), ("tensor", "cat")],
        [("layer", "stem"), ("tensor", "image")],
        [],
    ]


def test_what_github_asks() -> None:
    """Every result has a line, a fingerprint of its own and a rule that is described, with help and a level."""
    document = run(examples.located(), replace(examples.located(), path="exports/other.onnx"))
    rules = document["tool"]["driver"]["rules"]
    results = document["results"]
    assert all(region["startLine"] >= 1 for _, region in (next(physical(found)) for found in results))
    assert {rules[found["ruleIndex"]]["id"] == found["ruleId"] for found in results} == {True}
    assert {found["level"] for found in results} == {"error", "warning", "note"}
    marks = [found["partialFingerprints"]["strideinspect/v1"] for found in results]
    assert len(set(marks)) == len(marks) == 14
    for rule in rules:
        assert rule["helpUri"].startswith("https://")
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] == "warning"
        assert rule["properties"]["tags"] == ["group"]


def test_a_model_that_failed_is_a_notification() -> None:
    """A model that could not be inspected makes the run unsuccessful, and says why; without one it is successful."""
    (invocation,) = run(FAILED)["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    (told,) = invocation["toolExecutionNotifications"]
    assert told["level"] == "error"
    assert told["message"]["text"].startswith("exports/broken é.onnx is empty. Help: download or export it again.")
    (location,) = told["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "exports/broken%20%C3%A9.onnx"
    assert run(examples.located())["invocations"] == [{"executionSuccessful": True}]


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
    found = [result["message"]["text"] for result in run(examples.located())["results"]]
    assert found[-2].startswith("\\[Custom](x) <b>|`a`: it is taken to read its whole input. Model: ")
