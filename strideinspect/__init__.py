"""Receptive fields, effective strides and dropped pixels of a CNN in an ONNX file.

    import strideinspect
    report = strideinspect.inspect("model.onnx")

Importing the package loads next to nothing. A name is imported when it is first used (PEP 562); onnx, numpy and
networkx are loaded by the first inspection.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from strideinspect.results import drawing

if TYPE_CHECKING:
    from strideinspect.api import inspect, tiles
    from strideinspect.changed_models import fix, whatif
    from strideinspect.configuration.find import settings_for
    from strideinspect.errors import (
        InputShapeError,
        InputValueError,
        StrideinspectError,
        UnreadableModelError,
        UnsupportedModelError,
        UsageError,
    )
    from strideinspect.expectation import Expectation
    from strideinspect.fleet import inspect_many
    from strideinspect.gradient_question import erf
    from strideinspect.live_models import inspect_module
    from strideinspect.questions import diff, sizes, where
    from strideinspect.results.asked import Asked
    from strideinspect.results.boxes import Box, BoxAxis, Cells, CellsAxis, Place
    from strideinspect.results.cells import Cell, CellAxis
    from strideinspect.results.changes import Broken, Change, DroppedBy, Summary
    from strideinspect.results.diff_result import Diff
    from strideinspect.results.differences import Difference, FirstDifference, MatchedOutput, MatchedWindow
    from strideinspect.results.effective_field import EffectiveField, EffectiveOutput
    from strideinspect.results.effective_parts import EffectiveInput, GradientChecks, GrowthStep
    from strideinspect.results.field import Alignment, Field, FullField, LastLocal, Positions
    from strideinspect.results.fixed import Fixed
    from strideinspect.results.fixes import Fix, LeftOver, RunComparison
    from strideinspect.results.graph_nodes import Branch, Dropped, Merge, Source, WindowNode
    from strideinspect.results.ladder import LadderStep
    from strideinspect.results.report import (
        Accepted,
        FailedReport,
        Finding,
        Input,
        Report,
        RuleInfo,
        Severity,
        TensorReport,
        Unmatched,
        Unseen,
    )
    from strideinspect.results.scale import Scale
    from strideinspect.results.size_rules import AxisSizes, SizeRow, SizeRule
    from strideinspect.results.sizes_result import Sizes
    from strideinspect.results.tile_parts import (
        OverlapRatios,
        StatePair,
        TiledAxis,
        TiledOutput,
        TilePlan,
        TilingProof,
        WholeAxis,
    )
    from strideinspect.results.tiling import Tiling
    from strideinspect.results.totals import Totals
    from strideinspect.results.verdict import Check, Counts, Impulses, Verdict, Verification
    from strideinspect.results.whatif_result import WhatIf
    from strideinspect.results.where_result import Where
    from strideinspect.settings import Budget, InputShapes, InputValues, Operator, Settings, Verify
    from strideinspect.version import __version__

__all__ = [
    "Accepted",
    "Alignment",
    "Asked",
    "AxisSizes",
    "Box",
    "BoxAxis",
    "Branch",
    "Broken",
    "Budget",
    "Cell",
    "CellAxis",
    "Cells",
    "CellsAxis",
    "Change",
    "Check",
    "Counts",
    "Diff",
    "Difference",
    "Dropped",
    "DroppedBy",
    "EffectiveField",
    "EffectiveInput",
    "EffectiveOutput",
    "Expectation",
    "FailedReport",
    "Field",
    "Finding",
    "FirstDifference",
    "Fix",
    "Fixed",
    "FullField",
    "GradientChecks",
    "GrowthStep",
    "Impulses",
    "Input",
    "InputShapeError",
    "InputShapes",
    "InputValueError",
    "InputValues",
    "LadderStep",
    "LastLocal",
    "LeftOver",
    "MatchedOutput",
    "MatchedWindow",
    "Merge",
    "Operator",
    "OverlapRatios",
    "Place",
    "Positions",
    "Report",
    "RuleInfo",
    "RunComparison",
    "Scale",
    "Settings",
    "Severity",
    "SizeRow",
    "SizeRule",
    "Sizes",
    "Source",
    "StatePair",
    "StrideinspectError",
    "Summary",
    "TensorReport",
    "TilePlan",
    "TiledAxis",
    "TiledOutput",
    "Tiling",
    "TilingProof",
    "Totals",
    "Unmatched",
    "UnreadableModelError",
    "Unseen",
    "UnsupportedModelError",
    "UsageError",
    "Verdict",
    "Verification",
    "Verify",
    "WhatIf",
    "Where",
    "WholeAxis",
    "WindowNode",
    "__version__",
    "diff",
    "erf",
    "fix",
    "inspect",
    "inspect_many",
    "inspect_module",
    "settings_for",
    "sizes",
    "tiles",
    "whatif",
    "where",
]

_MODULES = {
    "api": "inspect tiles",
    "changed_models": "fix whatif",
    "configuration.find": "settings_for",
    "errors": "InputShapeError InputValueError StrideinspectError UnreadableModelError UnsupportedModelError "
    "UsageError",
    "expectation": "Expectation",
    "fleet": "inspect_many",
    "gradient_question": "erf",
    "live_models": "inspect_module",
    "questions": "diff sizes where",
    "results.asked": "Asked",
    "results.cells": "Cell CellAxis",
    "results.changes": "Broken Change DroppedBy Summary",
    "results.diff_result": "Diff",
    "results.differences": "Difference FirstDifference MatchedOutput MatchedWindow",
    "results.effective_field": "EffectiveField EffectiveOutput",
    "results.effective_parts": "EffectiveInput GradientChecks GrowthStep",
    "results.field": "Alignment Field FullField LastLocal Positions",
    "results.fixed": "Fixed",
    "results.fixes": "Fix LeftOver RunComparison",
    "results.graph_nodes": "Branch Dropped Merge Source WindowNode",
    "results.ladder": "LadderStep",
    "results.report": "Accepted FailedReport Finding Input Report RuleInfo Severity TensorReport Unmatched Unseen",
    "results.tile_parts": "OverlapRatios StatePair TiledAxis TiledOutput TilePlan TilingProof WholeAxis",
    "results.tiling": "Tiling",
    "results.totals": "Totals",
    "results.scale": "Scale",
    "results.verdict": "Check Counts Impulses Verdict Verification",
    "results.size_rules": "AxisSizes SizeRow SizeRule",
    "results.sizes_result": "Sizes",
    "results.boxes": "Box BoxAxis Cells CellsAxis Place",
    "results.whatif_result": "WhatIf",
    "results.where_result": "Where",
    "settings": "Budget InputShapes InputValues Operator Settings Verify",
    "version": "__version__",
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names.split()}


if not TYPE_CHECKING:  # a type checker would take it to mean that any name exists

    def __getattr__(name: str) -> object:
        """Import the public name that is used for the first time."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module 'strideinspect' has no attribute {name!r}")
        value = getattr(import_module(f"strideinspect.{_MODULE_OF[name]}"), name)
        globals()[name] = value
        return value


def _display() -> drawing.Display:
    from strideinspect import display

    return display


drawing.hand_down(_display)


def __dir__() -> list[str]:
    """The public names, those not yet imported included, for completion."""
    return sorted(__all__)
