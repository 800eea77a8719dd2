"""The JSON report: its contract key by key, its schema, and that it is the same twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from inline_snapshot import external_file
from msgspec.structs import replace

from strideinspect.report import json as renderer
from strideinspect.results.field import Positions
from strideinspect.results.report import FailedReport, Finding, Report, Severity, Source
from strideinspect.results.verdict import Check, Verdict
from tests.report import inspections
from tests.report.builders import field, report
from tests.schemas import schema_of

REAL = (
    "crnn-dynamic-torchscript", "dcgan-generator-dynamo", "resnet3d-dynamo", "siamese-dynamo",
    "spatial-transformer-dynamo", "squeezenet11-torchscript", "wavenet-keras",
)  # fmt: skip


def rendered(*results: Report | FailedReport, positions: bool = False) -> dict[str, Any]:
    """The document read back, as a user of the format reads it."""
    loaded: dict[str, Any] = json.loads(renderer.render(results, version="0.1.0", positions=positions))
    return loaded


def test_golden() -> None:
    """The document is as it was when somebody last read it: three models and a file that is none.

    What the numbers are held to: AlexNet's are published; the fourth window of size 3 with stride 2 ends at index
    3·2 + 2 = 8 of 10; the third of the pool at 2·2 + 2 = 6 of 7, which the mistake in the analysis denies.
    """
    models = inspections.alexnet_stem(), inspections.accepted(), inspections.contradicted(), inspections.broken()
    assert renderer.render(models, version="0.1.0") == external_file("golden/several.json", format=".txt")


def test_schema_holds() -> None:
    """Findings of every severity, every verdict, networks of every kind, a run in full: all are valid."""
    full = inspections.sample("conv-7x7-stride2-dynamo", verify="full")
    schema_of("report").validate(rendered(*(inspections.sample(name, verify="none") for name in REAL), full))
    schema_of("report").validate(rendered(*inspections.several(), positions=True))


@pytest.mark.parametrize(("path", "value"), [
    (("models", 0, "nodes", 0, "fields", 0, "stride"), 4),
    (("models", 0, "verification", "status"), "not checked"),
    (("models", 0, "findings", 0, "severity"), "info"),
    (("models", 0, "inputs", 0, "shape"), [1, "N"]),
    (("models", -1, "error"), "broken"),
    (("schema",), "strideinspect/report/2"),
])  # fmt: skip
def test_schema_refuses(path: tuple[str | int, ...], value: object) -> None:
    """The schema is no formality: a number for a stride, an unknown word, a missing list are refused."""
    document = rendered(*inspections.several())
    at: Any = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    assert not schema_of("report").is_valid(document)


def wrong_types(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every number, string and list that must not be replaced by an object; values of claims may be."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in ("predicted", "ran"):
                yield from wrong_types(item, (*at, key))
    elif isinstance(value, list):
        yield at
        for index, item in enumerate(value[:1]):
            yield from wrong_types(item, (*at, index))
    else:
        yield at


@pytest.mark.slow
def test_schema_refuses_an_object_everywhere() -> None:
    """Every key has a type in the schema: an object in place of any number, string, null or list is refused."""
    validator = schema_of("report")
    document = rendered(inspections.alexnet_stem(), inspections.broken())
    places = list(wrong_types(document))
    assert len(places) > 100
    for *path, last in places:
        at: Any = document
        for step in path:
            at = at[step]
        kept, at[last] = at[last], {"wrong": "type"}
        assert not validator.is_valid(document), (*path, last)
        at[last] = kept
    assert validator.is_valid(document)


def test_same_bytes_twice() -> None:
    """The same inspection gives the same bytes, whatever time it took."""
    one = inspections.padded()
    other = replace(one, verification=replace(one.verification, seconds=9.9))
    assert renderer.render([one], version="0.1.0") == renderer.render([other], version="0.1.0")


def test_text_is_ascii_with_one_line_end() -> None:
    """Any encoding of standard output can carry the document."""
    text = renderer.render([replace(inspections.padded(), path="caf\udce9/×.onnx")], version="0.1.0")
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text)["models"][0]["path"] == "caf\udce9/×.onnx"


@pytest.mark.parametrize("positions", [False, True])
def test_positions_on_request(positions: bool) -> None:  # noqa: FBT001
    """The field of every index is there when asked for, with null for an index that sees nothing; else null."""
    seen = field(2, size=3, positions=Positions.of((0, None, 1), (1, None, 3)))
    nodes = [replace(inspections.padded().nodes[0], fields=(seen,))]
    document = rendered(report("m.onnx", [], nodes), positions=positions)
    expected = {"first": [0, None, 1], "last": [1, None, 3]} if positions else None
    assert document["models"][0]["nodes"][0]["fields"][0]["positions"] == expected


def test_strides_are_exact_strings() -> None:
    """A stride of one half is "1/2", so that no reader rounds it; a stride of 32 is "32"."""
    names = ("dcgan-generator-dynamo", "resnet3d-dynamo")
    generator, video = rendered(*(inspections.sample(name, verify="none") for name in names))["models"]
    # Each transposed convolution but the first, of 1×1, doubles the map; the stem of the video takes every frame and
    # every second pixel.
    assert [node["fields"][-1]["stride"] for node in generator["nodes"]] == ["1", "1/2", "1/4", "1/8", "1/16"]
    assert video["ladder"][0]["stride"] == ["1", "2", "2"]


def test_finding_keeps_all_that_it_knows() -> None:
    """A finding's place, ranges and source go over unchanged, with the address of its rule's page."""
    finding = Finding(
        "stride-gap", Severity.WARNING, "skips rows", "read them", node="n", output="o",
        axes=(2,), ranges=((1, 1), (3, 3)), pixels=2, sizes=(7, 9), source=Source("net.py", 12, "layer1.0"),
        bytes=(96, 40),
    )  # fmt: skip
    assert rendered(report("m.onnx", [], [], findings=(finding,)))["models"][0]["findings"] == [
        {
            "rule": "stride-gap",
            "page": "https://github.com/strideinspect/strideinspect/blob/main/docs/rules/stride-gap.md",
            "severity": "warning", "node": "n", "output": "o", "input": None, "axes": [2],
            "ranges": [[1, 1], [3, 3]], "pixels": 2, "sizes": [7, 9], "message": "skips rows", "help": "read them",
            "source": {"file": "net.py", "line": 12, "scope": "layer1.0"},
            "bytes": {"offset": 96, "length": 40},
            "also": [],
            "assumed": False,
        }
    ]  # fmt: skip


def test_finding_lists_its_further_places() -> None:
    """Further places have all the keys of a finding but `also`; consequences keep their own rule."""
    gap = Finding("stride-gap", Severity.WARNING, "skips rows", node="n", output="o")
    note = Finding("unproductive-layer", Severity.NOTE, "adds nothing", node="m", output="p")
    whole = replace(gap, also=(replace(gap, node="k"), note))
    (finding,) = rendered(report("m.onnx", [], [], findings=(whole,)))["models"][0]["findings"]
    assert [(place["rule"], place["node"]) for place in finding["also"]] == [
        ("stride-gap", "k"), ("unproductive-layer", "m"),
    ]  # fmt: skip
    assert all({*place} == {*finding} - {"also"} for place in finding["also"])


@pytest.mark.parametrize(("claimed", "written"), [
    (None, None), (3, 3), ((1, 2), [1, 2]), (((0, 4), None), [[0, 4], None]), (Fraction(1, 2), "1/2"), ({3}, "{3}"),
    ({"axis": 2, "first": None, "full": (0, 7)}, {"axis": 2, "first": None, "full": [0, 7]}),
])  # fmt: skip
def test_claims_are_plain_values(claimed: object, written: object) -> None:
    """Whatever was predicted or ran is written as numbers and lists, and never breaks the document."""
    check = Check("n", "o", "shape", Verdict.CONTRADICTED, predicted=claimed, ran=0)
    one = inspections.padded()
    document = rendered(replace(one, verification=replace(one.verification, details=(check,))))
    assert document["models"][0]["verification"]["details"][0]["predicted"] == written
