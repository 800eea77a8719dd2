"""Two versions side by side: what is told of each layer, and what may stand in the page."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from html import unescape
from pathlib import Path

import pytest

from strideinspect import StrideinspectError, diff, whatif
from tests.cli.process import SAMPLES, strideinspect

TORCH, KERAS = (str(SAMPLES / f"resnet50-{name}.onnx") for name in ("torchscript", "keras"))
DENSER = ("--set", "layer4.0.conv1:stride=1", "--set", "layer4.0.downsample*:stride=1")


@cache
def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of a command that writes a page."""
    return strideinspect(*arguments, "--format", "html")


def page_of(*arguments: str) -> str:
    """The page that a command writes."""
    assert ran(*arguments).stderr == ""
    return ran(*arguments).stdout


def rows_of(page: str) -> list[list[str]]:
    """The cells of the table of layers, as text: `2 ▸ 1` where a number is not the same in both."""
    body = page[page.index('<table class="layers">') :].partition("<tbody>")[2].partition("</tbody>")[0]
    found = []
    for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL):
        cells = [re.sub(r'<span class="unseen-text">.*?</span>|<[^>]*>', "", cell) for cell in cells_of(row)]
        found.append([" ".join(cell.split()) for cell in cells])
    return found


def cells_of(row: str) -> list[str]:
    """The cells of a row, as markup."""
    return re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)


@pytest.mark.slow
def test_layers_of_a_diff() -> None:
    """In Keras the stride of a block is in its first convolution: six layers differ, and those behind see more."""
    rows = rows_of(page_of("diff", TORCH, KERAS))
    differing = [(row[1], row[5]) for row in rows if row[0] == "≠ differs"]
    expected = [(f"layer{stage}.0.conv{n}", text) for stage in (2, 3, 4) for n, text in ((1, "1 ▸ 2"), (2, "2 ▸ 1"))]
    assert differing == expected
    assert rows[-1][:2] == ["↳ follows", "layer4.2.conv3"]
    assert rows[-1][-2:] == ["427 ▸ 483", "32"]
    assert rows[0][:3] == ["= same", "conv1", "resnet50_1/conv1_bn_1/batchnorm"]
    assert len(rows) == 53 + 1  # ResNet-50 has 53 convolutions and a pooling; the global one has no window to compare


def test_layers_of_a_whatif() -> None:
    """Behind a stride of 1 in place of 2 the maps are twice as large, and each cell steps over 16 pixels."""
    rows = rows_of(page_of("whatif", str(SAMPLES / "resnet18-torchscript.onnx"), *DENSER))
    assert [row[1] for row in rows if row[0] == "≠ differs"] == ["layer4.0.conv1", "layer4.0.downsample.0"]
    last = next(row for row in rows if row[1] == "layer4.1.conv2")
    assert last == ["↳ follows", "layer4.1.conv2", "Conv", "3×3", "1", "1", "1", "7×7 ▸ 14×14", "435 ▸ 339", "32 ▸ 16"]


def test_layers_of_one_version_alone() -> None:
    """ResNet-50's blocks have a convolution more than those of ResNet-18: it has no counterpart."""
    rows = rows_of(page_of("diff", str(SAMPLES / "resnet18-torchscript.onnx"), TORCH))
    assert ["+ only second", "–", "layer1.0.conv3"] in [row[:3] for row in rows]
    assert [row[1] for row in rows if row[1] != "–"][:3] == ["conv1", "maxpool", "layer1.0.conv1"]
    # 17 convolutions, 3 on shortcuts and a pooling there; 49, 4 and a pooling here: each in exactly one row.
    assert sum(row[1] != "–" for row in rows) == 21
    assert sum(row[2] != "–" for row in rows) == 54


def test_nothing_is_loaded() -> None:
    """The same policy as of a report, and no address but of places in the page."""
    page = unescape(page_of("whatif", str(SAMPLES / "resnet18-torchscript.onnx"), *DENSER))
    assert "default-src 'none'; style-src 'sha256-" in page
    assert {link for link in re.findall(r'(?:href|src)="([^"]*)"', page) if not link.startswith("#")} == set()


def test_exit_status() -> None:
    """That of the other formats: 1 where two models differ."""
    done = ran("diff", TORCH, KERAS)
    assert done.returncode == 1
    assert done.stdout.startswith("<!DOCTYPE html>")
    assert done.stderr == ""


@pytest.mark.parametrize("command", [("where", "--at", "0,0"), ("sizes",)])
def test_commands_without_a_page(command: tuple[str, ...], tmp_path: Path) -> None:
    """Answers that are no comparison have no page, and say which formats there are."""
    name, *options = command
    done = strideinspect(name, TORCH, *options, "--format", "html", cwd=tmp_path)
    assert done.returncode == 2
    assert "markdown" in done.stderr


@pytest.mark.slow
def test_a_result_gives_the_page_that_the_command_prints(tmp_path: Path) -> None:
    """In Python the page has the same bytes, at the sizes and with the changes that were asked for."""
    path = shutil.copy(SAMPLES / "alexnet-stem-torchscript.onnx", tmp_path / "model.onnx")
    found = whatif(path, ["*:stride=1"], input_shapes="1,3,128,128")
    shape = ("--input-shape", "1,3,128,128")
    assert found.to_html() == page_of("whatif", str(path), "--set", "*:stride=1", *shape).rstrip("\n")
    compared = diff(path, path, input_shapes="1,3,128,128")
    assert compared.to_html() == page_of("diff", str(path), str(path), *shape).rstrip("\n")
    assert "128×128" in compared.to_html()


@pytest.mark.slow
def test_a_result_whose_file_is_another_one_now(tmp_path: Path) -> None:
    """The page is refused, since it would show boxes of another model; a notebook shows why."""
    path = shutil.copy(SAMPLES / "resnet18-torchscript.onnx", tmp_path / "model.onnx")
    found, compared = whatif(path, DENSER[1::2]), diff(path, path)
    assert "<iframe" in found._repr_html_()  # what notebooks call
    shutil.copy(SAMPLES / "alexnet-stem-torchscript.onnx", path)
    for result in (found, compared):
        with pytest.raises(StrideinspectError):
            result.to_html()
        assert result._repr_html_().startswith("<p>")  # what notebooks call
    Path(path).unlink()
    assert "there is no file" in compared._repr_html_()  # what notebooks call
