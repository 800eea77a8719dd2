"""The page in a browser: nothing goes wrong, every control works, boxes are those of `where`, and names stay text."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest

from strideinspect import Report, inspect, where
from strideinspect.results.boxes import BoxAxis
from tests.page.pages import HOSTILE, hostile_model, page_of, sample

pytestmark = pytest.mark.slow

LOOKS = [(1280, "light"), (390, "dark")]
"""Each width and each scheme once: colours move nothing, and a width has no colours."""
MODELS = (
    "alexnet-stem-dynamo", "dilated-keras", "wavenet-keras", "resnet3d-dynamo", "unet-dynamo", "siamese-dynamo",
    "dcgan-generator-dynamo", "crnn-dynamo",
)  # fmt: skip
"""One, two and three axes, two inputs, holes, padding and upsampling."""


def opened(browser: Any, page: Path, width: int = 1280, scheme: str = "light") -> None:
    """Open a page at a width in CSS pixels; what was logged before is forgotten."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get_log("browser")
    browser.get("about:blank")
    browser.get(page.as_uri())


def one(browser: Any, selector: str) -> Any:
    """The first element that a CSS selector finds."""
    return browser.find_element("css selector", selector)


def faults(browser: Any, axe: str) -> list[object]:
    """What axe-core finds wrong, each with the first elements."""
    browser.execute_script(axe)
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    return [(fault["id"], [node["html"][:160] for node in fault["nodes"][:3]]) for fault in found["violations"]]


def text(browser: Any, selector: str) -> str:
    """Its text."""
    return str(one(browser, selector).text)


def side(axis: BoxAxis) -> dict[str, object]:
    """An axis of a box as the script has it; the theoretical field follows from the padding."""
    span = None if axis.first is None or axis.last is None else [axis.first, axis.last]
    theory = span and axis.padding and [span[0] - axis.padding[0], span[1] + axis.padding[1]]
    return {"span": span, "theory": theory, "holes": [[*hole] for hole in axis.holes]}


@pytest.mark.parametrize("name", MODELS)
def test_boxes_are_those_of_where(name: str, browser: Any, tmp_path: Path) -> None:
    """The box that the script draws is the one that `where` computes, holes and padding included."""
    report = sample(name)
    opened(browser, page_of(tmp_path, report))
    choose = random.Random(0)  # noqa: S311  # no secret
    compared = 0
    for number, node in enumerate(report.nodes):
        axes = sorted({field.node_axis for field in node.fields if field.node_axis is not None})
        if not axes or (number % 3 and len(report.nodes) > 12):
            continue
        sizes = [next(len(f.positions) for f in node.fields if f.node_axis == axis) for axis in axes]
        for cell in ([0] * len(sizes), [size - 1 for size in sizes], [choose.randrange(size) for size in sizes]):
            answer = where(report.path, at=f"{node.output}:{','.join(map(str, cell))}")
            for place, box in enumerate(answer.boxes):
                drawn = browser.execute_script("return strideinspect.box('m1', ...arguments)", number, place, cell)
                for found, axis in zip(drawn, box.axes, strict=True):
                    expected = side(axis)
                    if expected["span"] is None:
                        assert found["span"] is None
                        continue
                    if expected["theory"] is None:
                        found["theory"] = None
                    assert {key: found[key] for key in expected} == expected, (node.output, cell)
                    compared += 1
    assert compared > 10


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def shown(request: pytest.FixtureRequest, browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The page of a ResNet at each width; nothing is logged and nothing overflows."""
    width, scheme = request.param
    opened(browser, page_of(tmp_path, sample("resnet18-dynamo")), width, scheme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    yield browser
    assert browser.get_log("browser") == []


def test_controls_of_the_box(shown: Any) -> None:
    """Sliders by keyboard, the map by pointer, and the buttons of the inspector move the box."""
    from selenium.webdriver import ActionChains, Keys

    browser, run = shown, shown.execute_script
    before = text(browser, ".says")
    slider = one(browser, ".sliders input")
    slider.send_keys(Keys.HOME)
    assert text(browser, ".says") != before
    assert "Index 0, 3" in text(browser, ".says")
    run("arguments[0].scrollIntoView({block: 'center'})", one(browser, ".output svg"))
    ActionChains(browser).move_to_element_with_offset(one(browser, ".output svg"), 20, 20).perform()
    assert "Index 0, 3" not in text(browser, ".says")

    title = text(browser, ".title")
    one(browser, ".previous").click()
    assert text(browser, ".title") != title
    one(browser, ".next").send_keys(Keys.ENTER)
    assert text(browser, ".title") == title


def test_controls_of_the_graph(shown: Any) -> None:
    """The graph zooms, its nodes are chosen by pointer, by keyboard and by search."""
    from selenium.webdriver import ActionChains, Keys

    browser, run = shown, shown.execute_script
    title = text(browser, ".title")
    wide = one(browser, ".pane:not([hidden]) svg").size["width"]
    one(browser, ".in").click()
    assert one(browser, ".pane:not([hidden]) svg").size["width"] > wide
    one(browser, ".out").click()
    one(browser, ".fit").click()
    assert one(browser, ".pane:not([hidden]) svg").size["width"] == wide
    pane = one(browser, ".pane:not([hidden])")
    pane.send_keys(Keys.ARROW_UP)
    assert text(browser, ".title") != title
    assert run("return document.activeElement.classList.contains('selected')")
    node = browser.find_elements("css selector", ".pane:not([hidden]) .node")[1]
    run("arguments[0].closest('.pane').scrollTo(0, 0)", node)
    run("arguments[0].scrollIntoView({block: 'center'})", pane)
    ActionChains(browser).move_to_element(node).click().perform()
    assert text(browser, ".title") == "maxpool"
    assert run("return location.hash") == "#m1-n1"

    find = one(browser, ".find")
    find.send_keys("layer3.1")
    assert text(browser, ".found").endswith(" found")
    find.send_keys(Keys.ENTER)
    assert text(browser, ".title").startswith("layer3.1")


def test_controls_of_the_table(shown: Any) -> None:
    """The table is sorted and filtered, and its links choose a layer."""
    from selenium.webdriver import Keys

    browser, run = shown, shown.execute_script
    one(browser, ".layers th:nth-child(7) button").send_keys(Keys.ENTER)
    sizes = run("return [...document.querySelectorAll('.layers tbody td:nth-child(7)')].map(e => e.textContent)")
    numbers = [int(size) for size in sizes if size.isdecimal()]
    assert numbers == sorted(numbers)
    assert len(numbers) > 15
    one(browser, ".layers th:nth-child(7) button").click()
    assert one(browser, ".layers th:nth-child(7)").get_attribute("aria-sort") == "descending"
    one(browser, ".filter").send_keys("maxpool")
    assert text(browser, ".count") == "1 of 22 layers"
    one(browser, ".layers tbody tr:not([hidden]) a").click()
    assert text(browser, ".title") == "maxpool"


def test_a_link_selects_its_node(browser: Any, tmp_path: Path) -> None:
    """An address that ends with a node's id opens the page with that node."""
    page = page_of(tmp_path, sample("resnet18-dynamo"))
    opened(browser, page)
    browser.get(f"{page.as_uri()}#m1-n1")
    assert text(browser, ".title") == "maxpool"


def test_in_print(browser: Any, tmp_path: Path) -> None:
    """On paper all models are there, with their ladders and the whole table, and nothing is wider than the sheet."""
    opened(browser, page_of(tmp_path, sample("resnet18-dynamo"), sample("wavenet-keras")), 800)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        for selector in ("#m1", "#m2", "#m1 .ladder .chip", "#m1 .layers tbody tr:last-child"):
            assert one(browser, selector).is_displayed()
        assert not one(browser, "#m1 .inspector").is_displayed()
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 800
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_several_models(browser: Any, tmp_path: Path) -> None:
    """The index shows one model at a time, each with controls of its own."""
    opened(browser, page_of(tmp_path, sample("alexnet-stem-dynamo"), sample("wavenet-keras")))
    assert not one(browser, "#m2").is_displayed()
    one(browser, '.index a[href="#m2"]').click()
    assert one(browser, "#m2").is_displayed()
    assert not one(browser, "#m1").is_displayed()
    assert text(browser, "#m2 .says").startswith("Index ")
    assert browser.get_log("browser") == []


def test_in_a_notebook(browser: Any, tmp_path: Path) -> None:
    """A notebook shows the page in a frame without rights, in which its controls work."""
    report = sample("alexnet-stem-dynamo")
    notebook = tmp_path / "notebook.html"
    shown = report._repr_html_()  # what notebooks call
    notebook.write_text(f"<!DOCTYPE html><meta charset=utf-8><title>n</title>{shown}", encoding="utf-8")
    opened(browser, notebook)
    browser.switch_to.frame(0)
    title = text(browser, ".title")
    one(browser, ".previous").click()
    assert text(browser, ".title") != title
    browser.switch_to.default_content()
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_hostile_names_stay_text(browser: Any, tmp_path: Path) -> None:
    """A model whose every name would be markup shows the names, and loads and runs nothing."""
    file = tmp_path / "model.onnx"
    onnx.save(hostile_model(), file)
    report = inspect(file, verify="none")
    opened(browser, page_of(tmp_path, report))
    assert "taken" not in browser.title
    assert browser.find_elements("css selector", "img, script[src], iframe, object") == []
    assert HOSTILE in text(browser, ".inspector .name")
    assert HOSTILE in text(browser, ".outputs")
    assert browser.get_log("browser") == []


@pytest.mark.parametrize(("name", "width", "scheme"), [
    ("resnet18-dynamo", 1280, "light"), ("alexnet-stem-dynamo", 1280, "dark"), ("wavenet-keras", 390, "light"),
    ("alexnet-stem-dynamo", 390, "dark"),
])  # fmt: skip
def test_rules_of_accessibility(name: str, width: int, scheme: str, axe: str, browser: Any, tmp_path: Path) -> None:
    """axe-core finds no fault: contrast, labels, roles, order."""
    opened(browser, page_of(tmp_path, sample(name)), width, scheme)
    assert faults(browser, axe) == []


def _report_without_windows(folder: Path) -> Report:
    graph = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["": 18]> agraph (float[1,8] x) => (float[1,8] y) { y = Relu (x) }'
    )
    onnx.save(graph, folder / "model.onnx")
    return inspect(folder / "model.onnx", verify="none")


def test_a_model_without_windows(browser: Any, tmp_path: Path) -> None:
    """Where there is nothing to draw the page says why, and nothing goes wrong."""
    opened(browser, page_of(tmp_path, _report_without_windows(tmp_path)))
    assert "no convolution" in text(browser, ".graphs")
    assert "no layer to select" in text(browser, ".inspector")
    assert browser.get_log("browser") == []
