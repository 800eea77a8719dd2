"""Models from text, inspected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import onnx
import onnx.parser

from strideinspect import inspect
from strideinspect.analysis import Analysis
from strideinspect.model.inputs import choose
from strideinspect.model.load import load
from strideinspect.model.network import prepare
from strideinspect.results.one_cause import places_of
from strideinspect.results.report import Finding, Report
from strideinspect.rules.registry import all_rules
from strideinspect.settings import Settings


def inspected(
    model: str | onnx.ModelProto,
    folder: Path,
    *,
    input_shapes: Mapping[str, Sequence[int]] | Sequence[int] | None = None,
    verify: Literal["none", "run", "full"] = "none",
    select: Sequence[str] = (),
    settings: Settings | None = None,
) -> Report:
    """The report on a model that is given as ONNX text, or built."""
    path = folder / "model.onnx"
    onnx.save(onnx.parser.parse_model(model) if isinstance(model, str) else model, path)
    return inspect(path, input_shapes=input_shapes, verify=verify, select=select, settings=settings)


def every_place(report: Report) -> list[Finding]:
    """The findings taken apart: one per place."""
    return [place for finding in report.findings for place in places_of(finding)]


def analysed(model: onnx.ModelProto, folder: Path) -> Analysis:
    """The analysis of a model at its own size."""
    path = folder / "model.onnx"
    onnx.save(model, path)
    network = prepare(load(path))
    return Analysis.of(network, choose(network, None))


def of_rule(report: Report, rule: str) -> list[Finding]:
    """What one rule says, one finding per place, in order."""
    return [place for place in every_place(report) if place.rule == rule]


def rule_ids(report: Report, group: str) -> list[str]:
    """Rule ids of the findings of one group, one per place, sorted."""
    own = {rule.id for rule in all_rules() if rule.group == group}
    return sorted(finding.rule for finding in every_place(report) if finding.rule in own)


def grave(report: Report) -> list[str]:
    """Rule ids of everything above a note, one per place, sorted."""
    return sorted(finding.rule for finding in every_place(report) if finding.severity != "note")
