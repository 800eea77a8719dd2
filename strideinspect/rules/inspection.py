"""What a rule is given: an analysis, what the user set, and what running said."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.results.report import Finding
    from strideinspect.results.verdict import Verification
    from strideinspect.settings import Settings
    from strideinspect.studies.lossless_sizes import SizeSearch


@dataclass(frozen=True)  # no slots: the search is made when a rule first asks for it
class Inspection:
    """The input of every rule: one model at one input size. `verification` is None before verification.

    `refused_sizes` are shapes of graph inputs at which onnxruntime does not run the model: they are not advised.
    `advises` is False in an inspection that is made only to judge a size: its findings name no other sizes.
    """

    analysis: Analysis
    settings: Settings
    verification: Verification | None = None
    refused_sizes: frozenset[tuple[str, tuple[int, ...]]] = frozenset()
    advises: bool = True

    @cached_property
    def findings_elsewhere(self) -> dict[tuple[str, tuple[int, ...]], list[Finding]]:
        """The findings of inspections at other sizes of one input, as far as they were made."""
        return {}

    @cached_property
    def size_search(self) -> SizeSearch:
        """The search for nearby input sizes; rules share its cache."""
        from strideinspect.rules.verified_sizes import accepted
        from strideinspect.studies.lossless_sizes import (
            SizeSearch,  # imports numpy, which the list of rules does not need
        )

        return SizeSearch(self.analysis, partial(accepted, self))
