"""What everybody asks first of a model: does every pixel count, does the output see enough, is it verified?"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from strideinspect import spelling
from strideinspect.report import field_text, verification
from strideinspect.report.layout import plain, printable
from strideinspect.results.field import Field
from strideinspect.results.report import Report, TensorReport
from strideinspect.results.rows import by_input
from strideinspect.results.verdict import Verdict

_UNBROKEN = 1_000_000
"""A width at which no line is broken."""

_NAMED = 3
"""Outputs, and maps in them, that are told one by one."""


class Mood(StrEnum):
    """How an answer is marked."""

    GOOD = "good"
    OPEN = "open"
    BAD = "bad"


class QuestionAndAnswer(Struct, frozen=True):
    """A question, its answer in a word or two, and the sentences behind it."""

    question: str
    answer: str
    mood: Mood
    sentences: tuple[str, ...]


def answers(report: Report) -> tuple[QuestionAndAnswer, ...]:
    """The three answers."""
    return (_every_pixel(report), _enough(report), _verified(report))


def _point(report: Report) -> str:
    ranks = {len(given.spatial_axes) for given in report.inputs if given.spatial_axes}
    return spelling.point_noun(ranks.pop()) if len(ranks) == 1 else "position"


def _every_pixel(report: Report) -> QuestionAndAnswer:
    point = _point(report)
    question = f"Does every {point} count?"
    spatial = [given for given in report.inputs if given.spatial_axes]
    if not spatial:
        return QuestionAndAnswer(question, "No image", Mood.OPEN, ("No window slides over an input of this model.",))
    assumed = any(axis in given.assumed for given in spatial for axis in given.spatial_axes)
    size = " at this size, which the model leaves open" if assumed else ""
    if not report.unseen:
        names = spelling.listed([printable(given.name) for given in spatial])
        return QuestionAndAnswer(
            question, "Yes", Mood.GOOD, (f"Every {point} of {names} has a way to an output{size}.",)
        )
    lost = []
    for given in spatial:
        parts = {part.axis: part.ranges for part in report.unseen if part.input == given.name}
        nouns = spelling.axis_nouns(len(given.spatial_axes))
        texts = [
            f"{spelling.plural(noun, sum(b - a + 1 for a, b in parts[axis]))} {spelling.spans(parts[axis])}"
            for axis, noun in zip(given.spatial_axes, nouns, strict=True)
            if axis in parts
        ]
        if texts:
            lost.append(f"No output depends on {spelling.listed(texts)} of {printable(given.name)}{size}.")
    return QuestionAndAnswer(question, "No", Mood.BAD, tuple(lost))


def _enough(report: Report) -> QuestionAndAnswer:
    question = "Does the output see enough?"
    seen = [output for output in report.outputs if output.fields]
    if not seen:
        return QuestionAndAnswer(
            question, "Unknown", Mood.OPEN, ("No output depends on a spatial input that is known.",)
        )
    texts = [text for output in seen for text in _briefly(output)]
    sentences = tuple(map(printable, texts[:_NAMED]))
    if len(texts) > _NAMED:
        sentences += (f"{len(texts) - _NAMED:,} more are listed under Outputs.",)
    small = any(finding.rule == "small-receptive-field" for finding in report.findings)
    fields = [field for output in seen for field in _own_fields(output)]
    if any(field.upper_bound for field in fields):
        return QuestionAndAnswer(question, "Unknown", Mood.OPEN, sentences)
    everything = all(map(_is_whole, fields))
    noun = spelling.input_noun(max((len(i.spatial_axes) for i in report.inputs), default=0))
    if everything:
        return QuestionAndAnswer(question, f"All of the {noun}", Mood.GOOD, sentences)
    share = max(field.share for field in fields)
    mood = Mood.BAD if small else Mood.OPEN
    most = f"the whole {noun}" if share == 1 else f"{spelling.percent(share)} per axis"
    return QuestionAndAnswer(question, f"Up to {most}", mood, sentences)


def _is_whole(field: Field) -> bool:
    full = field.full
    return field.widest == field.extent or (full is not None and (full.first, full.last) == (0, field.extent - 1))


def _own_fields(output: TensorReport) -> list[Field]:
    """The fields of its indices: of the maps that it holds, where it holds several."""
    return [field for scale in output.scales for field in scale.fields] or [*output.fields]


def _briefly(output: TensorReport) -> list[str]:
    """A sentence per input, as `mask: each index depends on up to 100 of 128 rows and columns of image.`."""
    maps = [(f"{scale.tensor} in {output.name}", scale.fields) for scale in output.scales]
    return [
        _sees(label, name, fields)
        for label, own in maps or [(output.name, output.fields)]
        for name, fields in by_input(own).items()
    ]


def _sees(label: str, name: str, fields: Sequence[Field]) -> str:
    if all(map(_is_whole, fields)):
        most = " at most" if any(field.upper_bound for field in fields) else ""
        return f"{label} depends on {field_text.whole_input(fields, name=name)}{most}."
    widest = spelling.along([f"{field.widest:,} of {field.extent:,}" for field in fields])
    return f"{label}: each index depends on up to {widest} of {name}."


def what_it_sees(output: TensorReport) -> list[str]:
    """What an output depends on, a sentence per input, or per map where it holds several."""
    if output.scales:
        return field_text.scale_sentences(output.scales)
    return [field_text.sentence(fields, name=name) for name, fields in by_input(output.fields).items()]


def _verified(report: Report) -> QuestionAndAnswer:
    result = report.verification
    lines = tuple(filter(None, map(str.strip, plain(verification.render(report, _UNBROKEN)).splitlines())))
    question = "Is this verified?"
    match result.status:
        case Verdict.AGREED:
            return QuestionAndAnswer(question, "Yes, by running it", Mood.GOOD, lines)
        case Verdict.CONTRADICTED:
            return QuestionAndAnswer(question, "Contradicted", Mood.BAD, lines)
        case Verdict.NOT_CHECKED:
            return QuestionAndAnswer(question, "In part" if result.partial else "Not checked", Mood.OPEN, lines)
