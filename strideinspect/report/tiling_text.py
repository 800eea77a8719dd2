"""The answer to `tiles` in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from msgspec import structs

from strideinspect import spelling
from strideinspect.report.answers import Answer, Section
from strideinspect.report.layout import Column
from strideinspect.results.tile_parts import TiledAxis, WholeAxis
from strideinspect.results.tiling import Tiling

_AVERAGED = " They average or merge where tiles overlap: the result is exact only if the crop is discarded first."


def answer(tiling: Tiling) -> Answer:
    """The numbers per output, how tiles are laid, and what a run has shown."""
    columns = [Column(title, right=number > 1, elastic=not number) for number, title in enumerate(_titles(tiling))]
    sections = [Section(_heading(tiling), columns, _rows(tiling), [*_refusals(tiling), *_states(tiling)])]
    if tiling.plan:
        sections.append(Section(f"How to lay {_noun(tiling)}s", (), (), list(_instructions(tiling))))
    if tiling.plan and tiling.proof.reason != "not requested":
        sections.append(Section(f"{_verdict(tiling)}: {_proof(tiling)}", (), ()))
    return Answer(tiling.path, sections)


def _noun(tiling: Tiling) -> str:
    return "chunk" if tiling.time else "tile"


def _heading(tiling: Tiling) -> str:
    noun, whole = _noun(tiling), "the whole signal" if tiling.time else "the whole input"
    if not tiling.outputs:
        return "No window slides over an input: there is nothing to cut"
    exact = [output for output in tiling.outputs if output.exact]
    if not exact:
        return f"No exact {noun}s were found"
    whose = "" if len(exact) == len(tiling.outputs) else f", for {spelling.listed([o.output for o in exact])} only"
    return f"{noun.capitalize()}s give exactly what {whole} gives{whose}"


def _titles(tiling: Tiling) -> list[str]:
    between = ["lookback", "lookahead"] if tiling.time else ["halo"]
    return ["output", "axes", "step", *between, "crop", "smallest", "cells/sample" if tiling.time else "cells/pixel"]


def _rows(tiling: Tiling) -> list[list[str]]:
    """One row per output and input; axes with the same numbers share it."""
    rows = []
    for output in tiling.outputs:
        groups: dict[tuple[str, ...], list[TiledAxis]] = {}
        for axis in output.axes:
            groups.setdefault((axis.input, *_numbers(tiling, axis)), []).append(axis)
        for (name, *numbers), axes in groups.items():
            listed = spelling.listed([str(axis.axis) for axis in axes])
            rows.append([output.output, f"{listed} of {name}", *numbers])
    return rows


def _numbers(tiling: Tiling, axis: TiledAxis) -> list[str]:
    between = [f"{axis.lookback:,}", f"{axis.lookahead:,}"] if tiling.time else [_sides(axis.halo)]
    return [f"{axis.step:,}", *between, _sides(axis.crop), f"{axis.smallest_tile:,}", str(axis.scale)]


def _sides(sides: tuple[int, int]) -> str:
    """`23`, or `65 + 34` where the sides differ."""
    before, after = sides
    return f"{before:,}" if before == after else f"{before:,} + {after:,}"


def _refusals(tiling: Tiling) -> Iterator[str]:
    """One line per reason, with the axes and the outputs that it is about."""
    by_reason: dict[tuple[str, str], list[WholeAxis]] = {}
    outputs: dict[tuple[str, str], list[str]] = {}
    for output in tiling.outputs:
        for whole in output.whole:
            about = (whole.input, whole.reason)
            by_reason.setdefault(about, []).append(whole)
            outputs.setdefault(about, []).append(output.output)
    for (name, reason), axes in by_reason.items():
        numbers = sorted({axis.axis for axis in axes})
        noun = "axis" if len(numbers) == 1 else "axes"
        whose = spelling.listed(list(dict.fromkeys(outputs[name, reason])))
        yield f"{whose}: {noun} {spelling.listed(list(map(str, numbers)))} of {name} cannot be cut: {reason}"
    for output in tiling.outputs:
        if not output.axes and not output.whole:
            yield f"nothing is known of {output.output}: {output.reason}"


def _states(tiling: Tiling) -> Iterator[str]:
    if tiling.states:
        fed = spelling.listed([f"{pair.output} as {pair.input}" for pair in tiling.states])
        yield f"What came before is carried from chunk to chunk: with the next one, feed {fed}."


def _instructions(tiling: Tiling) -> Iterator[str]:
    if not tiling.plan:
        return
    noun, what = _noun(tiling), "signal" if tiling.time else "input"
    axes = [axis for output in tiling.outputs for axis in output.axes]
    yield (
        f"Begin {noun}s at multiples of the step. The sizes of a {noun} and of the whole {what} differ by a multiple "
        "of it."
    )
    if any(sum(axis.crop) for axis in axes):
        yield f"Discard the crop at each side of a {noun}, but not at an end of the whole {what}."
    if any(before != after for axis in axes for before, after in (axis.halo, axis.crop)):
        yield "Where two numbers are given, the first is at the beginning and the second at the end."
    yield _example(tiling)
    if any(one.fixed for one in tiling.plan):
        yield f"The file fixes the size of its input: {noun}s of another size need another export."
    if not tiling.time:
        yield from _off_grid(axes)
        yield from _overlaps(tiling)
        yield from _bioimageio(tiling, axes)
        return
    yield from _milliseconds(tiling, axes)
    if all(axis.lookahead == 0 for axis in axes):
        yield "Causal: no output index depends on a later sample than those that it stands for."


def _milliseconds(tiling: Tiling, axes: Sequence[TiledAxis]) -> Iterator[str]:
    if tiling.rate is None:
        return
    for axis in dict.fromkeys(
        structs.replace(axis, node_axis=0, length=0, cells=0, scale=Fraction(1)) for axis in axes
    ):
        numbers = {
            "step": axis.step,
            "lookback": axis.lookback,
            "lookahead": axis.lookahead,
            "smallest chunk": axis.smallest_tile,
        }
        timed = [f"{name} {tiling.milliseconds(samples):g} ms" for name, samples in numbers.items()]
        yield f"At {tiling.rate:g} samples per second: {', '.join(timed)}."


def _example(tiling: Tiling) -> str:
    sizes = spelling.by_axes(one.size for one in tiling.plan)
    advances = spelling.by_axes(one.advance for one in tiling.plan)
    points = "samples" if tiling.time else "pixels"
    return f"For example, {_noun(tiling)}s of {sizes} {points}, one every {advances}."


def _off_grid(axes: Sequence[TiledAxis]) -> Iterator[str]:
    wider = sorted({(axis.lookback, axis.lookahead) for axis in axes if axis.step > 1})
    if wider and any((axis.lookback, axis.lookahead) != axis.halo for axis in axes):
        yield (
            "The halo holds for parts that begin and end at multiples of the step; any other part may need "
            f"{spelling.listed([_sides(sides) for sides in wider], 'or')} pixels."
        )


def _overlaps(tiling: Tiling) -> Iterator[str]:
    if all(one.overlap == 0 for one in tiling.plan):
        return
    ratios = [one.ratios for one in tiling.plan]
    monai, sahi, nnunet = (
        spelling.listed(list(dict.fromkeys(f"{getattr(one, name):g}" for one in ratios)), "×")
        for name in ("monai", "sahi", "nnunet")
    )
    yield (
        f"Overlaps that are enough: overlap={monai} in MONAI, overlap ratio {sahi} in SAHI, tile_step_size={nnunet} in "
        "nnU-Net." + (_AVERAGED if any(sum(axis.crop) for output in tiling.outputs for axis in output.axes) else "")
    )


def _bioimageio(tiling: Tiling, axes: Sequence[TiledAxis]) -> Iterator[str]:
    if tiling.bioimageio is None:
        return
    halos = sorted({(max(axis.crop), axis.crop_on_grid) for axis in axes})
    if not halos[-1][0]:
        yield "bioimage.io: no halo; --format json has the axes of the description."
        return
    more = [f"{grid} instead of {least}" for least, grid in halos if grid != least]
    spelled = spelling.listed([str(least) for least, _ in halos], "or")
    yield f"bioimage.io: halo {spelled}; --format json has the axes of the description." + (
        f" Tools that advance by a tile less two halos need {spelling.listed(more)} to stay at multiples of the step."
        if more
        else ""
    )


def _verdict(tiling: Tiling) -> str:
    return {"equal": "Proven equal", "unequal": "NOT equal", "not_checked": "Not proven"}[tiling.proof.status]


def _proof(tiling: Tiling) -> str:
    proof = tiling.proof
    if proof.max_difference is None or proof.bound is None:
        return proof.reason
    largest = "no bit differs" if proof.max_difference == 0 else f"largest difference {proof.max_difference:.2g}"
    bound = "" if proof.max_difference == 0 else f" (rounding: up to {proof.bound:.2g})"
    text = f"{proof.tiles} {_noun(tiling)}s and the whole, {proof.reason}; {largest}{bound}."
    others = f"Other {'samples' if tiling.time else 'pixels'} outside a {_noun(tiling)}"
    if proof.moved:
        return f"{text} {others} change what is kept of it by {proof.moved:.2g}."
    if proof.status != "equal":
        return text
    text = f"{text} {others} change no bit of what is kept of it"
    if proof.one_less is None:
        return f"{text}."
    if not proof.one_less:
        return f"{text}, nor of the cells next to that: this run does not show whether a smaller crop would be enough."
    return f"{text}, and the cells next to that by {proof.one_less:.2g}: a smaller crop is not enough."
