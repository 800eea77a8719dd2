"""What CI services are handed: GitHub's annotations, GitLab's code quality, JUnit's XML, Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from inline_snapshot import external_file
from msgspec.structs import replace

from strideinspect.report import (
    github,
    gitlab,
    junit,
    markdown,
    source_lines,
    text,
)
from strideinspect.report.layout import plain
from strideinspect.results.report import FailedReport, Finding, Report, Severity, Source
from tests.report import inspections
from tests.report.builders import InRepository, report

FILES = InRepository()


def test_golden_github() -> None:
    """The commands are as they were when somebody last read them."""
    rendered = github.render(inspections.several(), files=inspections.FILES)
    assert rendered == external_file("golden/several.github.txt", format=".txt")


def test_golden_gitlab() -> None:
    """The code quality report is as it was when somebody last read it."""
    rendered = gitlab.render(inspections.several(), files=inspections.FILES)
    assert rendered == external_file("golden/several.gitlab.json", format=".txt")


def test_golden_junit() -> None:
    """The test results are as they were when somebody last read them."""
    results = inspections.several()
    rendered = junit.render(results, files=inspections.FILES, fail_on=[Severity.WARNING] * len(results))
    assert rendered == external_file("golden/several.junit.xml", format=".txt")


def test_golden_markdown() -> None:
    """The Markdown is as it was when somebody last read it."""
    rendered = markdown.render(inspections.several(), files=inspections.FILES)
    assert rendered == external_file("golden/several.md", format=".txt")


def test_golden_text() -> None:
    """The text report names source lines below what they are about, each once, and is quiet where none is known."""
    reports = [result for result in inspections.several() if isinstance(result, Report)]
    document = "\n".join(plain(text.render_quiet(report, files=inspections.FILES)) for report in reports)
    assert document == external_file("golden/several.txt", format=".txt")


def commands(*findings: Finding) -> list[tuple[str, dict[str, str], str]]:
    """The commands for these findings, read as the runner reads them: level, properties and message, unescaped."""
    read = []
    for line in github.render([report("m.onnx", [], [], findings=findings)], files=FILES).splitlines():
        level, properties, message = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line).groups()  # type: ignore[union-attr]
        pairs = dict(pair.split("=", 1) for pair in properties.split(","))
        read.append((level, {key: unescaped(value) for key, value in pairs.items()}, unescaped(message)))
    return read


def unescaped(value: str) -> str:
    """What GitHub's runner makes of an escaped value; the percent sign last, for it stands in all others."""
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        value = value.replace(escape, character)
    return value


@pytest.mark.parametrize("file", ["a b,c:d%2C.py", "100%.py", "x=1.py", "::error::.py"])
def test_github_properties_are_escaped(file: str) -> None:
    """What would end a property, or the command, comes out at the other end as it was."""
    found = Finding("rule", Severity.ERROR, "m", source=Source(f"/build/repo/{file}", 3, None))
    ((level, properties, _),) = commands(found)
    assert (level, properties) == ("error", {"file": file, "line": "3", "title": "rule"})


@pytest.mark.parametrize(("message", "first"), [
    ("100 % of it: a, b", "100 % of it: a, b"), ("%0A stays", "%0A stays"), ("::warning::x", "::warning::x"),
    ("a\r\n::error::b", "a\\r\\n::error::b"),  # a name with a line end begins no command
])  # fmt: skip
def test_github_messages_are_escaped(message: str, first: str) -> None:
    """A message stays one command whatever it holds, and is read back as it was."""
    ((_, _, read),) = commands(Finding("rule", Severity.WARNING, message))
    assert read.splitlines()[0] == first


def test_github_shows_ten_of_a_level() -> None:
    """GitHub shows ten annotations of a level: nine and how many more there are; ten are all shown."""
    note, warning, error = (Finding("rule", severity, severity.value, node="n") for severity in Severity)
    read = commands(replace(note, also=(replace(note, node="m", message="m too"),)), *[warning] * 14, *[error] * 10)
    assert [level for level, _, _ in read] == ["error"] * 10 + ["warning"] * 10 + ["notice"]
    assert read[19][2] == "5 more of 14 warnings are listed in the job summary"
    assert "\nalso m too\n" in read[20][2]  # one finding, one annotation


def test_github_shows_what_is_asked_for() -> None:
    """Lesser findings than asked for are left out, models that could not be inspected never."""
    results = (inspections.odd_names(), inspections.unet(), inspections.broken())
    read = github.render(results, files=inspections.FILES, show=Severity.ERROR)
    assert [line.split(",title=")[1].split("::")[0] for line in read.splitlines()] == [
        "not inspected", "incompatible-merge",
    ]  # fmt: skip


def test_gitlab_asks_for_unique_fingerprints_and_places() -> None:
    """Every entry has what GitLab asks for; two models of the same network share no fingerprint."""
    results = [*inspections.several(), replace(inspections.alexnet_stem(), path="other.onnx")]
    entries = json.loads(gitlab.render(results, files=inspections.FILES))
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)
    assert {entry["severity"] for entry in entries} == {"info", "major", "critical", "blocker"}
    assert all(entry["location"]["lines"]["begin"] >= 1 for entry in entries)
    paths = {entry["location"]["path"] for entry in entries if entry["check_name"] != "not-verified"}
    assert paths == {
        "sample_models/pytorch_networks.py",  # both exports that name it
        "sample_models/conv-padded-stride2-torchscript.onnx", "sample_models/conv-10x10-valid-stride2-keras.onnx",
        "exports/é 100%.onnx", "pool.onnx", "exports/broken é.onnx",
    }  # fmt: skip
    assert all({"description", "check_name", "fingerprint", "severity", "location"} <= set(e) for e in entries)
    page = "https://github.com/strideinspect/strideinspect/blob/main/docs/rules/unseen-input.md"
    assert entries[0]["content"]["body"].splitlines()[-1] == page


# Element -> attributes that it must have, that it may have, and children, in the schema of Jenkins' xUnit plugin.
JUNIT = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"}, {"skipped", "time", "timestamp"}, {"testcase", "system-out"},
    ),
    "testcase": ({"name"}, {"classname", "time"}, {"failure", "error", "skipped", "system-out"}),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
    "system-out": (set(), set(), set()),
}  # fmt: skip


@pytest.mark.parametrize("inspected", [tuple, inspections.several])
def test_junit_is_what_jenkins_takes(inspected: Callable[[], tuple[Report | FailedReport, ...]]) -> None:
    """Elements, attributes and counts are those of the schema in widest use."""
    results = inspected()
    root = ET.fromstring(junit.render(results, files=FILES, fail_on=[Severity.ERROR] * len(results)))  # noqa: S314
    for element in root.iter():
        required, optional, children = JUNIT[element.tag]
        assert required <= set(element.attrib) <= required | optional
        assert {child.tag for child in element} <= children
    for suite in root:
        assert suite.attrib["tests"] == str(len(suite))
        assert len({case.attrib["name"] for case in suite}) == len(suite)
    assert root.attrib["tests"] == str(len(root.findall("testsuite/testcase")))


@pytest.mark.parametrize(("fail_on", "failing"), [
    (Severity.NOTE, 4), (Severity.WARNING, 3), (Severity.ERROR, 1), (None, 0),
])  # fmt: skip
def test_junit_fails_as_the_run_does(fail_on: Severity | None, failing: int) -> None:
    """The findings that fail the run fail as tests; both inspections themselves pass, and every other finding."""
    # Two warnings and a note, and an error.
    results = (inspections.odd_names(), inspections.unet())
    root = ET.fromstring(junit.render(results, files=inspections.FILES, fail_on=[fail_on] * 2))  # noqa: S314
    assert len(root.findall("testsuite/testcase")) == 2 + 4
    assert len(root.findall("testsuite/testcase/failure")) == failing
    assert root.attrib["failures"] == str(failing)


def test_junit_takes_any_name() -> None:
    """Characters that no XML may hold are spelt out."""
    evil = Finding("rule", Severity.ERROR, "a \x00\x1b<&>\ud800 b", node="\x08]]>")
    (failure,) = ET.fromstring(  # noqa: S314
        junit.render([report("\x01.onnx", [], [], findings=(evil,))], files=FILES, fail_on=[Severity.ERROR])
    ).iter("failure")
    assert failure.attrib["message"] == "a \\x00\\x1b<&>\\ud800 b"


def test_markdown_takes_any_name() -> None:
    """A name makes no column, no link, no tag and no line of its own."""
    rendered = markdown.render([inspections.odd_names()], files=inspections.FILES)
    (row,) = (line for line in rendered.splitlines() if "floor-truncation" in line)
    assert (
        r"lost at MaxPool \[pool\](x) \<b\>\|\`a\` (1 row), whose last window does not reach the end of the map<br>"
        in row
    )


def test_markdown_leaves_out_what_does_not_fit() -> None:
    """Where only so many rows fit, the gravest are shown and the others counted."""
    results = [inspections.odd_names(), replace(inspections.odd_names(), path="other.onnx")]
    rendered = markdown.render(results, files=inspections.FILES, rows=2)
    rows = [line.split(" | ")[0] for line in rendered.splitlines() if line.startswith(("| error", "| warn", "| note"))]
    assert rows == ["| warning"] * 2
    assert re.findall(r"(\d) rows? omitted", rendered) == ["1", "3"]  # the note of the one, all of the other


def test_same_bytes_however_long_verification_took() -> None:
    """No format tells a time: two runs give the same bytes."""
    one = inspections.padded()
    other = replace(one, verification=replace(one.verification, seconds=9.9))
    assert markdown.render([one]) == markdown.render([other])


def test_without_a_repository_files_are_as_given() -> None:
    """Whoever knows no repository gets paths as they are, and the export's own files."""
    found = Finding("rule", Severity.NOTE, "m", source=Source("/src/net.py", 3, None))
    assert source_lines.AS_GIVEN.model("a/b.onnx") == "a/b.onnx"
    assert source_lines.at(found, source_lines.AS_GIVEN) == "/src/net.py:3"
