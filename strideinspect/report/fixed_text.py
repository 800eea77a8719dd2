"""The answer to `fix` in words: what was mended, what could be, and what is left."""

from __future__ import annotations

from collections.abc import Iterator

from strideinspect.report.answers import Answer, Section
from strideinspect.results.fixed import Fixed
from strideinspect.results.fixes import Fix


def answer(found: Fixed, *, edits: bool = False) -> Answer:
    """The fixes (with `edits` as text, too), then those that were not allowed, then what is left."""
    sections = [_fixes(found, edits=edits)]
    if found.unsafe:
        heading = "--unsafe-fixes would change the values of outputs:"
        sections.append(Section(heading, (), [], [*map(_text, found.unsafe)]))
    if found.left:
        notes = [f"{one.severity} {one.rule}: {one.message}{f'; {one.help}' if one.help else ''}" for one in found.left]
        sections.append(Section("Left, for another input size, another export or training:", (), [], notes))
    return Answer(found.path, sections)


def _fixes(found: Fixed, *, edits: bool) -> Section:
    more = f"{len(found.unsafe)} more with --unsafe-fixes" if found.unsafe else ""
    if not found.fixes:
        return Section(f"Nothing to fix{f', {more}' if more else ''}.", (), [], [*_written(found)])
    done = "fixed" if found.output is not None else "to fix"
    heading = f"{len(found.fixes)} {done}{f', {more}' if more else ''}:"
    return Section(heading, (), [], [*map(_text, found.fixes), *_written(found)], found.diff if edits else ())


def _text(fix: Fix) -> str:
    return f"{fix.name}: {fix.text}"


def _written(found: Fixed) -> Iterator[str]:
    """What running showed, and where the model is."""
    compared = found.comparison
    if found.output is None:
        return
    if not found.fixes:
        if compared.status == "changed" and compared.reason:
            yield compared.reason
        yield f"saved as {found.output}, byte for byte as it is"
        return
    match compared.status:
        case "equal":
            shown = f"{compared.runtime} gives the same bits in every output"
        case "changed":
            how = " their shape" if compared.largest is None else f", by up to {compared.largest:.3g} for noise"
            shown = f"{compared.runtime} runs it, and outputs change{how}"
        case _:
            shown = f"not compared by running: {compared.reason}"
    yield f"saved as {found.output}, with the weights byte for byte as they are; {shown}"
