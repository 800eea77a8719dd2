"""Whether two models have the same geometry, and where they part."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, structs

from strideinspect.results import drawing
from strideinspect.results.asked import Asked
from strideinspect.results.differences import FirstDifference, MatchedOutput, MatchedWindow, Numbers
from strideinspect.results.notebook_frame import framed


class Diff(Struct, frozen=True):
    """The answer to `diff`.

    Attributes:
        paths: The two files, as they were given.
        sizes: The shape of the first input with spatial axes in each, at which they were compared.
        same: Whether the geometry is the same: every window with a kernel, stride or padding has its like, and nothing
            differs in it nor in an output.
        first: The first place where they part; None where they do not.
        windows: The matched window nodes, in the order of the first model's graph.
        only_a: Window nodes of the first model that the second one lacks.
        only_b: Window nodes of the second model that the first one lacks.
        outputs: The outputs, matched by name, else in their order.
        notes: What restricts the comparison.
        only_layers: The layers of `only_a` and of `only_b`, in the same order.
        asked: With what the files were looked at.
    """

    paths: tuple[str, str]
    sizes: tuple[Numbers, Numbers]
    same: bool
    first: FirstDifference | None
    windows: tuple[MatchedWindow, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    outputs: tuple[MatchedOutput, ...]
    notes: tuple[str, ...] = ()
    only_layers: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    asked: Asked = Asked()

    def __repr__(self) -> str:
        same = "the same geometry" if self.same else f"differing geometry, {len(self.windows)} matched layers"
        return f"<Diff of {self.paths[0]!r} and {self.paths[1]!r}: {same}>"

    def to_dict(self) -> dict[str, Any]:
        """The answer as dicts, lists, texts and numbers, under the schema `strideinspect/diff/1`."""
        from strideinspect.results import diff_data

        return {**diff_data.document(*structs.astuple(self)[:-1])}

    def to_html(self) -> str:
        """The HTML page of both models side by side, which needs no network.

        Both files are opened again. Raises UnreadableModelError where they are not there any more or have changed.
        """
        return drawing.display().diff_page(self)

    def _repr_html_(self) -> str:
        """The page in a frame, for notebooks."""
        return framed("comparison", self.to_html)
