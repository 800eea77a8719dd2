"""Drawings as trees of SVG elements; the serializer escapes what stands in them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from markupsafe import Markup

Element = ET.Element
Value = str | int | float


def element(tag: str, /, parent: Element | None = None, *, text: str = "", **attributes: Value) -> Element:
    """An element, appended to its parent; `class_` becomes `class` and `stroke_width` becomes `stroke-width`.

    Numbers are rounded to a tenth.
    """
    written = {name.strip("_").replace("_", "-"): _number(value) for name, value in attributes.items()}
    made = ET.Element(tag, written) if parent is None else ET.SubElement(parent, tag, written)
    made.text = text or None
    return made


def _number(value: Value) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def drawing(width: float, height: float, *, label: str, class_: str, role: str = "group") -> Element:
    """An empty drawing, with a name for people who do not see it; parts of a group may be links, an img is a whole."""
    view = f"0 0 {_number(float(width))} {_number(float(height))}"
    return element("svg", viewBox=view, width=width, height=height, class_=class_, role=role, aria_label=label)


def markup(root: Element) -> Markup:
    """The drawing as markup that a template does not escape again."""
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704  # the serializer has escaped names
