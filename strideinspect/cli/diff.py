"""`strideinspect diff MODEL OTHER`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from typing import TYPE_CHECKING

from strideinspect.cli import one_model, options

if TYPE_CHECKING:
    from strideinspect.cli.one_model import Answered
    from strideinspect.settings import Settings


@one_model.command
def run(question: one_model.Question, other: options.OtherModel) -> int:
    """Show whether two models have the same geometry, and where they part.

    Layers are matched along the graphs: exports by different tools, and simplified, quantised and fused versions of
    one network line up. Options about the input are those of the first model; the second one is compared at its size.
    """
    differ = False

    def ask(file: str, settings: "Settings", shown: str) -> "Answered":
        nonlocal differ
        from strideinspect import questions
        from strideinspect.report import diff as report

        found = questions.diff(file, other, settings=settings)
        found = found._replace(paths=(shown, found.paths[1]))
        differ = not found.same
        return report.answer(found), found.to_dict()

    return question.answer(ask) or int(differ)
