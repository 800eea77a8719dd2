"""The findings as JUnit XML, which nearly every CI service shows as test results.

One suite per model. Its first test case is the inspection itself; then comes one per finding, which fails where the
severity fails the run and else passes with the finding as its output. There are no durations: the same
findings give the same bytes.

Source: the schema that Jenkins' xUnit plugin holds such files against (junit-10.xsd), the strictest in wide use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from strideinspect.report import source_lines
from strideinspect.report.layout import printable
from strideinspect.results.report import FailedReport, Report, Severity


def render(
    results: Sequence[Report | FailedReport], *, files: source_lines.Files, fail_on: Sequence[Severity | None]
) -> str:
    """One suite per model; findings at or above its entry of `fail_on` fail, none where that is None."""
    suites = Element("testsuites", name="strideinspect")
    for result, severity in zip(results, fail_on, strict=True):
        _suite(suites, result, files, severity)
    for key in ("tests", "failures", "errors"):
        suites.set(key, str(sum(int(suite.attrib[key]) for suite in suites)))
    indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _suite(suites: Element, result: Report | FailedReport, files: source_lines.Files, fail_on: Severity | None) -> None:
    model = files.model(result.path)
    suite = SubElement(suites, "testsuite", name=printable(model))
    inspection = SubElement(suite, "testcase", classname=printable(model), name="inspection")
    if isinstance(result, FailedReport):
        error = SubElement(inspection, "error", message=printable(result.message), type="not inspected")
        error.text = printable(result.help)
    else:
        for case in _cases(result, model, files, fail_on):
            suite.append(case)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))


def _cases(report: Report, model: str, files: source_lines.Files, fail_on: Severity | None) -> Iterator[Element]:
    seen: Counter[str] = Counter()
    for finding in report.findings:
        layer = source_lines.layer_of(finding)
        name = printable(f"{finding.rule} at {layer}" if layer else finding.rule)
        seen[name] += 1
        unique = name if seen[name] == 1 else f"{name} ({seen[name]})"
        case = Element("testcase", classname=printable(model), name=unique)
        line = source_lines.line_of(finding, files)
        where = () if line is None else (printable(f"{line.file}:{line.number}"),)
        fails = fail_on is not None and finding.severity.rank >= fail_on.rank
        if fails:
            detail = SubElement(case, "failure", message=printable(finding.message), type=finding.severity.value)
        else:
            detail = SubElement(case, "system-out")
        detail.text = "\n".join((*where, *source_lines.lines_of(finding, model, files)))
        yield case
