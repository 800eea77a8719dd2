"""`strideinspect.inspect` and what it gives, as a program that imports the package meets them."""

from __future__ import annotations

import os
import subprocess
import sys
import typing
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import networkx
import numpy
import onnx
import pytest

import strideinspect
from tests.oracle_models import model_of

ROOT = Path(__file__).parents[1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A model of two windows over a 10×10 image, the second of which drops a row and a column of its map."""
    body = """
    c = Conv <pads = [1, 1, 1, 1]> (image, w)
    r = Relu (c)
    y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (r)
    """
    model = model_of(body, {"image": (1, 1, 10, 10)}, constants={"w": (1, 1, 3, 3)})
    model.graph.node[0].name = "first"
    model.producer_name, model.producer_version = "by hand", "1"
    file = tmp_path / "model.onnx"
    onnx.save(model, file)
    return file


def test_report(path: Path) -> None:
    """Everything that the README reads off a report."""
    report = strideinspect.inspect(path, verify="none")
    assert (report.path, report.producer, report.opsets, report.node_count) == (str(path), "by hand 1", {"": 18}, 3)
    (given,) = report.inputs
    assert (given.name, given.shape, given.spatial_axes, given.layout) == ("image", (1, 1, 10, 10), (2, 3), "NCHW")
    assert [node.label for node in report.nodes] == ["first", "y"]
    # 3×3 around every pixel; then 3 windows of those, 2 pixels apart: 5 pixels, from −1 to 3.
    fields = [(field.axis, field.size, field.stride, field.center) for field in report.node("y").fields]
    assert fields == [(axis, 5, Fraction(2), Fraction(1)) for axis in (2, 3)]
    assert report.node("y").fields[0].positions.first == (0, 1, 3, 5)
    assert report.node("y").fields[0].positions.last == (3, 5, 7, 9)
    (finding,) = report.at_least(strideinspect.Severity.WARNING)
    assert (finding.rule, finding.pixels) == ("floor-truncation", 1)
    assert finding.message
    assert finding.help
    assert report.verification.status == "not-checked"


def test_bytes_are_the_record_in_the_file(path: Path) -> None:
    """The bytes of a window, and of a finding at it, decode to the very node."""
    report = strideinspect.inspect(path, verify="none")
    (finding,) = report.at_least(strideinspect.Severity.WARNING)
    for place, output in ((report.node("first").bytes, "c"), (report.node("y").bytes, "y"), (finding.bytes, "y")):
        start, length = place or (0, 0)
        record = onnx.NodeProto.FromString(path.read_bytes()[start : start + length])
        assert list(record.output) == [output]


def test_nodes_by_name_and_output(path: Path) -> None:
    """A window is found by its name and by its first output; another key is a KeyError."""
    report = strideinspect.inspect(path, verify="none")
    assert report.node("first") is report.node("c")
    with pytest.raises(KeyError):
        report.node("r")


def test_graph(path: Path) -> None:
    """The network of windows is a networkx graph, made when it is asked for."""
    graph = strideinspect.inspect(path, verify="none").graph
    assert isinstance(graph, networkx.DiGraph)
    assert list(graph.edges) == [("c", "y")]


def test_verification_is_the_default(path: Path) -> None:
    """Without a word onnxruntime is asked, and agrees."""
    verification = strideinspect.inspect(path).verification
    assert verification.status == "agreed"
    assert (verification.shapes.agreed, verification.fields.agreed) == (3, 2)
    assert str(verification.runtime).startswith("onnxruntime ")


SHAPES: dict[str, Any] = {
    "a list": [1, 1, 12, 14],
    "a tuple": (1, 1, 12, 14),
    "by name": {"image": (1, 1, 12, 14)},
    "without a name": {"": (1, 1, 12, 14)},
}


@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
def test_input_shapes(shapes: Any, path: Path) -> None:
    """A shape for the only input, or shapes by name, in place of what the file says."""
    report = strideinspect.inspect(path, input_shapes=shapes, verify="none")
    assert report.inputs[0].shape == (1, 1, 12, 14)
    assert report.outputs[0].shape == (1, 1, 5, 6)


@pytest.mark.parametrize(("patterns", "names"), [
    (["r"], ["r"]), (["?"], ["c", "r", "y"]), (["fir*"], ["c"]), (["c", "y"], ["c", "y"]), ([], []),
])  # fmt: skip
def test_tensors(patterns: list[str], names: list[str], path: Path) -> None:
    """Tensors are asked for by patterns of their own or of their node's name, and come in graph order."""
    report = strideinspect.inspect(path, tensors=patterns, verify="none")
    assert [tensor.name for tensor in report.tensors] == names
    for tensor in report.tensors:
        assert [field.axis for field in tensor.fields] == [2, 3]


def test_a_pattern_without_a_tensor(path: Path) -> None:
    """A pattern that matches nothing is a mistake, and the nearest name is suggested."""
    with pytest.raises(strideinspect.UsageError, match=r"'frist'.*did you mean first\?"):
        strideinspect.inspect(path, tensors=["r", "frist"], verify="none")


def test_rules_are_chosen(path: Path) -> None:
    """Rules that are not selected, or are ignored, find nothing."""
    assert [f.rule for f in strideinspect.inspect(path, select=["coverage"], verify="none").findings] == [
        "floor-truncation"
    ]
    assert strideinspect.inspect(path, select=["stride-gap"], verify="none").findings == ()
    left = strideinspect.inspect(path, ignore=["floor-truncation"], verify="none").findings
    assert "floor-truncation" not in {finding.rule for finding in left}


def test_progress_is_told(path: Path) -> None:
    """What goes on is told in words, step by step."""
    told: list[str] = []
    strideinspect.inspect(path, verify="none", progress=told.append)
    assert told == ["reading the model", "computing shapes and receptive fields"]


MISTAKES: dict[str, tuple[dict[str, Any], type[strideinspect.StrideinspectError]]] = {
    "no such rule": ({"select": ["nothing"]}, strideinspect.UsageError),
    "no such group": ({"ignore": ["nothing"]}, strideinspect.UsageError),
    "no such way": ({"verify": "maybe"}, strideinspect.UsageError),
    "no such input": ({"input_shapes": {"picture": (1, 1, 8, 8)}}, strideinspect.InputShapeError),
    "too few axes": ({"input_shapes": (8, 8)}, strideinspect.InputShapeError),
}


@pytest.mark.parametrize(("options", "error"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(options: dict[str, Any], error: type[strideinspect.StrideinspectError], path: Path) -> None:
    """A mistake is an error of the package with a message and what to do, all of one family."""
    with pytest.raises(error) as raised:
        strideinspect.inspect(path, **{"verify": "none", **options})
    assert isinstance(raised.value, strideinspect.StrideinspectError)
    assert raised.value.message
    assert raised.value.help
    assert str(raised.value) == f"{raised.value.message}; {raised.value.help}"


@pytest.mark.parametrize("content", [None, b"", b"no model at all"])
def test_files_that_are_no_models(content: bytes | None, tmp_path: Path) -> None:
    """A file that is missing or no model is an UnreadableModelError that names it."""
    file = tmp_path / "strange.onnx"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(strideinspect.UnreadableModelError, match=r"strange\.onnx"):
        strideinspect.inspect(file, verify="none")


def test_reports_cannot_be_changed(path: Path) -> None:
    """A report is data to read: nothing in it can be set."""
    report = strideinspect.inspect(path, verify="none")
    for thing, name in ((report, "path"), (report.nodes[0], "op"), (report.nodes[0].fields[0], "size")):
        with pytest.raises(AttributeError):
            setattr(thing, name, None)


def test_reports_are_short_to_print(path: Path) -> None:
    """At a prompt a report, a field and its positions are a line each, without thousands of numbers."""
    report = strideinspect.inspect(path, verify="none")
    assert repr(report) == f"<Report of {str(path)!r}: 2 window nodes, {len(report.findings)} findings, not-checked>"
    field = report.node("y").fields[0]
    # 3 pixels around each, then 3 of those 2 pixels apart: 5, from -1 to 3.
    assert repr(field) == "<Field along axis 2 of 'image': size 5, stride 2, center 1>"
    assert repr(field.positions) == "<Positions of 4 indices>"


def test_two_inspections_give_the_same(path: Path) -> None:
    """Nothing is left over from one inspection to the next."""
    first, second = (strideinspect.inspect(path, verify="none") for _ in range(2))
    assert first == second


def test_the_file_is_left_alone(path: Path) -> None:
    """Inspecting writes nothing beside the model, and nothing into it."""
    before = path.read_bytes()
    strideinspect.inspect(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_public_names() -> None:
    """Completion offers exactly the promised names, and each of them can be imported."""
    assert dir(strideinspect) == sorted(strideinspect.__all__)
    for name in strideinspect.__all__:
        assert getattr(strideinspect, name) is not None
    with pytest.raises(AttributeError, match="nothing_like_it"):
        strideinspect.nothing_like_it  # type: ignore[attr-defined]  # noqa: B018


def types_in(annotation: object) -> Iterator[type]:
    """The classes of this package that an annotation is made of."""
    if isinstance(annotation, type) and annotation.__module__.partition(".")[0] == "strideinspect":
        yield annotation
    for part in typing.get_args(annotation):
        yield from types_in(part)


def annotations_of(kind: type) -> Iterator[object]:
    """The annotations of the public fields of a class, and of what its public properties and methods return."""
    # networkx.DiGraph takes no [str] outside annotations, pandas and matplotlib may not be installed, and nothing that
    # is loaded at every start loads numpy or the effective fields, which few reports have
    known = {
        "networkx": SimpleNamespace(DiGraph=list),
        "pandas": SimpleNamespace(DataFrame=list),
        "Figure": object,
        "np": numpy,
        "NDArray": list,
        "EffectiveOutput": strideinspect.EffectiveOutput,
    }
    for name, annotation in typing.get_type_hints(kind, localns=known).items():
        if not name.startswith("_"):
            yield annotation
    for name, member in vars(kind).items():
        function = getattr(member, "fget", None) or getattr(member, "func", None) or member
        if not name.startswith("_") and hasattr(function, "__annotations__"):
            yield typing.get_type_hints(function, localns=known).get("return")


def reachable(kinds: Iterable[type]) -> set[type]:
    """The classes themselves, and all those that their annotations lead to."""
    seen: set[type] = set()
    waiting = [*kinds]
    while waiting:
        kind = waiting.pop()
        if kind not in seen:
            seen.add(kind)
            waiting.extend(part for annotation in annotations_of(kind) for part in types_in(annotation))
    return seen


def test_every_type_of_a_report_and_of_settings_is_public() -> None:
    """What a report or settings are made of can be imported from the package itself."""
    kinds = reachable([strideinspect.Report, strideinspect.FailedReport, strideinspect.Settings])
    # Down to the last level: Report, Verification, Impulses, Counts; Report, WindowNode, Field, Positions.
    assert {strideinspect.Counts, strideinspect.Positions, strideinspect.Budget} <= kinds
    for kind in kinds:
        assert getattr(strideinspect, kind.__name__, None) is kind
        assert kind.__name__ in strideinspect.__all__


def test_importing_the_package_is_cheap() -> None:
    """Importing loads none of the libraries that an inspection needs."""
    heavy = {"onnx", "numpy", "networkx", "onnxruntime", "rich", "typer"}
    code = f"import sys, strideinspect; print(sorted({heavy!r} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_nodes_of_one_name(tmp_path: Path) -> None:
    """Nodes may share a name: asked for by it, each of their tensors comes."""
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["": 18]> g (float[1,1,4,4] x) => (float[1,1,2,2] y)'
        " { a = Relu (x) b = Neg (a) y = MaxPool <kernel_shape = [3, 3]> (b) }"
    )
    for node in model.graph.node[:2]:
        node.name = "act"
    onnx.save(model, tmp_path / "model.onnx")
    report = strideinspect.inspect(tmp_path / "model.onnx", tensors=["act"], verify="none")
    assert [tensor.name for tensor in report.tensors] == ["a", "b"]
