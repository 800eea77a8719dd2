"""The findings as SARIF 2.1.0, within what GitHub's code scanning accepts.

A result's first location is the line of the model's own source where the export names one that the repository has, else
line 1 of the model's file: GitHub shows the first alone, and refuses it without a line. The bytes of the node in the
model's file follow in a location of their own, for no region may have a line and bytes that are not the same (3.30.4).

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and GitHub's "SARIF support for code scanning".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from strideinspect.report import source_lines
from strideinspect.report.layout import printable
from strideinspect.results import rule_links
from strideinspect.results.fingerprint import fingerprints
from strideinspect.results.report import FailedReport, Finding, Report, RuleInfo, Severity
from strideinspect.version import HOME

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "strideinspect/v1"
"""The name of our fingerprint; another way to make it wants another number."""

ROOT = "%SRCROOT%"
_PROBLEMS = {Severity.NOTE: "recommendation", Severity.WARNING: "warning", Severity.ERROR: "error"}

SarifObject = dict[str, object]


def render(
    results: Sequence[Report | FailedReport],
    *,
    rules: Sequence[RuleInfo],
    texts: Mapping[str, str],
    files: source_lines.Files,
    version: str,
) -> str:
    """One run over all models. `rules` are all that there are, and `texts` their pages in Markdown by the rule's id."""
    reports = [result for result in results if isinstance(result, Report)]
    failed = [result for result in results if isinstance(result, FailedReport)]
    indices = {rule.id: index for index, rule in enumerate(rules)}
    run: SarifObject = {
        "tool": {
            "driver": {
                "name": "strideinspect",
                "version": version,
                "semanticVersion": version,
                "informationUri": HOME,
                "rules": [_rule(rule, texts[rule.id]) for rule in rules],
            }
        },
        "invocations": [_invocation(failed, files)],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": [found for report in reports for found in _results(report, indices, files)],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: RuleInfo, text: str) -> SarifObject:
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in (rule.group, *rule.id.split("-"))),  # must differ from the id
        "shortDescription": {"text": f"{rule.summary}."},
        "fullDescription": {"text": f"{rule.summary}."},
        "helpUri": rule_links.address(rule.id, rule.page),
        "help": {"text": f"{rule.summary}. See {rule_links.address(rule.id, rule.page)}", "markdown": text},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {
            "tags": [rule.group],
            "precision": "very-high",
            "problem.severity": _PROBLEMS[rule.severity],
        },
    }


def _invocation(failed: Sequence[FailedReport], files: source_lines.Files) -> SarifObject:
    """That every model could be inspected, or which could not and why."""
    if not failed:
        return {"executionSuccessful": True}
    return {
        "executionSuccessful": False,
        "exitCode": 2,
        "toolExecutionNotifications": [
            {
                "level": "error",
                "message": {"text": _text(one.message, one.help, files.model(one.path))},
                "locations": [{"physicalLocation": {"artifactLocation": _artifact(files.model(one.path))}}],
            }
            for one in failed
        ],
    }


def _results(report: Report, indices: Mapping[str, int], files: source_lines.Files) -> Iterator[SarifObject]:
    model = files.model(report.path)
    marks = fingerprints(report, model=model)
    for finding, mark in zip(report.findings, marks, strict=True):
        yield {
            "ruleId": finding.rule,
            "ruleIndex": indices[finding.rule],
            "level": finding.severity.value,
            "message": {"text": _text(finding.message, finding.help, model)},
            "locations": [*_locations(finding, model, files)],
            "partialFingerprints": {FINGERPRINT: mark},
            **_related(finding, model, files),
        }


def _text(message: str, help: str, model: str) -> str:
    """`Message. Help: what to do. Model: net.onnx.` A bracket that would begin a link is escaped (3.11.6)."""
    parts = (message, f"Help: {help}" if help else "", f"Model: {model}")
    text = " ".join(f"{printable(part)}." for part in parts if part)
    return text.replace("[", "\\[") if "](" in text else text


def _locations(finding: Finding, model: str, files: source_lines.Files) -> Iterator[SarifObject]:
    logical = [*_logical(finding)]
    named: SarifObject = {"logicalLocations": logical} if logical else {}
    line = source_lines.line_of(finding, files)
    if line is not None:
        yield _location(line.file, {"startLine": line.number})
    if line is None or finding.bytes is None:
        yield _location(model, {"startLine": 1}) | named
    if finding.bytes is not None:
        offset, length = finding.bytes
        yield _location(model, {"byteOffset": offset, "byteLength": length}) | named


def _related(finding: Finding, model: str, files: source_lines.Files) -> SarifObject:
    """The further places of a finding, each with its message (3.27.22); viewers show them as links below the result."""
    if not finding.also:
        return {}
    related = [
        {"id": number, **next(_locations(place, model, files)), "message": {"text": _text(place.message, "", model)}}
        for number, place in enumerate(finding.also, 1)
    ]
    return {"relatedLocations": related}


def _location(file: str, region: Mapping[str, int]) -> SarifObject:
    return {"physicalLocation": {"artifactLocation": _artifact(file), "region": region}}


def _logical(finding: Finding) -> Iterator[SarifObject]:
    """The layer as its author calls it, and the node or tensor as the file does."""
    named: dict[str, str | None] = {
        "layer": finding.source.scope if finding.source is not None else None,
        "node": finding.node,
        "tensor": finding.output or finding.input,
    }
    for kind, name in named.items():
        if name:
            yield {"fullyQualifiedName": printable(name), "kind": kind}


def _artifact(path: str) -> SarifObject:
    """A file by its URI: relative to the repository, or absolute where the file lies elsewhere."""
    if path.startswith("/") or path[1:3] == ":/":
        return {"uri": f"file:///{quote(path.lstrip('/'), safe='/:', errors='surrogateescape')}"}
    return {"uri": quote(path, errors="surrogateescape"), "uriBaseId": ROOT}
