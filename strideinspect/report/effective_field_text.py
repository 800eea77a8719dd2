"""The answer to `erf` in words, with a picture of each map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log10

from strideinspect.report.answers import Answer, Section
from strideinspect.report.layout import Column, printable
from strideinspect.results.effective_field import EffectiveField
from strideinspect.results.effective_parts import EffectiveInput
from strideinspect.spelling import (
    NONE,
    along,
    axis_noun,
    by_axes,
    count,
    listed,
    measured,
    percent,
    place_text,
    plural,
    point_noun,
    shape_text,
    span,
)

NUMBERS = (
    Column("in", elastic=True, floor=7),
    Column("axis"),
    Column("theoretical", right=True),
    Column("sigma", right=True),
    Column("center", right=True),
    Column("center of mass", right=True),
)
_GROWTH = (
    Column("layer", elastic=True, floor=7),
    Column("depth", right=True),
    Column("in", elastic=True, floor=3),
    Column("theoretical", right=True),
    Column("sigma", right=True),
    Column("sigma/√depth", right=True),
)
_SHADES = " ░▒█"
_FED = {"noise": "random input", "images": "image", "data": "given input"}


def answer(field: EffectiveField) -> Answer:
    """One section per cell and graph input that has a position."""
    return Answer(field.path, [section for cell in (field, *field.further) for section in _sections(cell)])


def _sections(field: EffectiveField) -> Iterator[Section]:
    yield from (_section(field, seen, last=seen is field.inputs[-1]) for seen in field.inputs)
    if field.growth:
        yield _growth(field)


def _growth(field: EffectiveField) -> Section:
    """A row per layer: of independent random weights sigma grows with the square root of depth (Luo et al. 2016)."""
    rows = [
        (
            printable(step.tensor),
            str(step.depth),
            step.input,
            shape_text(step.theoretical),
            by_axes(map(measured, step.sigma)),
            by_axes(measured(sigma / step.depth**0.5) for sigma in step.sigma),
        )
        for step in field.growth
    ]
    note = "with equal kernels and no strides, the theoretical field grows with depth, and sigma with √depth alone"
    return Section("How it grows with depth, at the middle index of layers on the way:", _GROWTH, rows, [note])


def _section(field: EffectiveField, seen: EffectiveInput, *, last: bool) -> Section:
    notes = [*_masses(seen), *(remarks(field) if last else ())]
    return Section(f"{heading(field)}:", NUMBERS, numbers(seen), notes, picture=_picture(seen))


def heading(field: EffectiveField) -> str:
    """Whose field it is, and what the model was fed."""
    place = place_text(field.at.tensor, field.at.shape, field.at.indices)
    return f"What {place} really sees, by its gradients at {count(field.count, _FED[field.source])}"


def numbers(seen: EffectiveInput) -> list[tuple[str, ...]]:
    """A row per axis, with the cells of `NUMBERS`."""
    rank = len(seen.axes)
    return [
        (
            "" if position else seen.name,
            axis_noun(position, rank),
            NONE if seen.theoretical[position] is None else f"{seen.theoretical[position]:,}",
            measured(seen.sigma[position]),
            measured(seen.center[position]),
            measured(seen.centroid[position]),
        )
        for position in range(rank)
    ]


def _masses(seen: EffectiveInput) -> Iterator[str]:
    """What the numbers say, in sentences."""
    noun = plural(point_noun(len(seen.axes)))
    within = [f"{share} % within {measured(radius)}" for share, radius in seen.radius.items()]
    yield f"mass around the center: {listed(within)} {noun}"
    yield share_sentence(seen)
    if seen.square is not None:
        yield squares_sentence(seen)


def share_sentence(seen: EffectiveInput) -> str:
    """How much of the theoretical field carries nearly all; without a closed form, from where distances are."""
    if seen.share_of_theoretical is None:
        noun = plural(point_noun(len(seen.axes)))
        return f"the theoretical field is not known: distances are from the middle of the {noun} that it depends on"
    share = percent(seen.share_of_theoretical) if seen.share_of_theoretical < 1 else "all"
    return f"the densest 90 % of the mass takes up {share} of the theoretical field"


def squares_sentence(seen: EffectiveInput) -> str:
    """RepLKNet's measure; empty for other inputs than images."""
    if seen.square is None:
        return ""
    shares = listed([NONE if side is None else f"{side:.3g}" for side in seen.square.values()])
    asked = listed([str(share) for share in seen.square])
    return f"RepLKNet's squares for {asked} %: {shares} % of the image, at this scale of the weights"


def remarks(field: EffectiveField) -> Iterator[str]:
    """What to know about the run."""
    if field.random_weights:
        yield "the file has no weights: random ones were drawn, as before training"
    if field.straight_through:
        yield "quantisation was passed straight through, as if it did not round"
    for name, (first, size) in field.crop.items():
        ends = [span((a, a + n - 1)) for a, n in zip(first, size, strict=True)]
        yield f"the cell sees nothing outside {along(ends, before=True)} of {name}, so that only those were run"
    noun = point_noun(len(field.inputs[0].axes))
    support = f"no {noun} outside the exact field has a gradient" if field.checks.support == "inside" else ""
    checked = f"checked: forward and reverse derivative agree to {count(digits(field.checks.adjoint), 'digit')}"
    yield f"{checked}; {support}" if support else checked


def digits(error: float) -> int:
    """To how many significant digits two numbers agree whose relative difference this is; six at most.

    The largest t with an error of at most 5·10⁻ᵗ (Burden, Faires, Numerical Analysis, section 1.2). Of the seven digits
    of single precision, a sum of many terms leaves six.
    """
    return min(6, int(log10(5 / error))) if error else 6


def _picture(seen: EffectiveInput) -> Sequence[str]:
    """Shades for the densest regions, in a frame."""
    wide = len(seen.bands[0])
    rows = ["".join(_SHADES[band] for band in row) for row in seen.bands]
    frame = [f"┌{'─' * wide}┐", *(f"│{row}│" for row in rows), f"└{'─' * wide}┘"]
    planes = [f"slice {round(middle)}" for middle in seen.center[:-2]]  # of a volume
    sides = along([span(ends) for ends in seen.shown[len(planes) :]], before=True)
    ends = ", ".join([*planes, sides])
    return [*frame, f"{ends}; {_SHADES[3]} 50 %, with {_SHADES[2]} 90 %, with {_SHADES[1]} 99 % of the mass"]
