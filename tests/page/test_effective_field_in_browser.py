"""What outputs really see, in a browser: pictures are shown, nothing overflows, keyboard, print, screen readers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from strideinspect import Report, Settings, inspect, report_page
from tests.oracle_models import model_of
from tests.page.pages import HOSTILE, hostile_model, page_of
from tests.page.test_in_browser import LOOKS, faults, one, opened, text

pytestmark = pytest.mark.slow

SETTINGS = Settings(verify="none", erf=True)
BODY = "a = Conv <pads = [2, 2, 2, 2]> (x, w) b = Tanh (a) m = Conv <pads = [2, 2, 2, 2], strides = [2, 2]> (b, v)"
SIGNAL = "y = Conv <dilations = [4], pads = [8, 0]> (x, w)"


@cache
def reports(folder: Path) -> tuple[Report, Report]:
    """An image of which the field is nearly all, and a signal of which it is a small part."""
    random = np.random.default_rng(3)
    weights = {
        "w": random.standard_normal((4, 3, 5, 5)).astype(np.float32),
        "v": random.standard_normal((4, 4, 5, 5)).astype(np.float32),
    }
    models = {
        "image": model_of(f"{BODY} y = Add (m, m)", {"x": (1, 3, 10, 12)}, opset=18, constants=weights),
        "signal": model_of(SIGNAL, {"x": (1, 1, 900)}, opset=18, constants={"w": np.ones((1, 1, 3), np.float32)}),
    }
    for name, model in models.items():
        onnx.save(model, folder / f"{name}.onnx")
    image, signal = (inspect(folder / f"{name}.onnx", settings=SETTINGS) for name in models)
    return image, signal


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of both, with a photo where Pillow is installed."""
    folder = tmp_path_factory.mktemp("page")
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    photo = folder / "photo.png"
    image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)).save(photo)
    found = reports(folder)
    origins = [report_page.ReportOrigin(report.path, SETTINGS, photo) for report in found]
    file = folder / "report.html"
    file.write_text(report_page.html(found, origins), encoding="utf-8")
    return file


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_pictures_are_shown(width: int, scheme: str, page: Path, browser: Any) -> None:
    """The policy of the page lets them in; nothing scrolls sideways and nothing is logged."""
    opened(browser, page, width, scheme)
    run = browser.execute_script
    assert run("return document.querySelector('.scale').naturalWidth") > 0
    for selector in ("#m1 .erf image.heat", "#m1 .erf use", "#m1 .erf .theory", "#m1 .erf .exact", "#m1 .erf .w90"):
        box = run("return arguments[0].getBoundingClientRect().width", one(browser, selector))
        assert 40 < box < width, selector
    assert run("return document.documentElement.scrollWidth") <= width
    browser.get(f"{page.as_uri()}#m2")
    assert run("return arguments[0].getBoundingClientRect().width", one(browser, "#m2 .erf .mass")) > 200
    assert run("return document.documentElement.scrollWidth") <= width
    assert browser.get_log("browser") == []


def test_by_keyboard(page: Path, browser: Any) -> None:
    """The link beside the heading of a layer's own output chooses that layer."""
    from selenium.webdriver import Keys

    opened(browser, page)
    browser.get(f"{page.as_uri()}#m2")
    one(browser, "#m2 .effective .show").send_keys(Keys.ENTER)
    assert text(browser, "#m2 .says").startswith("Index 450")


def test_for_screen_readers(page: Path, axe: str, browser: Any) -> None:
    """Drawings have a text with the numbers, and axe-core finds no fault."""
    opened(browser, page)
    label = one(browser, "#m1 .effective svg.erf[role=img]").get_attribute("aria-label")
    assert "theoretical field 9×9" in label  # 5 + 4 · 1: the stride comes last
    assert "90 % of the mass within" in label
    for width, scheme in LOOKS:
        opened(browser, page, width, scheme)
        assert faults(browser, axe) == []


def test_on_paper(page: Path, browser: Any) -> None:
    """The drawing, its legend and the table are printed, the link is not."""
    opened(browser, page)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        for selector in ("#m1 .erf image.heat", "#m1 .lines li", "#m1 .effective td", "#m2 .erf .mass"):
            assert one(browser, selector).is_displayed(), selector
        assert not one(browser, "#m2 .effective .show").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_hostile_names_stay_text(browser: Any, tmp_path: Path) -> None:
    """Names that would be markup are shown in the heading, the drawing's text and the caption."""
    onnx.save(hostile_model(), tmp_path / "model.onnx")
    opened(browser, page_of(tmp_path, inspect(tmp_path / "model.onnx", settings=SETTINGS)))
    assert "taken" not in browser.title
    assert HOSTILE in text(browser, ".effective h3")
    assert HOSTILE in text(browser, ".effective figcaption")
    assert HOSTILE in one(browser, ".effective svg.erf[role=img]").get_attribute("aria-label")
    assert browser.find_elements("css selector", "img:not(.scale), script[src], iframe, object") == []
    assert browser.get_log("browser") == []
