"""The words of the program and its pages: standard terms of the field, none of the phrases that were replaced."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.main import get_command

from strideinspect import Report
from strideinspect.cli.app import COMMANDS, application, title
from strideinspect.report import csv, markdown, text
from strideinspect.report.layout import plain
from tests.unverified import unverified

ROOT = Path(__file__).parents[1]
MODELS = sorted((ROOT / "sample_models").glob("*.onnx"))
FEW = (
    "crnn-dynamic-torchscript", "dcgan-generator-dynamo", "efficientnetb0-torchscript", "resnet18-qdq",
    "resnet3d-dynamo", "siamese-dynamo", "spatial-transformer-dynamo", "squeezenet11-torchscript", "unet-dynamo",
    "vit-torchscript", "wavenet-dynamo", "wavenet-keras", "yolo-dynamo",
)  # fmt: skip
"""Models of every kind: one, two and three spatial axes, two inputs, gates, attention, quantisation, transposed."""

INSTEAD = {
    r"\bnobody\b": "never used; no other node uses them",
    r"no position left": "global: depends on the whole image",
    r"\bsees \d+ of \d+": "global: depends on 223 of 224 rows",
    r"\bin full\b": "full dependence; after global pooling at Y, 35 of 98 layers depend on the whole image",
    r"means different things at this size": "ONNX, its shape inference and onnxruntime disagree at this size",
    r"neighbours are made from": "uneven overlap: 1 or 2 taps per axis",
    r"\b(is|are) no (multiple|ONNX|model|whole number|number|TOML|JSON|window|exact|baseline)": "is not a …",
    r"\bgrave": "severe",
    r"\bgraver\b": "or higher",
    r"\bgravest\b": "maximum severity; most severe",
    r"\bso many\b": "number of models inspected in parallel",
    r"\bhold\b.*\bagainst\b": "check by running onnxruntime",
    r"\bheld against\b": "checked by running onnxruntime",
    r"\blook at places that lie apart\b": "are spatially misaligned",
    r"give it something to see": "use a larger input or a smaller network",
    r"lost on the way": "the worker process failed",
    r"\bcols?\b": "columns",
    r"(?<!infinite )\bplanes?\b": "slices",
    r"first cell": "first index",
    r"\bread by\b": "used by",
}
"""What is not written, as regular expressions, and what is written in its place."""

TITLES = {"field": "RF", "by": "layer", "learned": "trainable", "drops": "dropped", "skips": "skipped"}
"""Titles that columns do not have any more."""


def phrases_in(written: str) -> list[str]:
    """The phrases that the text has and should not have, with what to write instead."""
    joined = " ".join(written.split())
    return [
        f"{found[0]!r}: write {instead}"
        for phrase, instead in INSTEAD.items()
        if (found := re.search(phrase, joined, re.IGNORECASE))
    ]


def printed(report: Report) -> str:
    """All that people read of a report: text at 80 columns, Markdown, CSV."""
    return plain(text.render(report, width=80)) + markdown.render([report]) + csv.render([report])


def without_findings(report: Report) -> Report:
    """The report without what rules say, to which `test_findings` applies."""
    return replace(report, findings=())


@pytest.mark.parametrize("model", [m if m.stem in FEW else pytest.param(m, marks=pytest.mark.slow) for m in MODELS],
                         ids=lambda m: m.stem)  # fmt: skip
def test_reports(model: Path) -> None:
    """Nothing that a report prints about a sample model uses a phrase that was replaced."""
    assert phrases_in(printed(without_findings(unverified(model)))) == []


@pytest.mark.parametrize("model", [m if m.stem in FEW else pytest.param(m, marks=pytest.mark.slow) for m in MODELS],
                         ids=lambda m: m.stem)  # fmt: skip
def test_findings(model: Path) -> None:
    """Nothing that a rule says about a sample model uses a phrase that was replaced."""
    report = unverified(model)
    assert [phrases_in(f"{finding.message} {finding.help}") for finding in report.findings] == [[]] * len(
        report.findings
    )


@pytest.mark.parametrize("name", FEW)
def test_columns(name: str) -> None:
    """No table has a column by an old title, and every table of window nodes has the receptive field as RF."""
    report = unverified(ROOT / "sample_models" / f"{name}.onnx")
    titles = [line.split() for line in plain(text.render(report)).splitlines() if re.match(r" +(map|layer) +\w", line)]
    assert "RF" in titles[-1]
    assert {word for line in titles for word in line} & TITLES.keys() == set()


@pytest.mark.parametrize(("name", "nouns", "others"), [
    ("wavenet-dynamo", {"samples"}, {"pixel", "pixels", "image", "row", "rows"}),
    ("resnet3d-dynamo", {"voxels", "volume"}, {"pixels", "image", "signal"}),
    ("unet-dynamo", {"pixels", "image", "rows", "columns"}, {"samples", "signal", "volume"}),
])  # fmt: skip
def test_nouns_follow_the_number_of_axes(name: str, nouns: set[str], others: set[str]) -> None:
    """One axis is a signal of samples, two are an image of pixels, three a volume of voxels."""
    words = set(re.findall(r"\w+", printed(without_findings(unverified(ROOT / "sample_models" / f"{name}.onnx")))))
    assert words & nouns == nouns
    assert words & others == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_help(name: str) -> None:
    """The help of every command is free of them, too."""
    command = get_command(application(name))
    assert phrases_in(command.get_help(command.make_context(title(name), [], resilient_parsing=True))) == []


PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "rules").glob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages(page: Path) -> None:
    """The README, the documentation and the page of every rule are free of them, too."""
    assert phrases_in(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("old", [
    "no position left; sees 224 of 224 rows and cols of image", "row 25 of its 26×26 input are read by nobody",
    "in full, 35 of 98 windows, from X on, see all of image", "Inspect so many models at a time.",
    "Hold shapes and fields against onnxruntime running the model", "Accept findings of this severity and graver ones.",
])  # fmt: skip
def test_old_output_is_refused(old: str) -> None:
    """What the program printed before is found."""
    assert phrases_in(old)
