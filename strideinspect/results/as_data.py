"""Results as plain data: the JSON contract `strideinspect/report/1`, as dicts, lists, texts and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from strideinspect.results import rule_links
from strideinspect.results.field import Alignment, Field, LastLocal, Span
from strideinspect.results.findings import Accepted, Finding
from strideinspect.results.graph_nodes import Branch, Dropped, Source, WindowNode
from strideinspect.results.json_field_types import AlignmentJson, FieldJson, LastLocalJson, PositionsJson
from strideinspect.results.json_map_types import LadderStepJson, TotalsJson
from strideinspect.results.json_types import (
    NAME,
    AcceptedJson,
    BranchJson,
    BytesJson,
    DroppedJson,
    FailedJson,
    FindingJson,
    ModelJson,
    NodeJson,
    PlaceJson,
    ReportJson,
    Scalar,
    ScaleJson,
    SourceJson,
    TensorJson,
    UnseenJson,
)
from strideinspect.results.ladder import LadderStep
from strideinspect.results.model_parts import ModelParts
from strideinspect.results.scale import Scale
from strideinspect.results.tensors import TensorReport, Unseen
from strideinspect.results.totals import Totals
from strideinspect.results.verification_data import verification_data
from strideinspect.spelling import exact


def document(models: Sequence[ModelJson | FailedJson], version: str) -> ReportJson:
    """The document of these models."""
    return {"schema": NAME, "tool": {"name": "strideinspect", "version": version}, "models": [*models]}


def failed(path: str, message: str, help: str) -> FailedJson:
    """A model that could not be inspected."""
    return {"path": path, "error": {"message": message, "help": help}}


def model(report: ModelParts, *, positions: bool = False) -> ModelJson:
    """One model. `positions` adds the actual field of every index."""
    return {
        "path": report.path,
        "producer": report.producer,
        "opsets": dict(report.opsets),
        "inputs": [
            {
                "name": i.name,
                "shape": [*i.shape],
                "spatial_axes": [*i.spatial_axes],
                "assumed": [*i.assumed],
                "from": [*i.origins],
                "value": _given(i.value),
            }
            for i in report.inputs
        ],
        "nodes": [_node(node, positions=positions) for node in report.nodes],
        "tensors": [tensor_data(tensor, positions=positions) for tensor in report.tensors],
        "outputs": [tensor_data(tensor, positions=positions) for tensor in report.outputs],
        "ladder": [*map(step_data, report.ladder)],
        "totals": totals_data(report.totals),
        "unseen": [*map(unseen_data, report.unseen)],
        "findings": [_finding(finding) for finding in report.findings],
        "accepted": _accepted(report.accepted),
        "verification": verification_data(report.verification),
    }


def step_data(step: LadderStep) -> LadderStepJson:
    """One step of the ladder."""
    return {
        "input": step.input,
        "branch": step.branch,
        "stride": [str(stride) for stride in step.stride],
        "from": [*step.start],
        "size": [*step.size],
        "nodes": [*step.nodes],
        "operators": [*step.operators],
        "averaged": step.averaged,
    }


def totals_data(totals: Totals) -> TotalsJson:
    """The totals of a model."""
    return {
        "parameters": totals.parameters,
        "macs": totals.macs,
        "windows": totals.windows,
        "activations": totals.activations,
    }


def unseen_data(unseen: Unseen) -> UnseenJson:
    """Unseen pixels along one axis."""
    return {"input": unseen.input, "axis": unseen.axis, "ranges": _spans(unseen.ranges)}


def _node(node: WindowNode, *, positions: bool) -> NodeJson:
    return {
        "name": node.name,
        "layer": None if node.source is None else node.source.scope,
        "op": node.op,
        "output": node.output,
        "kernel": [*node.kernel],
        "stride": [*node.stride],
        "dilation": [*node.dilation],
        "padding": {"begin": [*node.padding_begin], "end": [*node.padding_end]},
        "pad_nodes": None if node.pad_nodes is None else {"begin": [*node.pad_nodes[0]], "end": [*node.pad_nodes[1]]},
        "output_padding": _numbers(node.output_padding),
        "input_shape": _numbers(node.input_shape),
        "output_shape": _numbers(node.output_shape),
        "macs": node.macs,
        "parameters": node.parameters,
        "dropped": _dropped(node.dropped),
        "source": _source(node.source),
        "bytes": _bytes(node.bytes),
        "branch": _branch(node.branch),
        "fields": [_field(field, positions=positions) for field in node.fields],
    }


def tensor_data(tensor: TensorReport, *, positions: bool) -> TensorJson:
    """A tensor with its fields."""
    return {
        "name": tensor.name,
        "shape": _numbers(tensor.shape),
        "fields": [_field(field, positions=positions) for field in tensor.fields],
        "scales": [_scale(scale, positions=positions) for scale in tensor.scales],
        "cells": [
            {
                "cell": cell.name,
                "axes": [
                    {"input": axis.input, "axis": axis.axis, "index": axis.at, "seen": _numbers(axis.seen)}
                    for axis in cell.axes
                ],
            }
            for cell in tensor.cells
        ],
    }


def _scale(scale: Scale, *, positions: bool) -> ScaleJson:
    return {
        "from": scale.tensor,
        "grid": [*scale.grid],
        "count": scale.count,
        "fields": [_field(field, positions=positions) for field in scale.fields],
    }


def _last_local(last: LastLocal | None) -> LastLocalJson | None:
    return None if last is None else {"tensor": last.tensor, "size": last.size, "stride": str(last.stride)}


def _field(field: Field, *, positions: bool) -> FieldJson:
    listed: PositionsJson = {"first": [*field.positions.first], "last": [*field.positions.last]}
    full = field.full
    return {
        "input": field.input,
        "axis": field.axis,
        "node_axis": field.node_axis,
        "size": field.size,
        "smallest": field.smallest,
        "stride": None if field.stride is None else str(field.stride),
        "first": field.first,
        "last": field.last,
        "phases": [_numbers(phase) for phase in field.phases],
        "reason": field.reason,
        "full": None if full is None else {"since": full.collapsed_at, "first": full.first, "last": full.last},
        "positions": listed if positions else None,
        "last_local": _last_local(field.last_local),
        "alignment": _alignment(field.alignment),
    }


def _alignment(aligned: Alignment | None) -> AlignmentJson | None:
    if aligned is None:
        return None
    return {
        "offset": None if aligned.offset is None else exact(aligned.offset),
        "least": exact(aligned.least),
        "most": exact(aligned.most),
        "lookahead": aligned.lookahead,
        "lookback": aligned.lookback,
    }


def _finding(finding: Finding) -> FindingJson:
    return {**_place(finding), "also": [_place(place) for place in finding.also]}


def _place(finding: Finding) -> PlaceJson:
    return {
        "rule": finding.rule,
        "page": rule_links.address(finding.rule, finding.page),
        "severity": finding.severity.value,
        "node": finding.node,
        "output": finding.output,
        "input": finding.input,
        "axes": [*finding.axes],
        "ranges": _spans(finding.ranges),
        "pixels": finding.pixels,
        "sizes": [*finding.sizes],
        "message": finding.message,
        "help": finding.help,
        "source": _source(finding.source),
        "bytes": _bytes(finding.bytes),
        "assumed": finding.assumed,
    }


def _accepted(accepted: Accepted | None) -> AcceptedJson | None:
    if accepted is None:
        return None
    findings = [_finding(finding) for finding in accepted.findings]
    return {"baseline": accepted.baseline, "findings": findings, "stale": [*accepted.stale]}


def _dropped(dropped: Dropped | None) -> DroppedJson | None:
    if dropped is None:
        return None
    return {"pixels": [*dropped.pixels], "padding": [*dropped.padding], "gap": [*dropped.gap]}


def _branch(branch: Branch | None) -> BranchJson | None:
    return None if branch is None else {"node": branch.node, "side": branch.side, "unfit": branch.unfit}


def _source(source: Source | None) -> SourceJson | None:
    return None if source is None else {"file": source.file, "line": source.line, "scope": source.scope}


def _bytes(place: tuple[int, int] | None) -> BytesJson | None:
    return None if place is None else {"offset": place[0], "length": place[1]}


def _spans(ranges: Iterable[Span]) -> list[list[int]]:
    return [[first, last] for first, last in ranges]


def _numbers(numbers: Sequence[int] | None) -> list[int] | None:
    return None if numbers is None else [*numbers]


def _given(value: object) -> Scalar | list[Scalar]:
    """A value that the user gave: itself, or all numbers of an array in row-major order."""
    if isinstance(value, tuple):
        parts = [_given(item) for item in value]
        return [number for part in parts for number in (part if isinstance(part, list) else [part])]
    return value if isinstance(value, str | int | float) else None
