"""Files that are written whole or not at all, and formats by name."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest

from strideinspect.cli import console, options, outputs
from strideinspect.errors import UsageError


@pytest.mark.parametrize(("text", "format", "path"), [
    ("report.json", "json", "report.json"), ("REPORT.JSON", "json", "REPORT.JSON"), ("a/b.csv", "csv", "a/b.csv"),
    ("notes.txt", "text", "notes.txt"), ("json:report.out", "json", "report.out"), ("csv:x.json", "csv", "x.json"),
    ("C:report.json", "json", "C:report.json"), ("./odd:name.json", "json", "odd:name.json"),
    ("r.sarif", "sarif", "r.sarif"), ("r.sarif.json", "sarif", "r.sarif.json"), ("r.xml", "junit", "r.xml"),
    ("r.md", "markdown", "r.md"), ("gitlab:quality.json", "gitlab", "quality.json"), ("github:log", "github", "log"),
])  # fmt: skip
def test_target(text: str, format: str, path: str) -> None:
    """The suffix tells the format, or a format in front of a colon; a drive letter is no format."""
    assert outputs.target(text) == outputs.Target(format, Path(path))


@pytest.mark.parametrize(("texts", "shapes"), [
    (["x=1,3,224,224"], {"x": (1, 3, 224, 224)}),
    (["1,3,224,224"], {"": (1, 3, 224, 224)}),
    (["a=b:0=1, 2"], {"a=b:0": (1, 2)}),
    (["x=7", "y=8"], {"x": (7,), "y": (8,)}),
])  # fmt: skip
def test_input_shapes(texts: list[str], shapes: dict[str, tuple[int, ...]]) -> None:
    """The last equals sign ends the name; names may hold others."""
    assert options.input_shapes(texts) == shapes


def test_names() -> None:
    """Rules may be separated by commas, by repetition, or both."""
    assert options.names(["a,b", " c ,", ""]) == ("a", "b", "c")


def test_write_replaces_and_keeps_the_mode(tmp_path: Path) -> None:
    """A file that is there is replaced and keeps its permissions; nothing else is left in the folder."""
    file = tmp_path / "report.json"
    file.write_text("old")
    file.chmod(0o640)
    outputs.write(file, "new ×\n")
    assert file.read_bytes() == "new ×\n".encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_new_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    """A new report is as readable as a file that the shell would make."""
    plain, report = tmp_path / "plain", tmp_path / "report"
    plain.write_text("")
    outputs.write(report, "")
    assert report.stat().st_mode == plain.stat().st_mode


def test_write_follows_a_link(tmp_path: Path) -> None:
    """A link stays a link; the file that it names is replaced."""
    file, link = tmp_path / "file.json", tmp_path / "link.json"
    file.write_text("old")
    link.symlink_to(file)
    outputs.write(link, "new")
    assert (link.is_symlink(), file.read_text()) == (True, "new")


def test_write_to_a_pipe_keeps_it(tmp_path: Path) -> None:
    """A pipe or device is written to, never replaced by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    outputs.write(pipe, "through")
    assert os.read(reader, 100) == b"through"
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    os.close(reader)


@pytest.mark.parametrize("place", ["missing/report.json", "."])
def test_write_where_it_cannot(tmp_path: Path, place: str) -> None:
    """A missing folder, or a folder in the file's place, is told with the file's name; nothing is left behind."""
    with pytest.raises(UsageError, match="cannot write"):
        outputs.write(tmp_path / place, "text")
    assert list(tmp_path.iterdir()) == []


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fills up midway, the old report is still there, whole."""
    file = tmp_path / "report.json"
    file.write_text("old")

    def full(_file: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError, match="No space left on device"):
        outputs.write(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(("encoding", "written"), [
    ("utf-8", "7×7 ─ ▸ · – … ¹ 畳"), ("latin-1", "7x7 - > - - ... [1] ?"), ("ascii", "7x7 - > - - ... [1] ?"),
])  # fmt: skip
def test_stream_that_cannot_take_our_signs(encoding: str, written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream without our signs gets plain ones, and a question mark for other writing; it never fails."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr("sys.stdout", stream)
    console.write("7×7 ─ ▸ · – … ¹ 畳")
    assert stream.buffer.getvalue().decode(encoding) == written
