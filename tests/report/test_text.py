"""The report as text: whole documents reviewed by eye, and what must hold of every one of them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from inline_snapshot import external_file
from msgspec import structs
from msgspec.structs import replace

from strideinspect.report import findings_text, layout, number_text, text
from strideinspect.report.layout import Style, plain
from strideinspect.report.repeated_blocks import Row, fold, short_names
from strideinspect.report.source_lines import AS_GIVEN
from strideinspect.results.report import Finding, Input, Report, Severity
from strideinspect.results.verdict import Check, Counts, Verdict, Verification
from tests.report import inspections
from tests.report.builders import report, square, window

REAL = (
    "crnn-dynamic-torchscript", "dcgan-generator-dynamo", "resnet18-qdq", "resnet3d-dynamo", "shufflenetv2-dynamo",
    "siamese-dynamo", "spatial-transformer-dynamo", "squeezenet11-torchscript", "unet-dynamo", "vit-torchscript",
    "wavenet-dynamo", "wavenet-keras",
)  # fmt: skip
"""Sample models of every kind: one to three axes, two inputs, no image, attention, data-dependent sampling."""


def inspected(name: str) -> Report:
    """The report on a sample model, as if it lay in the current folder; without running it."""
    return replace(inspections.sample(name, verify="none"), path=f"{name}.onnx")


@pytest.mark.parametrize("name", REAL)
def test_golden(name: str) -> None:
    """The whole report on a real model at 80 columns is as it was when somebody last read it."""
    assert plain(text.render(inspected(name))) == external_file(f"golden/{name}.txt", format=".txt")


def test_golden_quiet() -> None:
    """Asked to be quiet, a report is its path and its findings."""
    rendered = plain(text.render_quiet(inspected("squeezenet11-torchscript")))
    assert rendered == external_file("golden/quiet.txt", format=".txt")


def test_quiet_without_findings_says_nothing() -> None:
    """A model with nothing to say about it leaves a quiet run silent."""
    assert text.render_quiet(inspected("conv-7x7-stride2-keras")) == ()


@pytest.mark.parametrize("name", [*REAL, "resnet50-torchscript", "efficientnetb0-torchscript"])
@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_no_line_is_wider_than_asked(name: str, width: int) -> None:
    """Every line keeps within the width, none ends in a space, and the text ends in exactly one line end."""
    rendered = plain(text.render(inspected(name), width=width))
    lines = rendered.splitlines()
    assert max(map(layout.cells, lines)) <= width
    assert [line for line in lines if line != line.rstrip()] == []
    assert len(rendered) - len(rendered.rstrip("\n")) == 1


@pytest.mark.parametrize(("show", "rules"), [
    (Severity.NOTE, ["unseen-input", "floor-truncation", "not-verified"]),
    (Severity.WARNING, ["unseen-input", "floor-truncation"]),
    (Severity.ERROR, []),
])  # fmt: skip
def test_show_lists_from_a_severity_on(show: Severity, rules: list[str]) -> None:
    """Only findings of the severity asked for or a graver one are listed; the summary still counts all."""
    rendered = plain(text.render(inspections.odd_names(), show=show))
    assert [rule for rule in ("unseen-input", "floor-truncation", "not-verified") if rule in rendered] == rules
    assert "2 warnings, 1 note" in rendered


def test_names_from_a_file_cannot_act_on_the_terminal() -> None:
    """Escape sequences, line ends and broken Unicode in a model's names are written as escapes."""
    evil = "\x1b[31mred\nnext\x07\u202e\udc80"
    node = window(evil, "Conv", (1, 1), (1, 1), ((1, 1, 2, 2), (1, 1, 2, 2)), square(1, 1, 0))
    hostile = report(
        evil,
        [Input(evil, (1, 1, 2, 2), (2, 3), (), "NCHW")],
        [node],
        producer=evil,
        findings=(Finding("rule", Severity.ERROR, f"at {evil}", f"not {evil}", node=evil),),
    )
    rendered = plain(text.render(hostile, width=120)).replace("\n", "")
    assert rendered.isprintable()
    assert "\\x1b[31mred\\nnext\\x07\\u202e\\udc80" in rendered


@pytest.mark.parametrize(("number", "spelt"), [
    (None, "–"), (0, "0"), (999, "999"), (1000, "1.00 k"), (9408, "9.41 k"), (9995, "10.0 k"), (99_949, "99.9 k"),
    (118_013_952, "118 M"), (999_499_999, "999 M"), (999_500_000, "1.00 G"), (4_089_184_256, "4.09 G"),
])  # fmt: skip
def test_magnitude(number: int | None, spelt: str) -> None:
    """Counts have three digits and a unit, and round up into the next unit."""
    assert number_text.magnitude(number) == spelt


@pytest.mark.parametrize(("value", "spelt"), [
    (Fraction(32), "32"), (Fraction(31, 2), "15.5"), (Fraction(1, 3), "0.333333"), (Fraction(-1, 2), "-0.5"),
    (Fraction(100), "100"), (Fraction(0), "0"),
])  # fmt: skip
def test_decimal(value: Fraction, spelt: str) -> None:
    """Decimals carry no needless zeros, and round what is no decimal."""
    assert number_text.decimal(value) == spelt


@pytest.mark.parametrize(("begin", "end", "spelt"), [
    ((3, 3), (3, 3), "3"), ((0, 0), (1, 1), "0,1"), ((0, 3), (0, 3), "0×3"), ((0, 0), (1, 0), "0,1×0"),
    ((1,), (2,), "1,2"), ((1, 1, 1), (1, 1, 1), "1"),
])  # fmt: skip
def test_padding(begin: tuple[int, ...], end: tuple[int, ...], spelt: str) -> None:
    """Padding is told once where the axes agree, and begin and end apart where they differ."""
    rank = len(begin)
    node = window("n", "Conv", (3,) * rank, (1,) * rank, ((1,), (1,)), (), begin=begin, end=end)
    assert number_text.padding(node) == spelt


@pytest.mark.parametrize(("texts", "blocks"), [
    ("abc", [(0, 1, 1), (1, 1, 1), (2, 1, 1)]),
    ("aaab", [(0, 1, 3), (3, 1, 1)]),
    ("abababc", [(0, 2, 3), (6, 1, 1)]),
    ("xabcabcy", [(0, 1, 1), (1, 3, 2), (7, 1, 1)]),
    ("aabaab", [(0, 3, 2)]),
    ("", []),
])  # fmt: skip
def test_fold(texts: str, blocks: list[tuple[int, int, int]]) -> None:
    """Repeated blocks are found from the top, the one that covers most rows first; together they cover every row."""
    found = fold([Row(name=str(i), kind="", field=str(i), sizes=(i,), cells=(c,)) for i, c in enumerate(texts)])
    assert [(block.start, block.length, block.times) for block in found] == blocks


def test_fold_keeps_differently_named_rows_apart() -> None:
    """A shortcut between two blocks is not taken for the first row of the next block."""
    names = ["a1.conv", "a1.side", "a2.conv", "a3.conv"]
    rows = [Row(name, name.replace(name[1], "#"), "1", (1,), ("Conv",)) for name in names]
    assert [(block.start, block.times) for block in fold(rows)] == [(0, 1), (1, 1), (2, 2)]


@pytest.mark.parametrize(("fields", "blocks"), [
    (["27", "59", "91"], [(0, 1, 3)]),
    (["31", "31"], [(0, 1, 2)]),
    (["159", "143"], [(0, 1, 1), (1, 1, 1)]),
    (["15", "31", "23", "39"], [(0, 2, 2)]),
    (["15", "31", "23", "29"], [(0, 1, 2), (2, 1, 2)]),
    (["299", "267", "299"], [(0, 1, 1), (1, 1, 2)]),  # a range from 299 to 299 would hide the 267
    (["9×9", "11×9", "11×13"], [(0, 1, 3)]),
    (["9×9", "11×7"], [(0, 1, 1), (1, 1, 1)]),
    (["–¹", "–¹"], [(0, 1, 2)]),
    (["–¹", "–²"], [(0, 1, 1), (1, 1, 1)]),
    (["91", "all"], [(0, 1, 1), (1, 1, 1)]),
])  # fmt: skip
def test_fold_only_where_no_field_falls(fields: list[str], blocks: list[tuple[int, int, int]]) -> None:
    """Windows of branches side by side are no repetition of one another, even where all else is alike."""
    rows = [
        Row(str(i), "", field, tuple(map(int, field.split("×"))) if field[0].isdecimal() else (), ())
        for i, field in enumerate(fields)
    ]
    assert [structs.astuple(block) for block in fold(rows)] == blocks


@pytest.mark.parametrize(("names", "blocks"), [
    ("ab-b-", [(0, 1, 1), (1, 2, 2)]),  # from the first b on, not from the row below it
    ("a-bb-", [(0, 1, 1), (1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 1)]),  # the second b sees two inputs
    ("b-b-b", [(0, 2, 2), (4, 1, 1)]),
    ("b---", [(0, 1, 1), (1, 1, 1), (2, 1, 1), (3, 1, 1)]),
])  # fmt: skip
def test_fold_keeps_the_rows_of_a_window_together(names: str, blocks: list[tuple[int, int, int]]) -> None:
    """A row of a further input has no name and belongs to the window above it, in a block or out of it."""
    rows = [Row(name.strip("-"), name, "1", (1,), ()) for name in names]
    assert [structs.astuple(block) for block in fold(rows)] == blocks


@pytest.mark.parametrize(("names", "short"), [
    (["net/b1/conv/Conv", "net/b2/conv/Conv"], ["b1", "b2"]),
    (["/l1/conv1/Conv", "/l1/conv2/Conv", "/pool/MaxPool"], ["l1/conv1", "l1/conv2", "pool"]),
    (["a", "a/b", "a/b/c"], ["a", "a/b", "a/b/c"]),
    (["n0", "n1"], ["n0", "n1"]),
    (["/l1/l1.0/c1/Conv", "/l1/l1.0/c2/Conv", "/l2/l2.0/c1/Conv"], ["l1.0/c1", "l1.0/c2", "l2.0"]),
    (["only/one/Conv"], ["Conv"]),
    (["same", "same"], ["same", "same"]),
    (["", "/"], ["", "/"]),
])  # fmt: skip
def test_short_names(names: list[str], short: list[str]) -> None:
    """Shared scopes go, and what follows a name's own scope; names stay as different as they were."""
    found = short_names(names)
    assert [found[name] for name in names] == short


def test_notes_of_a_rule_are_told_once() -> None:
    """Of notes the first is told with the number of places; of warnings every one, their common help once."""
    note = Finding("aligned", Severity.NOTE, "so it is", "be", node="a")
    warning = Finding("lost", Severity.WARNING, "a row", "pad", node="c")
    found = [
        note, replace(note, node="b", help="do"), warning, replace(warning, message="a column"),
        replace(warning, message="a plane", help="pad planes"),
    ]  # fmt: skip
    assert [[said for said, _ in group.messages()] for group in findings_text.grouped(found)] == [
        ["a row", "a column"],
        ["a plane"],
        ["so it is (2 times; also at b)"],
    ]


@pytest.mark.parametrize(("others", "said"), [
    (["b"], "(2 times; also at b)"),
    (["b", "c", "d"], "(4 times; also at b, c, d)"),
    (["b", "c", "d", "e", "f"], "(6 times; also at b, c, d and 2 more)"),
    ([None], "(2 times)"),
    (["a", "b", "b"], "(4 times; also at b)"),
])  # fmt: skip
def test_notes_name_some_places(others: list[str | None], said: str) -> None:
    """A few other places are named, each once, the rest counted; a note without a place is counted."""
    first = Finding("aligned", Severity.NOTE, "so it is", node="a")
    (group,) = findings_text.grouped([first, *(replace(first, node=node) for node in others)])
    assert group.messages() == [(f"so it is {said}", first)]


def test_many_warnings_of_a_kind_are_cut_short() -> None:
    """Eight are said one by one; of more the first seven, and where the others are."""
    lost = [Finding("lost", Severity.WARNING, f"row {number}", "pad", node=f"n{number}") for number in range(12)]
    (eight,) = findings_text.grouped(lost[:8])
    assert [said for said, _ in eight.lines(AS_GIVEN)] == [f"row {number}" for number in range(8)]
    (twelve,) = findings_text.grouped(lost)
    assert [said for said, _ in twelve.lines(AS_GIVEN)] == [
        *(f"row {number}" for number in range(7)),
        "and 5 more, at n7, n8, n9 and 2 more",
    ]
    assert len(twelve.messages()) == 12


def test_reduction_that_removes_its_axes() -> None:
    """A mean over rows and columns that keeps no axis has no map to show: 64 are the channels."""
    seen = square(None, None, None, node_axis=None)
    mean = window("mean", "ReduceMean", (7, 7), (1, 1), ((1, 7, 7, 64), (1, 64)), seen, spatial_axes=(1, 2))
    (row,) = (line for line in plain(text.render(report("m.onnx", [], [mean]))).splitlines() if "ReduceMean" in line)
    assert row.split() == ["mean", "ReduceMean", "7×7", "0", "–", "global", "–"]


def test_reasons_of_their_own_are_told_once() -> None:
    """Two means that miss a row and are themselves the reason why no field is left share a footnote, without names."""
    means = [
        window(name, "ReduceMean", (9, 9), (1, 1), ((1, 8, 9, 9), (1, 8, 1, 1)),
               square(None, None, None, node_axis=None, reason=f"ReduceMean {name} reads the whole axis", widest=9))
        for name in ("first", "second")
    ]  # fmt: skip
    lines = plain(text.render(report("m.onnx", [], means))).splitlines()
    assert [line.split()[-2] for line in lines if "ReduceMean" in line] == ["–¹", "–¹"]
    assert [line.strip() for line in lines if line.strip().startswith("¹")] == ["¹ it reads the whole axis"]


def test_what_keeps_all_from_being_checked_is_said_once() -> None:
    """A reason that is the whole verification's is not told again for shapes and for fields."""
    why = "no such operator"
    details = tuple(Check(None, "y", claim, Verdict.NOT_CHECKED, why) for claim in ("shape", "field"))
    nothing = Verification(
        status=Verdict.NOT_CHECKED, reason=why, runtime=None,
        shapes=Counts(not_checked=1), fields=Counts(not_checked=1), details=details,
    )  # fmt: skip
    assert plain(text.render(report("m.onnx", [], [], verification=nothing))).count(why) == 1


def test_severities_have_styles() -> None:
    """What is grave stands out: the words error and warning bear their style."""
    spans = [span for line in text.render(inspections.unet()) for span in line]
    assert {span.style for span in spans if span.text.strip() in {"error", "1 error"}} == {Style.ERROR}
