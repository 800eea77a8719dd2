"""Which files a path denotes: folders as people have them, with what they would not want inspected."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from strideinspect import UsageError
from strideinspect.model_files import Exclude, models_of

GIT = shutil.which("git") or "git"


def made(root: Path, *files: str, **texts: str) -> None:
    """Empty files below a folder, and files with text; two underscores stand for a slash."""
    for name, text in [*((file, "") for file in files), *((n.replace("__", "/"), t) for n, t in texts.items())]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def below(*paths: str, exclude: tuple[str, ...] = ()) -> list[str]:
    """The models that paths denote; a problem stands as its message."""
    found = models_of(paths, lambda _: (Exclude(Path.cwd(), exclude),))
    return [path if problem is None else f"! {problem}" for path, problem in found.items()]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_nobody_means_is_left_out(here: Path) -> None:
    """Packages ship models; those of an environment, whatever its name, and hidden ones are not the project's."""
    made(here, "a.onnx", "venv/lib/b.onnx", ".venv/c.onnx", "node_modules/d.onnx", ".cache/e.onnx", "env/lib/f.onnx")
    made(here, "env/pyvenv.cfg")
    assert below(".") == ["a.onnx"]


def test_what_is_named_is_inspected(here: Path) -> None:
    """Whoever names a folder or a file that would be left out means it."""
    made(here, ".cache/e.onnx", ".cache/deep/f.onnx")
    assert below(".cache") == [".cache/deep/f.onnx", ".cache/e.onnx"]
    assert below(".cache/e.onnx") == [".cache/e.onnx"]


IGNORED = ["build/", "*.int8.onnx", "/only_here.onnx", "logs/*.onnx", "!logs/keep.onnx"]


def test_what_git_ignores_is_left_out(here: Path) -> None:
    """The same files as git itself lists, with a second .gitignore further down that takes one in again."""
    names = ["build/a.onnx", "b.int8.onnx", "only_here.onnx", "deep/only_here.onnx", "logs/x.onnx", "logs/keep.onnx"]
    names += ["deep/build/c.onnx", "deep/kept.int8.onnx", "deep/other.int8.onnx", "plain.onnx"]
    made(here, *names)
    (here / ".gitignore").write_text("\n".join(IGNORED))
    (here / "deep/.gitignore").write_text("!kept.int8.onnx\n")
    subprocess.run([GIT, "init", "-q", "."], check=True)
    listed = subprocess.run(
        [GIT, "-c", "core.excludesFile=", "ls-files", "-o", "--exclude-standard", "*.onnx"],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert below(".") == sorted(listed)
    assert "deep/kept.int8.onnx" in listed
    # From a folder below, the rules above it hold as well.
    assert below("deep") == ["deep/kept.int8.onnx", "deep/only_here.onnx"]


def test_ignored_folder_that_is_named(here: Path) -> None:
    """Exports are often ignored by git; who names the folder means the models in it."""
    made(here, ".git/HEAD", "build/a.onnx", "build/deep/b.onnx")
    (here / ".gitignore").write_text("build/\n")
    assert below("build") == ["build/a.onnx", "build/deep/b.onnx"]
    assert below("build/deep") == ["build/deep/b.onnx"]


def test_no_repository_no_rules(here: Path) -> None:
    """A .gitignore outside a repository is a text file."""
    made(here, "a.onnx")
    (here / ".gitignore").write_text("*.onnx\n")
    assert below(".") == ["a.onnx"]


def test_exclude_is_written_as_in_a_gitignore(here: Path) -> None:
    """A pattern with a slash is relative to its folder, one without matches anywhere."""
    made(here, "a.onnx", "old/b.onnx", "deep/old/c.onnx", "deep/d.int8.onnx")
    assert below(".", exclude=("/old/",)) == ["a.onnx", "deep/d.int8.onnx", "deep/old/c.onnx"]
    assert below(".", exclude=("old/", "*.int8.*")) == ["a.onnx"]
    assert below("deep", exclude=("deep/old",)) == ["deep/d.int8.onnx"]
    assert below("old/b.onnx", exclude=("old/",)) == ["old/b.onnx"]


def test_links_that_lead_in_circles(here: Path) -> None:
    """A model is found once, through links too, and the search ends."""
    made(here, "a/b/model.onnx")
    (here / "a/b/up").symlink_to(here / "a")
    (here / "a/again").symlink_to(here / "a")
    (here / "a/gone.onnx").symlink_to(here / "nothing")
    assert below("a") == ["a/b/model.onnx"]
    assert below("a/**/*.onnx") == ["a/b/model.onnx"]


def test_folder_without_models_says_so(here: Path) -> None:
    """The message says what was left out, and how to have it."""
    made(here, "empty/notes.txt", ".git/HEAD", "exports/a.onnx", "exports/.hidden/b.onnx")
    (here / ".gitignore").write_text("*.onnx\n")
    nothing = "no .onnx file in this folder or below"
    assert below("empty") == [f"! empty: {nothing}; export a model into it, or name another folder"]
    left_out = "left out: exports/.hidden (hidden) and exports/a.onnx (git ignores it)"
    remedy = "to inspect what was left out, name it, or write 'exports/**/*.onnx'"
    assert below("exports") == [f"! exports: {nothing}; {left_out}; {remedy}"]
    assert below("exports/**/*.onnx") == ["exports/a.onnx"]


def test_glob_that_matches_nothing_says_so(here: Path) -> None:
    """The other paths are inspected all the same."""
    made(here, "a.onnx")
    assert below("b*.onnx", "a.onnx") == [
        "! b*.onnx: no file matches; correct the pattern, or name a file or a folder",
        "a.onnx",
    ]


MLMODEL = """flavors:
  onnx:
    onnx_version: 1.22.0
    data: {data}
  python_function:
    loader_module: mlflow.onnx
"""


def test_mlflow_model(here: Path) -> None:
    """The folder stands for the file that its MLmodel names, whatever its suffix, as does the MLmodel itself."""
    made(here, "run/model.bin", run__MLmodel=MLMODEL.format(data="model.bin"))
    assert below("run") == below("run/MLmodel") == below(".") == ["run/model.bin"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flavors:\n  sklearn: {}\n  python_function: {}\n", "no ONNX flavor, but python_function and sklearn"),
        (MLMODEL.format(data="../secret.onnx"), "names a model outside its folder: ../secret.onnx"),
        ("a: [", "cannot be read: it is not YAML"),
        ("- 1\n", "no ONNX flavor"),
    ],
)
def test_mlflow_model_without_one(text: str, message: str, here: Path) -> None:
    """What is wrong with the MLmodel is said."""
    made(here, run__MLmodel=text)
    (problem,) = below("run")
    assert problem.startswith("! run/MLmodel: ")
    assert message in problem


def test_not_a_path() -> None:
    """A number is no path."""
    with pytest.raises(UsageError, match="must be a path"):
        models_of([3])  # type: ignore[list-item]
