"""What `fix` did to a model, what it could do besides, and what it cannot."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, structs

from strideinspect.results.changes import Summary
from strideinspect.results.fixes import Fix, LeftOver, RunComparison


class Fixed(Struct, frozen=True):
    """The answer to `fix`.

    Attributes:
        path: The file, as it was given.
        output: The file that was written, with the model as it is where there is nothing to fix; None where only the
            difference was asked for.
        fixes: The fixes that were made, or would be.
        unsafe: Fixes that change the values of outputs and were not allowed.
        left: Warnings and errors of the fixed model.
        before: The model as it is.
        after: The fixed model, inspected anew.
        comparison: What running both shows.
        diff: The edits as text, a line each: `-` before what goes, `+` before what comes.
    """

    path: str
    output: str | None
    fixes: tuple[Fix, ...]
    unsafe: tuple[Fix, ...]
    left: tuple[LeftOver, ...]
    before: Summary
    after: Summary
    comparison: RunComparison
    diff: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The answer as dicts, lists, texts and numbers, under the schema `strideinspect/fix/1`."""
        from strideinspect.results import fixed_data

        return {**fixed_data.document(*structs.astuple(self))}
