"""The findings as GitLab's code quality report: https://docs.gitlab.com/ci/testing/code_quality/."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from strideinspect.report import source_lines
from strideinspect.report.layout import printable
from strideinspect.results import rule_links
from strideinspect.results.fingerprint import fingerprints, of_failure
from strideinspect.results.report import FailedReport, Report, Severity

SEVERITIES = {Severity.NOTE: "info", Severity.WARNING: "major", Severity.ERROR: "critical"}
FAILED = "blocker"

Issue = dict[str, object]


def render(results: Sequence[Report | FailedReport], *, files: source_lines.Files) -> str:
    """One entry per finding, and one per model that could not be inspected."""
    entries = [entry for result in results for entry in _entries(result, files)]
    return json.dumps(entries, indent=2) + "\n"


def _entries(result: Report | FailedReport, files: source_lines.Files) -> Iterator[Issue]:
    model = files.model(result.path)
    if isinstance(result, FailedReport):
        text = _text(result.message, result.help)
        yield _entry(text, "not-inspected", of_failure(model), FAILED, source_lines.SourceLine(model, 1))
        return
    for finding, mark in zip(result.findings, fingerprints(result, model=model), strict=True):
        line = source_lines.line_of(finding, files) or source_lines.SourceLine(model, 1)
        text = _text(finding.message, finding.help)
        entry = _entry(text, finding.rule, mark, SEVERITIES[finding.severity], line)
        more = [printable(line) for line in source_lines.also(finding, files)]
        yield {**entry, "content": {"body": "\n".join([*more, rule_links.address(finding.rule, finding.page)])}}


def _entry(text: str, name: str, mark: str, severity: str, line: source_lines.SourceLine) -> Issue:
    return {
        "description": text,
        "check_name": name,
        "fingerprint": mark,
        "severity": severity,
        "location": {"path": printable(line.file), "lines": {"begin": line.number}},
    }


def _text(message: str, help: str) -> str:
    return printable(f"{message}; {help}" if help else message)
