"""Configuration files: found upwards from the model, read whole or refused by the key."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from strideinspect import Settings, settings_for
from strideinspect.errors import UsageError
from strideinspect.expectation import Expectation
from strideinspect.results.report import Severity
from strideinspect.settings import Budget

EVERYTHING = """
[tool.strideinspect]
select = ["coverage", "checkerboard"]
ignore = ["padding-truncation"]
fail-on = "warning"
input-shapes = {image = [1, 3, 320, 320]}
verify = "none"
verify-timeout = 10
erf = true
tensors = ["layer3*"]
expect = ["logits:size=427x213,stride=1/2"]
baseline = "accepted.json"

[tool.strideinspect.severity]
coverage = "error"
partial-window = "note"

[tool.strideinspect.budgets]
max-stride = 32
max-macs = 4e9
min-effective-radius = 40

[tool.strideinspect.budgets.outputs]
"P3*" = {max-stride = "1/2", min-receptive-field = 100, max-unseen = 0}

[tool.strideinspect.per-node-ignores]
"layer2.*" = ["stride-gap"]
"""


def write(file: Path, text: str) -> Path:
    """The file, with its folders."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_every_key(tmp_path: Path) -> None:
    """All that a project can say arrives typed; the path of the baseline is relative to the file."""
    write(tmp_path / "pyproject.toml", EVERYTHING)
    assert settings_for(tmp_path / "model.onnx") == Settings(
        select=("coverage", "checkerboard"),
        ignore=("padding-truncation",),
        severity={"coverage": Severity.ERROR, "partial-window": Severity.NOTE},
        fail_on=Severity.WARNING,
        input_shapes={"image": (1, 3, 320, 320)},
        verify="none",
        verify_timeout=10.0,
        erf=True,
        tensors=("layer3*",),
        expect=(
            Expectation(
                "logits:size=427x213,stride=1/2",
                "logits",
                (("size", (Fraction(427), Fraction(213))), ("stride", (Fraction(1, 2),))),
            ),
        ),
        budgets=(
            ("*", Budget(max_stride=Fraction(32), max_macs=4_000_000_000, min_effective_radius=40)),
            ("P3*", Budget(max_stride=Fraction(1, 2), min_receptive_field=100, max_unseen=0)),
        ),
        per_node_ignores=(("layer2.*", ("stride-gap",)),),
        baseline=tmp_path / "accepted.json",
    )


def test_budget_of_an_output(tmp_path: Path) -> None:
    """Of every kind of bound the last that names the output holds; a bound of 0 is one."""
    write(tmp_path / "pyproject.toml", EVERYTHING)
    settings = settings_for(tmp_path / "model.onnx")
    assert settings.budget("logits") == Budget(max_stride=Fraction(32), max_macs=4_000_000_000, min_effective_radius=40)
    assert settings.budget("P3_out") == Budget(Fraction(1, 2), 100, 0, 4_000_000_000, 40)


PLACES: dict[str, tuple[dict[str, str], str | None]] = {
    "none": ({"pyproject.toml": "[tool.other]\nstrideinspect = 1\n"}, None),
    "beside the model": ({"a/b/strideinspect.toml": 'ignore = ["field"]'}, "field"),
    "above": ({"pyproject.toml": '[tool.strideinspect]\nignore = ["field"]'}, "field"),
    "nearest": (
        {"a/strideinspect.toml": 'ignore = ["model"]', "pyproject.toml": '[tool.strideinspect]\nignore = ["field"]'},
        "model",
    ),
    "past a project without": (
        {"a/pyproject.toml": "[project]\n", "pyproject.toml": '[tool.strideinspect]\nignore = ["field"]'},
        "field",
    ),
    "own file first": (
        {"a/strideinspect.toml": 'ignore = ["model"]', "a/pyproject.toml": '[tool.strideinspect]\nignore = ["field"]'},
        "model",
    ),
}


@pytest.mark.parametrize(("files", "ignored"), PLACES.values(), ids=PLACES)
def test_where_it_is_found(files: dict[str, str], ignored: str | None, tmp_path: Path) -> None:
    """The nearest file upwards from the model that says anything of us."""
    for name, text in files.items():
        write(tmp_path / name, text)
    assert settings_for(tmp_path / "a/b/model.onnx").ignore == ((ignored,) if ignored else ())


def test_named_file(tmp_path: Path) -> None:
    """A file that is named is read in place of the one that would be found, whatever it is called."""
    write(tmp_path / "strideinspect.toml", 'ignore = ["field"]')
    named = write(tmp_path / "ci/strict.toml", 'fail-on = "note"')
    assert settings_for(tmp_path / "model.onnx", named) == Settings(fail_on=Severity.NOTE)


FILES = """
ignore = ["field"]
input-shapes = {a = [1], b = [2]}
fail-on = "never"
[[files]]
path = "det*.onnx"
ignore = ["model"]
input-shapes = {b = [3]}
[[files]]
path = ["exports/**/*.onnx", "other.onnx"]
fail-on = "note"
"""


@pytest.mark.parametrize(("model", "wanted"), [
    ("plain.onnx", Settings(ignore=("field",), input_shapes={"a": (1,), "b": (2,)}, fail_on=None)),
    ("det1.onnx", Settings(ignore=("field", "model"), input_shapes={"a": (1,), "b": (3,)}, fail_on=None)),
    ("exports/x.onnx", Settings(ignore=("field",), input_shapes={"a": (1,), "b": (2,)}, fail_on=Severity.NOTE)),
    ("exports/v2/det.onnx",
     Settings(ignore=("field", "model"), input_shapes={"a": (1,), "b": (3,)}, fail_on=Severity.NOTE)),
    ("old/exports/x.onnx", Settings(ignore=("field",), input_shapes={"a": (1,), "b": (2,)}, fail_on=None)),
])  # fmt: skip
def test_files_of_a_pattern(model: str, wanted: Settings, tmp_path: Path) -> None:
    """Tables that match add to lists and tables and replace the rest; a pattern with a slash starts at the file."""
    write(tmp_path / "strideinspect.toml", FILES)
    assert settings_for(tmp_path / model) == wanted


@pytest.mark.parametrize(("toml", "said", "help"), [
    ("fail_on = 'note'", "unknown key 'fail_on'", "did you mean fail-on?"),
    ("fail-on = 'warn'", "fail-on must be one of note, warning, error, never", ""),
    ("select = 'coverage'", "select must be a list of strings", ""),
    ("select = ['coverige']", "select: there is no rule or group 'coverige'", "did you mean coverage?"),
    ("severity = {floor-trunc = 'note'}", "severity: there is no rule or group 'floor-trunc'",
     "did you mean floor-truncation?"),
    ("severity = {stride-gap = 'off'}", "severity 'stride-gap' must be one of note, warning, error", ""),
    ("input-shapes = [1, -1]",
     "input-shapes must be a list of sizes, such as [1, 3, 224, 224], or a table of them by input", ""),
    ("verify = true", "verify must be one of none, run, full", ""),
    ("verify-timeout = 0", "verify-timeout must be a number of seconds above 0", ""),
    ("verify-timeout = true", "verify-timeout must be a number of seconds above 0", ""),
    ("budgets = {max-strides = 3}", "budgets: unknown key 'max-strides'", "did you mean max-stride?"),
    ("budgets = {max-stride = 0}", 'budgets: max-stride must be a number above 0, or a fraction such as "1/2"',
     ""),
    ("budgets = {max-unseen = 0.5}", "budgets: max-unseen must be a whole number, 0 or more", ""),
    ("erf = 1", "erf must be true or false", ""),
    ("budgets = {max-macs = inf}", "budgets: max-macs must be a whole number, 1 or more", ""),
    ("budgets = {outputs = {P3 = 3}}", "budgets 'P3' must be a table", ""),
    ("budgets = {outputs = {P3 = {max-macs = 0}}}", "budgets: P3: max-macs must be a whole number, 1 or more", ""),
    ("per-node-ignores = {layer1 = 'stride-gap'}", "per-node-ignores must be a list of strings", ""),
    ("expect = ['y:width=3']", "expect: expectation 'y:width=3': 'width' cannot be expected",
     "expect size, stride, first, last, center, shape"),
    ("[[files]]\nignore = []", "files, table 1: path must be a list of strings", 'write path = "exports/*.onnx"'),
    ("[[files]]\npath = 'never.onnx'\nignored = []", "files, table 1: unknown key 'ignored'",
     "did you mean ignore?"),
    ("files = 3", "files must be an array of tables", "write [[tool.strideinspect.files]]"),
])  # fmt: skip
def test_mistakes_name_their_key(
    toml: str, said: str, help: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong key or value is one error that names file and key, even where it is for other models."""
    write(tmp_path / "strideinspect.toml", toml)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as error:
        settings_for("model.onnx")
    message = error.value.message
    assert message.removeprefix("strideinspect.toml: ").removeprefix("strideinspect.toml, ") == said
    assert message.startswith("strideinspect.toml: ")
    assert error.value.help == help


@pytest.mark.parametrize(("content", "said"), [
    (b"ignore = [", "is not valid TOML"),
    (b"\xff\xfe", "is not valid TOML"),
])  # fmt: skip
def test_broken_file(content: bytes, said: str, tmp_path: Path) -> None:
    """A file that is not valid TOML is told of as such."""
    (tmp_path / "strideinspect.toml").write_bytes(content)
    with pytest.raises(UsageError, match=said):
        settings_for(tmp_path / "model.onnx")


def test_named_file_that_is_not_there(tmp_path: Path) -> None:
    """A configuration that was asked for and is missing is a mistake."""
    with pytest.raises(UsageError, match="cannot read"):
        settings_for(tmp_path / "model.onnx", tmp_path / "no.toml")
