"""What a report is made of, for functions that must not import the report itself."""

from __future__ import annotations

from typing import Protocol

from strideinspect.results.findings import Accepted, Finding
from strideinspect.results.graph_nodes import WindowNode
from strideinspect.results.ladder import LadderStep
from strideinspect.results.tensors import Input, TensorReport, Unseen
from strideinspect.results.totals import Totals
from strideinspect.results.verdict import Verification


class ModelParts(Protocol):
    """What is known of one model: a Report, which has these functions as its methods."""

    @property
    def path(self) -> str:
        """The file."""

    @property
    def producer(self) -> str:
        """The exporter."""

    @property
    def opsets(self) -> dict[str, int]:
        """Version by domain."""

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Graph inputs."""

    @property
    def nodes(self) -> tuple[WindowNode, ...]:
        """Window nodes."""

    @property
    def tensors(self) -> tuple[TensorReport, ...]:
        """The tensors asked for."""

    @property
    def outputs(self) -> tuple[TensorReport, ...]:
        """Graph outputs."""

    @property
    def ladder(self) -> tuple[LadderStep, ...]:
        """Steps of the map."""

    @property
    def totals(self) -> Totals:
        """Cost."""

    @property
    def unseen(self) -> tuple[Unseen, ...]:
        """Unseen pixels."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings."""

    @property
    def verification(self) -> Verification:
        """What running said."""

    @property
    def accepted(self) -> Accepted | None:
        """What a baseline removed."""
