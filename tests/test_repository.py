"""Names of files as the repository has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from strideinspect.repository import Repository, root


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two source files and a model, outside any GitHub job."""
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    folder = tmp_path.resolve() / "work" / "nets"
    for name in (".git/HEAD", "net/model.py", "net/sub/blocks.py", "train.py", "exports/net.onnx"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


def test_root_is_the_nearest_folder_with_git(checkout: Path) -> None:
    """From anywhere inside, the root is where `.git` is: a folder, or a file in a worktree or submodule."""
    assert root(checkout / "net" / "sub") == checkout
    (checkout / "net" / ".git").write_text("gitdir: elsewhere")
    assert root(checkout / "net" / "sub") == checkout / "net"


def test_root_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git it is the workspace of the GitHub job around it, if there is one, and else the place itself."""
    folder = tmp_path.resolve() / "job" / "sub"
    folder.mkdir(parents=True)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    assert root(folder) == folder
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder.parent))
    assert root(folder) == folder.parent
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder / "elsewhere"))
    assert root(folder) == folder


@pytest.mark.parametrize(("named", "found"), [
    ("HERE/net/model.py", "net/model.py"),
    ("HERE/net/../train.py", "train.py"),
    # Made on another machine: in a container, on Windows, in another checkout.
    ("/app/src/nets/net/sub/blocks.py", "net/sub/blocks.py"),
    ("C:\\Users\\me\\nets\\net\\model.py", "net/model.py"),
    ("/home/me/other/train.py", "train.py"),
    # Not of this repository, not a file, no path at all.
    ("/home/me/other/model.py", None),
    ("HERE/net/gone.py", None),
    ("HERE/net", None),
    ("/elsewhere/../train.py", None),
    ("<string>", None),
    ("", None),
    ("net/\0model.py", None),
    ("/a/" + "long" * 5000, None),
])  # fmt: skip
def test_source_files(checkout: Path, named: str, found: str | None) -> None:
    """A source file is called as in the repository, by its longest ending that is there; or it is not named at all."""
    assert Repository(checkout).relative(named.replace("HERE", str(checkout))) == found


def test_models(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model keeps its place in the repository wherever the command runs; one from elsewhere has its whole path."""
    monkeypatch.chdir(checkout / "exports")
    repository = Repository(checkout)
    assert repository.model("net.onnx") == "exports/net.onnx"
    assert repository.model("../exports/./net.onnx") == "exports/net.onnx"
    assert repository.model("../../net.onnx") == (checkout.parent / "net.onnx").as_posix()
    assert repository.model("/models/net.onnx") == "/models/net.onnx"


def test_links(checkout: Path, tmp_path: Path) -> None:
    """A model that is a link to a store is where the link is; a way into the repository over a link leads there."""
    (checkout / "exports" / "large.onnx").symlink_to(tmp_path / "store")
    (tmp_path / "way").symlink_to(checkout)
    repository = Repository(checkout)
    assert repository.model(str(checkout / "exports" / "large.onnx")) == "exports/large.onnx"
    assert repository.model(str(tmp_path / "way" / "exports" / "net.onnx")) == "exports/net.onnx"
