"""Drawings of an effective field: the map over the photo with the theoretical field around it; of a signal, a curve."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import ceil, floor
from typing import Final

from markupsafe import Markup
from msgspec import Struct

from strideinspect import spelling
from strideinspect.page import svg
from strideinspect.page.heat_map import averaged, heat_map
from strideinspect.page.pictures_view import data_address
from strideinspect.report.layout import printable
from strideinspect.results.effective_parts import EffectiveInput
from strideinspect.results.field import Span

WIDTH: Final = 340.0
"""Of a drawing, in CSS pixels; twice that where it is far wider than high."""
_HIGHEST: Final = 1.3
"""A drawing is at most so many times as high as it is wide."""
_CURVE: Final = (116.0, 26.0)
"""Height of the curve of a signal, and of what is under it."""
_BINS: Final = 340
_BORDER: Final = 4.0
_LEAST: Final = 12
"""So many pixels to each side of the center are shown of a smaller field."""
_BEYOND: Final = 0.75
"""At most so much of the input's size is shown beyond each end."""
_LARGE: Final = 6.0
"""CSS pixels from which on the pixels of the input are drawn as squares."""


class Drawing(Struct, frozen=True):
    """A drawing, what it shows, and whether it wants the whole width."""

    markup: Markup
    caption: str
    wide: bool


class _Side(Struct, frozen=True):
    """One axis of the input, in its pixels: pixel i is from i to i + 1.

    `theory` and `exact` are the ends of the theoretical and of the actual field, `view` those of the drawing.
    """

    extent: int
    center: float
    theory: tuple[float, float] | None
    exact: tuple[int, int]
    view: tuple[float, float]

    @property
    def pixels(self) -> tuple[int, int]:
        """The first pixel of the input that is shown, and the one after the last."""
        return max(0, floor(self.view[0])), min(self.extent, ceil(self.view[1]))


def drawings(seen: EffectiveInput, label: str, photo: str) -> Iterator[Drawing]:
    """A curve of a signal, a map of an image, of a volume the three slices through the center.

    `photo` is the address of a picture of the input's size in the page, or empty.
    """
    sides = [_side(seen, position) for position in range(len(seen.axes))]
    if len(sides) == 1:
        yield _curve(seen, sides[0], label)
        return
    for pair in reversed([*combinations(range(len(sides)), 2)]):
        yield _map(seen, sides, pair, label, photo if len(sides) == 2 else "")


def beyond(seen: EffectiveInput) -> bool:
    """Whether the theoretical field is larger than what is drawn."""
    sides = [_side(seen, position) for position in range(len(seen.axes))]
    return any(
        side.theory is not None and (side.theory[0] < side.view[0] or side.theory[1] > side.view[1]) for side in sides
    )


def _side(seen: EffectiveInput, position: int) -> _Side:
    """The whole axis with what the theoretical field adds to it; of a small field, as much again to each side.

    Where it adds too much, the circle that holds nearly all of the mass.
    """
    extent, center, size = seen.map.shape[position], seen.center[position] + 0.5, seen.theoretical[position]
    exact = seen.shown[position][0], seen.shown[position][1] + 1
    if size is None:
        return _Side(extent, center, None, exact, (0, extent))
    theory, reach = (center - size / 2, center + size / 2), max(size, _LEAST)
    most, circle = _BEYOND * extent, seen.radius[99]
    fits = -most <= theory[0] and theory[1] <= extent + most
    first, last = theory if fits else (center - circle, center + circle)
    begin = max(center - reach, min(0, max(first, -most)))
    end = min(center + reach, max(extent, min(last, extent + most)))
    return _Side(extent, center, theory, exact, (min(begin, exact[0]), max(end, exact[1])))


def _map(seen: EffectiveInput, sides: list[_Side], pair: tuple[int, int], label: str, photo: str) -> Drawing:
    y, x = (sides[position] for position in pair)
    across, down = (side.view[1] - side.view[0] for side in (x, y))
    wide = across > 2.2 * down
    scale = min((2 * WIDTH if wide else WIDTH) / across, _HIGHEST * WIDTH / down)
    paper = _Paper(x.view[0], y.view[0], scale, label, across * scale, down * scale)
    paper.rectangle("sheet", (0, x.extent), (0, y.extent))
    if photo:
        place = f"translate({paper.x(0):.2f} {paper.y(0):.2f}) scale({scale:.5f})"
        svg.element("use", paper.root, href=photo, transform=place)
    fixed = {position: _index(seen, position) for position in range(len(sides)) if position not in pair}
    cut: list[int | slice] = [fixed.get(position, slice(None)) for position in range(len(sides))]
    cut[pair[0]], cut[pair[1]] = slice(*y.pixels), slice(*x.pixels)
    picture = paper.rectangle("heat pixels" if scale >= _LARGE else "heat", x.pixels, y.pixels, "image")
    picture.set("href", data_address("image/png", heat_map(seen.map[tuple(cut)])))
    picture.set("preserveAspectRatio", "none")
    # Each line on a lighter one, to be seen on a photo of any color.
    if x.theory is not None and y.theory is not None:
        paper.outline("theory", x.theory, y.theory)
    paper.outline("exact", x.exact, y.exact)
    for percent, radius in seen.radius.items():
        for kind in ("halo", f"within w{percent}"):
            at = (paper.x(x.center), paper.y(y.center))
            svg.element("circle", paper.root, class_=kind, cx=at[0], cy=at[1], r=radius * scale)
    nouns = spelling.axis_nouns(len(sides))
    planes = [f"{nouns[position]} {index}" for position, index in fixed.items()]
    shown = _along([(spelling.plural(nouns[at]), sides[at].pixels) for at in pair])
    return Drawing(svg.markup(paper.root), ", ".join([printable(seen.name), *planes, shown]), wide)


def _index(seen: EffectiveInput, position: int) -> int:
    """The slice through the center."""
    return min(max(round(seen.center[position]), 0), int(seen.map.shape[position]) - 1)


def _along(parts: list[tuple[str, Span]]) -> str:
    """`rows and columns 0–223`, `rows 0–95, columns 0–159`."""
    spans = [spelling.span((begin, end - 1)) for _, (begin, end) in parts]
    if len(set(spans)) == 1:
        return f"{spelling.listed([noun for noun, _ in parts])} {spans[0]}"
    return ", ".join(f"{noun} {span}" for (noun, _), span in zip(parts, spans, strict=True))


class _Paper:
    """A drawing whose places are pixels of the input: `left` and `top` are those in its corner."""

    def __init__(self, left: float, top: float, scale: float, label: str, width: float, height: float) -> None:
        self.left, self.top, self.scale = left, top, scale
        width, height = width + 2 * _BORDER, height + 2 * _BORDER
        self.root = svg.drawing(width, height, label=label, class_="erf", role="img")

    def x(self, pixel: float) -> float:
        return (pixel - self.left) * self.scale + _BORDER

    def y(self, pixel: float) -> float:
        return (pixel - self.top) * self.scale + _BORDER

    def outline(self, class_: str, across: tuple[float, float], down: tuple[float, float]) -> None:
        """A rectangle on a lighter one."""
        for kind in ("halo", class_):
            self.rectangle(kind, across, down)

    def rectangle(
        self, class_: str, across: tuple[float, float], down: tuple[float, float], tag: str = "rect"
    ) -> svg.Element:
        """From the first pixel to before the second one, along both axes."""
        (left, right), (top, bottom) = map(self.x, across), map(self.y, down)
        return svg.element(
            tag, self.root, class_=class_, x=left, y=top, width=max(1.0, right - left), height=max(1.0, bottom - top)
        )


def _curve(seen: EffectiveInput, side: _Side, label: str) -> Drawing:
    """The share of the mass per sample, with the fields as bands and the radii as lines."""
    high, under = _CURVE
    scale = 2 * WIDTH / (side.view[1] - side.view[0])
    paper = _Paper(side.view[0], 0, scale, label, 2 * WIDTH, high + under)
    begin, end = side.pixels
    factor = -(-(end - begin) // _BINS)
    shares = averaged(seen.map[begin:end], factor, 0) / seen.map.sum()
    largest = float(shares.max())
    _bands(paper, side)
    points = [(begin, 0.0)]
    for number, share in enumerate(shares.tolist()):
        first = begin + number * factor
        points += [(first, share), (min(end, first + factor), share)]
    points.append((end, 0.0))
    rise = (high - 10) / (largest or 1)
    places = [f"{paper.x(pixel):.1f},{high - rise * share:.1f}" for pixel, share in points]
    svg.element("polygon", paper.root, points=" ".join(places), class_="mass")
    for percent, radius in seen.radius.items():
        for edge in (side.center - radius, side.center + radius):
            x = paper.x(edge)
            svg.element("line", paper.root, class_=f"within w{percent}", x1=x, x2=x, y1=2.0, y2=high)
    for index, anchor in ((begin, "start"), (round(side.center - 0.5), "middle"), (end - 1, "end")):
        x, text = paper.x(index + 0.5), f"{index:,}"
        svg.element("text", paper.root, text=text, class_="tick", x=x, y=high + 17, text_anchor=anchor)
    noun = spelling.axis_noun(0, 1, 1)
    each = noun if factor == 1 else f"{noun}, in the mean of {factor}"
    shown = f"{printable(seen.name)}, {_along([(spelling.plural(noun), (begin, end))])}"
    caption = f"{shown}: share of the mass per {each}, at most {spelling.percent(largest)}"
    return Drawing(svg.markup(paper.root), caption, wide=True)


def _bands(paper: _Paper, side: _Side) -> None:
    """The theoretical and the actual field, the one a little higher, so that both are seen."""
    ends = [("exact", side.exact, 8.0), *([] if side.theory is None else [("theory", side.theory, 1.0)])]
    for kind, (first, last), top in ends:
        left, right = paper.x(first), paper.x(last)
        svg.element("rect", paper.root, class_=kind, x=left, y=top, width=right - left, height=_CURVE[0] - top)
