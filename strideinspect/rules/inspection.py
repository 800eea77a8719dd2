"""What a rule is given: an analysis, what the user set, and what running said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.results.verdict import Verification
    from strideinspect.settings import Settings
    from strideinspect.studies.lossless_sizes import SizeSearch


@dataclass(frozen=True)  # no slots: the search is made when a rule first asks for it
class Inspection:
    """The input of every rule: one model at one input size. `verification` is None before verification.

    Where the file leaves sizes open, `failed_sizes` are those at which the model was found not to run. If that is all
    that were tried, `refusal` says why it does not run at the one inspected.
    """

    analysis: Analysis
    settings: Settings
    verification: Verification | None = None
    failed_sizes: Sequence[str] = ()
    refusal: str | None = None

    @cached_property
    def size_search(self) -> SizeSearch:
        """The search for nearby input sizes; rules share its cache."""
        from strideinspect.studies.lossless_sizes import (
            SizeSearch,  # imports numpy, which the list of rules does not need
        )

        return SizeSearch(self.analysis)
