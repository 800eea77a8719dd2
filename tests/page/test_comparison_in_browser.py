"""Two versions side by side in a browser: nothing goes wrong, controls work, boxes are those of `where`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest

from strideinspect import where
from tests.cli.process import SAMPLES
from tests.page.pages import HOSTILE, hostile_model
from tests.page.test_comparison import DENSER, KERAS, TORCH, page_of
from tests.page.test_in_browser import LOOKS, faults, one, opened, side, text

pytestmark = pytest.mark.slow

RESNET18 = str(SAMPLES / "resnet18-torchscript.onnx")
COMMANDS = {"diff": ("diff", TORCH, KERAS), "whatif": ("whatif", RESNET18, *DENSER)}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page per command."""
    folder = tmp_path_factory.mktemp("pages")
    for name, command in COMMANDS.items():
        (folder / f"{name}.html").write_text(page_of(*command), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in COMMANDS}


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def shown(request: pytest.FixtureRequest, browser: Any, pages: dict[str, Path]) -> Iterator[Any]:
    """The page of the whatif at each width; nothing is logged and nothing overflows."""
    width, scheme = request.param
    opened(browser, pages["whatif"], width, scheme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    yield browser
    assert browser.get_log("browser") == []


def test_controls(shown: Any) -> None:
    """Buttons and rows choose a layer in both versions; an index moves along in the other; rows are filtered."""
    from selenium.webdriver import Keys

    assert text(shown, "#m1 .title") == text(shown, "#m2 .title") == "layer4.1.conv2"
    assert "Index 3, 3" in text(shown, "#m1 .says")
    assert "Index 7, 7" in text(shown, "#m2 .says")
    one(shown, "#m1 .sliders input").send_keys(Keys.HOME)
    assert "Index 0, 3" in text(shown, "#m1 .says")
    assert "Index 1, 7" in text(shown, "#m2 .says")  # of 14 rows, the middle of the first of 7 is in row 1

    one(shown, ".back").click()
    assert text(shown, "#m1 .title") == text(shown, "#m2 .title") == "layer4.1.conv1"
    one(shown, ".on").send_keys(Keys.ENTER)
    assert text(shown, "#m2 .title") == "layer4.1.conv2"
    one(shown, ".filter").send_keys("differs")
    assert text(shown, ".count") == "2 of 22 layers"
    one(shown, ".layers tbody tr:not([hidden]) a").click()
    assert text(shown, "#m2 .title") == "layer4.0.conv1"
    assert shown.execute_script("return location.hash") == "#m1-n16"  # a pooling and 15 convolutions before it


@pytest.mark.parametrize("name", COMMANDS)
def test_boxes(name: str, browser: Any, pages: dict[str, Path]) -> None:
    """The boxes of the middle index of the last map, in both versions, are those of `where`."""
    opened(browser, pages[name])
    files = {"diff": (TORCH, KERAS), "whatif": (RESNET18, None)}[name]
    for key, file in zip(("m1", "m2"), files, strict=True):
        if file is None:
            continue
        label = browser.execute_script("return document.querySelector(arguments[0]).textContent", f"#{key} .name")
        (box,) = where(file, at=f"{label}:3,3").boxes
        number = int(
            browser.execute_script(
                "return document.querySelector(arguments[0]).id.split('-n')[1]", f".layers tr.selected a[id^={key}]"
            )
        )
        drawn = browser.execute_script("return strideinspect.box(...arguments)", key, number, 0, [3, 3])
        assert [{k: v for k, v in found.items() if k != "axis"} for found in drawn] == [*map(side, box.axes)]


@pytest.mark.parametrize(("name", "width", "scheme"), [
    ("diff", 1280, "light"), ("whatif", 1280, "dark"), ("whatif", 390, "light"), ("diff", 390, "dark"),
])  # fmt: skip
def test_rules_of_accessibility(
    name: str, width: int, scheme: str, axe: str, browser: Any, pages: dict[str, Path]
) -> None:
    """axe-core finds no fault, and nothing is wider than the window."""
    opened(browser, pages[name], width, scheme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert faults(browser, axe) == []


def test_a_change_that_breaks_the_model(browser: Any, tmp_path: Path) -> None:
    """A layer behind the break has no box after it, and the page says why."""
    page = tmp_path / "broken.html"
    page.write_text(page_of("whatif", RESNET18, "--set", "layer4.0.conv1:stride=1"), encoding="utf-8")
    opened(browser, page)
    assert "does not run any more" in text(browser, ".comparison")
    browser.execute_script("location.hash = '#m1-n20'")
    assert text(browser, "#m1 .title") == "layer4.1.conv2"
    assert "The size of its map is not known" in text(browser, "#m2 .note")
    assert browser.get_log("browser") == []


def test_hostile_names_stay_text(browser: Any, tmp_path: Path) -> None:
    """A model whose every name would be markup shows the names, and loads and runs nothing."""
    file, page = tmp_path / "model.onnx", tmp_path / "page.html"
    onnx.save(hostile_model(), file)
    page.write_text(page_of("whatif", str(file), "--set", "*:stride=1"), encoding="utf-8")
    opened(browser, page)
    assert "taken" not in browser.title
    assert browser.find_elements("css selector", "img, script[src], iframe, object") == []
    assert HOSTILE in text(browser, "#outputs")
    assert HOSTILE in text(browser, "#m2 .name")
    assert browser.get_log("browser") == []
