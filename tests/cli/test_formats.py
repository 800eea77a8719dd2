"""Every format as the command writes it, in a repository that holds the model's source."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import onnx
import pytest

from strideinspect.cli import outputs
from strideinspect.cli.inspect import Format
from tests.cli.process import ROOT, strideinspect

FILES = {
    "text": "r.txt",
    "concise": "concise:r.list",
    "json": "r.json",
    "csv": "r.csv",
    "sarif": "r.sarif",
    "junit": "r.xml",
    "markdown": "r.md",
    "html": "r.html",
    "card": "card:card.md",
    "latex": "r.tex",
    "github": "github:annotations",
    "gitlab": "gitlab:quality.json",
}
TRACE = """File "/home/me/elsewhere/net/model.py", line 12, in forward
    x = F.max_pool2d(x, 3, 2)"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of a network's source and its export, made in another checkout; the pool drops row 9 of 10."""
    root = tmp_path / "mein repo é"
    for folder in (".git", "net", "exports/für alle"):
        (root / folder).mkdir(parents=True)
    (root / "net" / "model.py").write_text("")
    text = """<ir_version: 10, opset_import: ["": 20]>
    g (float[1,1,10,10] image) => (float[1,1,4,4] y) { y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (image) }
    """
    model = onnx.parser.parse_model(text)
    model.graph.node[0].metadata_props.add(key="pkg.torch.onnx.stack_trace", value=TRACE)
    onnx.save(model, root / "exports" / "für alle" / "net.onnx")
    return root


def written(root: Path, **environment: str) -> dict[str, bytes]:
    """What one run writes, from a folder inside the repository, in each format; a missing model among the results."""
    targets = [f"--output={file}" for file in FILES.values()]
    found = strideinspect(
        "für alle/net.onnx", "gone.onnx", *targets,
        cwd=root / "exports", env={"GITHUB_STEP_SUMMARY": "summary"} | environment,
    )  # fmt: skip
    assert (found.returncode, found.stderr) == (2, "strideinspect: there is no file gone.onnx; check the path\n")
    return {name: (root / "exports" / file.split(":")[-1]).read_bytes() for name, file in FILES.items()}


@pytest.mark.slow
def test_all_at_once_and_twice_the_same(repository: Path) -> None:
    """All formats in one run; a second run gives the same bytes, with another order of Python's sets and dicts.

    Each names the author's line in the repository, and the model as the repository has it.
    """
    first = written(repository)
    assert written(repository, PYTHONHASHSEED="1") == first
    text = {name: content.decode() for name, content in first.items()}
    assert "at net/model.py:12\n" in text["text"]
    assert "::warning file=net/model.py,line=12,title=unseen-input::" in text["github"]
    assert 'name="exports/für alle/net.onnx"' in text["junit"]
    assert "at net/model.py:12<br>" in text["markdown"]
    places = {(entry["check_name"], entry["location"]["path"]) for entry in json.loads(text["gitlab"])}
    assert places == {
        ("unseen-input", "net/model.py"), ("not-inspected", "exports/gone.onnx"),
    }  # fmt: skip
    (unseen,) = json.loads(text["sarif"])["runs"][0]["results"]
    uris = [place["physicalLocation"]["artifactLocation"]["uri"] for place in unseen["locations"]]
    assert uris == ["net/model.py", "exports/f%C3%BCr%20alle/net.onnx"]
    # Each of the two runs has added itself to the job's summary.
    summary = (repository / "exports" / "summary").read_text(encoding="utf-8")
    assert summary == 2 * f"{text['markdown']}\n"


def test_text_through_a_pipe_tells_no_time(repository: Path) -> None:
    """Who compares two runs wants to see no difference: only at a terminal a report says how long running took."""
    told = strideinspect("für alle/net.onnx", cwd=repository / "exports").stdout
    assert "agreed with onnxruntime" in told
    assert not re.search(r"\d s\)", told)


def test_no_summary_for_other_formats(repository: Path) -> None:
    """Only a run that annotates for GitHub writes into the job's summary."""
    model = str(repository / "exports" / "für alle" / "net.onnx")
    strideinspect(model, "--no-verify", cwd=repository, env={"GITHUB_STEP_SUMMARY": "summary"})
    assert not (repository / "summary").exists()


def test_a_summary_that_cannot_be_written(repository: Path) -> None:
    """A summary that cannot be written is told, and the status says that not all was done."""
    model = str(repository / "exports" / "für alle" / "net.onnx")
    env = {"GITHUB_STEP_SUMMARY": str(repository)}
    found = strideinspect(model, "--no-verify", "--format", "github", cwd=repository, env=env)
    assert found.returncode == 2
    assert found.stderr.startswith("strideinspect: cannot write the job's summary")


def test_findings_stand_on_the_lines_of_a_real_export(tmp_path: Path) -> None:
    """Each finding of PyTorch's export of AlexNet's stem stands on the very line that calls the layer it is about."""
    report = tmp_path / "report.sarif"
    found = strideinspect(
        "sample_models/alexnet-stem-dynamo.onnx", "--no-verify", f"--output={report}", "--fail-on=warning", cwd=ROOT
    )
    assert found.returncode == 1

    def line(place: dict[str, Any]) -> str:
        text = (ROOT / place["artifactLocation"]["uri"]).read_text(encoding="utf-8")
        return str(text.splitlines()[place["region"]["startLine"] - 1]).strip()

    lines: dict[str, set[str]] = {}
    further: set[str] = set()
    for result in json.loads(report.read_text(encoding="utf-8"))["runs"][0]["results"]:
        source, model = result["locations"]
        layer = model["logicalLocations"][0]["fullyQualifiedName"]
        lines.setdefault(layer, set()).add(line(source["physicalLocation"]))
        further.update(line(place["physicalLocation"]) for place in result.get("relatedLocations", ()))
    first, pool = "stem = torch.relu(self.conv1(image))", "stem = self.pool1(stem)"
    assert lines == {"conv1": {first}, "pool2": {"return self.pool2(stem)"}}
    # What conv1 and pool1 drop is what the image loses: the places stand inside that finding.
    assert further == {first, pool}


def test_every_format_is_an_option() -> None:
    """What --output takes --format takes, and the other way round; and every format is tried here."""
    assert set(outputs.FORMATS) == set(Format) == set(FILES)
