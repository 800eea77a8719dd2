"""What a change to a model does to it: before and after, side by side."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, structs

from strideinspect.results import drawing
from strideinspect.results.asked import Asked
from strideinspect.results.changes import Broken, Change, Summary
from strideinspect.results.notebook_frame import framed


class WhatIf(Struct, frozen=True):
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
        asked: The changes as they were written, and with what the file was looked at.
    """

    path: str
    changes: tuple[Change, ...]
    before: Summary
    after: Summary
    broken: tuple[Broken, ...]
    saved: str | None = None
    refused: str | None = None
    stopped: str | None = None
    asked: Asked = Asked()

    def __repr__(self) -> str:
        changed = len({change.output for change in self.changes})
        return f"<WhatIf of {self.path!r}: {changed} changed layers, {len(self.broken)} nodes that no longer run>"

    def to_dict(self) -> dict[str, Any]:
        """The answer as dicts, lists, texts and numbers, under the schema `strideinspect/whatif/1`."""
        from strideinspect.results import whatif_data

        return {**whatif_data.document(*structs.astuple(self)[:-1])}

    def to_html(self) -> str:
        """The HTML page of the model before and after the changes, which needs no network.

        The file is opened again. Raises UnreadableModelError where it is not there any more or has changed.
        """
        return drawing.display().whatif_page(self)

    def _repr_html_(self) -> str:
        """The page in a frame, for notebooks."""
        return framed("before and after", self.to_html)
