"""What a change to a model does to it: before and after, side by side."""

from __future__ import annotations

from typing import Any, NamedTuple

from strideinspect.results.changes import Broken, Change, Summary


class WhatIf(NamedTuple):
    """The answer to `whatif`.

    Attributes:
        path: The file, as it was given.
        changes: What is changed, in the order of the graph.
        before: The model as it is in the file.
        after: The model with the changes, at the same input size.
        broken: Nodes that ran before and do not run after the changes.
        saved: The file that was written; None without one.
        refused: Why onnxruntime does not run that file; None where it does, and without one.
        stopped: Why the model does not run as it is in the file, so that little is known of it; None where it does.
    """

    path: str
    changes: tuple[Change, ...]
    before: Summary
    after: Summary
    broken: tuple[Broken, ...]
    saved: str | None = None
    refused: str | None = None
    stopped: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The answer as dicts, lists, texts and numbers, under the schema `strideinspect/whatif/1`."""
        from strideinspect.results import whatif_data

        return {**whatif_data.document(*self)}
