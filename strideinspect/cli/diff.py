"""`strideinspect diff MODEL OTHER`."""

# No `from __future__ import annotations`: Typer would read every option from text, four times over.

from typing import TYPE_CHECKING

from msgspec import structs

from strideinspect.cli import one_model, options

if TYPE_CHECKING:
    from strideinspect.settings import Settings


@one_model.command_with_page
def run(question: one_model.ModelQuestion, other: options.OtherModel) -> int:
    """Show whether two models have the same geometry, and where they part.

    Layers are matched along the graphs: exports by different tools, and simplified, quantised and fused versions of
    one network line up. Options about the input are those of the first model; the second one is compared at its size.
    """
    differ = False

    def ask(files: tuple[str, str], settings: "Settings", shown: tuple[str, str]) -> one_model.Answered:
        nonlocal differ
        from strideinspect import comparison_page, questions
        from strideinspect.report import diff_text as report

        found = structs.replace(questions.diff(*files, settings=settings), paths=shown)
        differ = not found.same
        words = report.answer(found)
        return one_model.Answered(
            words, found.to_dict(), lambda: comparison_page.of_diff(found, words, files, settings)
        )

    return question.compare(other, ask) or int(differ)
