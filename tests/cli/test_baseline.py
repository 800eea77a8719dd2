"""Accepting findings: the file that is written, and what a run with it says and does not say."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import onnx.parser
import pytest

from strideinspect.cli.app import run

# 9 rows under windows of 2 in steps of 2: the ninth is never used. The second pool has 4 rows and drops none; with
# windows of 3 in steps of 2 it drops the fourth.
NET = """<ir_version: 8, opset_import: ["" : 17]>
net (float[1,1,9,9] image) => (float[1,1,h,w] y) {
    [first] a = MaxPool<kernel_shape=[2,2], strides=[2,2]>(image)
    [second] y = MaxPool<kernel_shape=[2,2], strides=[2,2]>(a)
}"""
WORSE = NET.replace("[second] y = MaxPool<kernel_shape=[2,2]", "[second] y = MaxPool<kernel_shape=[3,3]")
CLEAN = NET.replace("9,9", "8,8")
FAST = ["--no-verify", "--fail-on", "warning", "--quiet"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(text: str, name: str = "net.onnx") -> None:
    """Write a model from its text, in the current folder."""
    onnx.save(onnx.parser.parse_model(text), name)


def accept(*args: str) -> int:
    """Accept what is found."""
    return run(["baseline", *args, "--no-verify"])


def accepted(name: str = "strideinspect-baseline.json") -> list[tuple[str, str, str | None]]:
    """Model, rule and node of every entry of a file."""
    entries = json.loads(Path(name).read_text(encoding="utf-8"))["accepted"]
    return [(entry["model"], entry["rule"], entry["node"]) for entry in entries]


FIRST = ("net.onnx", "floor-truncation", "first")
UNSEEN = ("net.onnx", "unseen-input", None)


def test_red_green_red(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Accepting today's findings makes the job green; a new truncation, and that alone, makes it red again."""
    save(NET)
    file = ["--baseline", "strideinspect-baseline.json"]
    assert run(["net.onnx", *FAST]) == 1
    assert accept("net.onnx") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "strideinspect-baseline.json: 2 findings accepted"
    assert accepted() == [FIRST, UNSEEN]
    assert run(["net.onnx", *FAST, *file]) == 0
    assert capsys.readouterr() == ("", "")
    save(WORSE)
    assert run(["net.onnx", *FAST, *file]) == 1
    out = capsys.readouterr().out
    assert "MaxPool second" in out
    assert "MaxPool first" not in out
    assert {path.name for path in folder.iterdir()} == {"net.onnx", "strideinspect-baseline.json"}


@pytest.mark.usefixtures("folder")
def test_what_is_left_out_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A report tells in one line how much it leaves out, JSON tells what; --no-baseline leaves nothing out."""
    save(NET)
    accept("net.onnx", "--output", "known.json")
    Path("strideinspect.toml").write_text('baseline = "known.json"\nfail-on = "warning"\n')
    capsys.readouterr()
    assert run(["net.onnx", "--no-verify"]) == 0
    assert "2 findings accepted in known.json" in capsys.readouterr().out.splitlines()
    run(["net.onnx", "--no-verify", "--format", "json"])
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert model["findings"] == []
    places = [place for finding in model["accepted"]["findings"] for place in (finding, *finding["also"])]
    assert {place["rule"] for place in places} == {"floor-truncation", "unseen-input"}
    assert model["accepted"]["baseline"] == "known.json"
    assert run(["net.onnx", "--no-verify", "--no-baseline"]) == 1
    assert "accepted" not in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_stale_entries_are_told_and_pruned(capsys: pytest.CaptureFixture[str]) -> None:
    """What matches nothing any more is told in one line, does no harm, and is pruned; nothing new is accepted by it."""
    save(WORSE)
    accept("net.onnx")
    save(NET)
    save(NET, "other.onnx")
    capsys.readouterr()
    assert run(["net.onnx", *FAST, "--baseline", "strideinspect-baseline.json"]) == 0
    assert capsys.readouterr().err == (
        "strideinspect: strideinspect-baseline.json: 1 entry no longer matches a finding: floor-truncation at second "
        "of net.onnx; to remove it: strideinspect baseline MODEL... --prune\n"
    )
    assert accept("net.onnx", "other.onnx", "--prune") == 0
    assert capsys.readouterr().out == "strideinspect-baseline.json: 2 findings accepted, 1 removed\n"
    assert accepted() == [FIRST, UNSEEN]


@pytest.mark.usefixtures("folder")
def test_rules_without_a_say_are_not_stale(capsys: pytest.CaptureFixture[str]) -> None:
    """A run with fewer rules neither calls the entries of the others stale nor loses them."""
    save(NET)
    accept("net.onnx")
    before = Path("strideinspect-baseline.json").read_bytes()
    run(["net.onnx", *FAST, "--baseline", "strideinspect-baseline.json", "--select", "alignment"])
    assert capsys.readouterr().err == ""
    accept("net.onnx", "--select", "unseen-input")
    accept("net.onnx", "--select", "alignment", "--prune")
    assert Path("strideinspect-baseline.json").read_bytes() == before


@pytest.mark.usefixtures("folder")
def test_models_beside_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """A file holds many models; accepting one leaves the others alone, and a model that is gone goes with the next."""
    Path("exports").mkdir()
    for name in ("net.onnx", "exports/net.onnx"):
        save(NET, name)
    accept("exports", "net.onnx")
    one, other = [("exports/net.onnx", *entry[1:]) for entry in (FIRST, UNSEEN)], [FIRST, UNSEEN]
    assert accepted() == one + other
    save(CLEAN)
    accept("net.onnx")
    assert accepted() == one
    save(NET)
    accept("net.onnx")
    Path("exports/net.onnx").unlink()
    capsys.readouterr()
    assert run(["net.onnx", *FAST, "--baseline", "strideinspect-baseline.json"]) == 0
    assert (
        "2 entries no longer match a finding: floor-truncation at first of exports/net.onnx, "
        in capsys.readouterr().err
    )
    accept("net.onnx", "--prune")
    assert accepted() == other


@pytest.mark.usefixtures("folder")
def test_renamed_model() -> None:
    """Where the only model of a file is gone, the one that is there has its entries, soon under its own name."""
    save(NET)
    accept("net.onnx")
    Path("net.onnx").rename("net2.onnx")
    assert run(["net2.onnx", *FAST, "--baseline", "strideinspect-baseline.json"]) == 0
    accept("net2.onnx", "--prune")
    assert {model for model, _, _ in accepted()} == {"net2.onnx"}


@pytest.mark.usefixtures("folder")
def test_same_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    """Accepting the same findings again, from another folder, in another order or in processes, changes no byte."""
    for name in ("a.onnx", "b.onnx"):
        save(NET, name)
    accept("a.onnx", "b.onnx")
    before = Path("strideinspect-baseline.json").read_bytes()
    accept("b.onnx", "a.onnx", "--jobs", "2")
    assert "4 findings accepted, unchanged" in capsys.readouterr().out
    Path("elsewhere").mkdir()
    here = Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir("elsewhere")
        accept("../a.onnx", str(here / "b.onnx"), "--output", "../strideinspect-baseline.json")
    assert Path("strideinspect-baseline.json").read_bytes() == before


@pytest.mark.usefixtures("folder")
def test_only_what_is_grave_enough() -> None:
    """`--accept warning` leaves notes in the report, where they do no harm and go out of date the soonest."""
    save(NET.replace("image) =>", "image, float[1] spare) =>"))
    accept("net.onnx")
    assert accepted() == [FIRST, UNSEEN, ("net.onnx", "unused-input", None)]
    accept("net.onnx", "--accept", "warning")
    assert accepted() == [FIRST, UNSEEN]


@pytest.mark.usefixtures("folder")
def test_unreadable_model_keeps_its_entries() -> None:
    """A model that cannot be inspected costs status 2 and neither its own entries nor those of the others."""
    save(NET)
    save(NET, "other.onnx")
    accept("net.onnx", "other.onnx")
    before = Path("strideinspect-baseline.json").read_bytes()
    Path("net.onnx").write_bytes(b"not a model")
    assert accept("net.onnx", "other.onnx") == 2
    assert Path("strideinspect-baseline.json").read_bytes() == before


@pytest.mark.parametrize(("args", "message"), [
    (["a.onnx", "b.onnx", "--baseline", "broken.json"], "broken.json is not a baseline: not valid JSON"),
    (["a.onnx", "b.onnx", "--baseline", "missing.json"], "there is no baseline missing.json"),
    (["baseline", "a.onnx", "--output", "broken.json"], "broken.json is not a baseline: not valid JSON"),
    (["baseline", "a.onnx", "--prune"], "there is no baseline strideinspect-baseline.json"),
    (["baseline", "a.onnx", "--output", "./a.onnx"], "cannot write a.onnx: it is a model"),
    (["baseline", "a.onnx", "--output", "no/such.json"], "cannot write no/such.json: No such file or directory"),
    (["baseline", "typo.onnx"], "typo.onnx"),
    (["baseline"], "Missing argument 'MODEL'"),
    (["baseline", "a.onnx", "--select", "stride-gab"], "did you mean stride-gap?"),
])  # fmt: skip
@pytest.mark.usefixtures("folder")
def test_one_line_of_trouble(args: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be used is one line and status 2, however many models there are."""
    save(NET, "a.onnx")
    save(NET, "b.onnx")
    Path("broken.json").write_text("{")
    assert run([*args, "--no-verify"]) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert (out, err.count("\n")) == ("", 1)
    assert not Path("strideinspect-baseline.json").exists()
