"""What a rule is given: an analysis, what the user set, and what running said."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.model.ambiguity import Outcome
    from strideinspect.results.effective_field import EffectiveOutput
    from strideinspect.results.field import Span
    from strideinspect.results.report import Finding
    from strideinspect.results.verdict import Verification
    from strideinspect.rules.causes import Lost
    from strideinspect.settings import Settings
    from strideinspect.studies.lossless_sizes import SizeSearch


class Inspection(Struct, frozen=True, eq=False, dict=True):  # `dict`: what rules ask for on demand is kept
    """The input of every rule: one model at one input size. `verification` is None before verification.

    Where the file leaves sizes open, `failed_sizes` are those at which the model was found not to run. If that is all
    that were tried, `refusal` says why it does not run at the one inspected.
    `passed_over` is a size that runs too, with the rules that found something there, which they do not here.
    `accepts` says of an input's name and shape whether that size may be advised. `refused_sizes` are shapes of graph
    inputs at which onnxruntime does not run the model: they are not advised.
    `advises` is False in an inspection that is made only to judge a size: its findings name no other sizes.
    `effective` is what the outputs really see; empty where the settings do not ask for it.
    """

    analysis: Analysis
    settings: Settings
    accepts: Callable[[Inspection, str, tuple[int, ...]], bool]
    verification: Verification | None = None
    failed_sizes: Sequence[str] = ()
    refusal: str | None = None
    passed_over: str = ""
    refused_sizes: frozenset[tuple[str, tuple[int, ...]]] = frozenset()
    advises: bool = True
    effective: Sequence[EffectiveOutput] = ()

    @cached_property
    def findings_elsewhere(self) -> dict[tuple[str, tuple[int, ...]], list[Finding]]:
        """The findings of inspections at other sizes of one input, as far as they were made."""
        return {}

    @cached_property
    def ambiguous(self) -> dict[str, dict[str, Outcome]]:
        """Per node, by its first output, what each source makes of it where they disagree."""
        from strideinspect.model.ambiguity import outcomes

        shapes = self.analysis.shapes
        return {node.key: differing for node in shapes.nodes if (differing := outcomes(shapes, node))}

    def cause_at(self, key: str) -> Hashable | None:
        """The cause of findings at a node whose size is ambiguous: they are one finding. None for another node."""
        return ("ambiguous size", key) if key in self.ambiguous else None

    @cached_property
    def lost_pixels(self) -> list[Lost]:
        """What of the inputs reaches no output, and the nodes at which it is lost."""
        from strideinspect.rules.causes import lost_pixels

        return lost_pixels(self.analysis)

    def cause_of_loss(self, key: str, ranges: tuple[Span, ...]) -> Hashable | None:
        """The cause of a finding about indices that a node does not use, if just these are what the input loses there.

        They are the lost pixels themselves, or all indices of the node's map behind which pixels are lost.
        """
        count = sum(last - first + 1 for first, last in ranges)
        for lost in self.lost_pixels:
            for cause in lost.causes:
                if cause.node.key == key and (lost.ranges == ranges or cause.lost == count):
                    return lost.cause
        return None

    @cached_property
    def size_search(self) -> SizeSearch:
        """The search for nearby input sizes; rules share its cache."""
        from strideinspect.studies.lossless_sizes import (
            SizeSearch,  # imports numpy, which the list of rules does not need
        )

        return SizeSearch(self.analysis, partial(self.accepts, self))
