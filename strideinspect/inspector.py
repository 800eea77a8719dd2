"""The way of the data, on one screen: load → Analysis → findings → Report, verification beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from strideinspect.analysis import Analysis
from strideinspect.errors import UsageError
from strideinspect.model import tensor_names
from strideinspect.model.inputs import choose
from strideinspect.model.load import LoadedModel, load
from strideinspect.model.network import prepare
from strideinspect.model.window_flow import window_flow
from strideinspect.results.report import Finding, Report, Unmatched
from strideinspect.results.verdict import Verdict, Verification
from strideinspect.rules import registry
from strideinspect.rules.inspection import Inspection
from strideinspect.settings import Settings

if TYPE_CHECKING:
    from strideinspect.verify.client import Verifier


def run(
    path: str | os.PathLike[str],
    settings: Settings,
    *,
    progress: Callable[[str], None],
    verifier: Verifier | None,
    strict: bool = False,
) -> Report:
    """Inspect one model at one input size; `strideinspect.inspect` explains the parameters and the errors.

    With `strict`, a pattern of `settings.tensors` that matches nothing raises UsageError.
    """
    rules = registry.chosen(settings.select, settings.ignore)
    progress("reading the model")
    model = load(path)
    network = prepare(model)
    chosen = choose(network, settings.input_shapes)
    sizes = {given.name: given.shape for given in chosen}
    if verifier is not None:
        verifier.begin(sizes)

    progress("computing shapes and receptive fields")
    analysis = Analysis.of(network, sizes, {given.name: given.assumed for given in chosen})
    tensors, unmatched = _asked_for(analysis, settings, strict=strict)
    inspection = Inspection(analysis, settings)
    # Asked before the rules look, so that the worker process runs the model meanwhile.
    verify = None if verifier is None else _asked(verifier, analysis, full=settings.verify == "full")
    findings = registry.run(inspection, rules, after_verification=False)
    verification = Verification(Verdict.NOT_CHECKED, "not requested")
    if verify is not None:
        progress("running onnxruntime")
        verification = verify(progress)
        findings += registry.run(replace(inspection, verification=verification), rules, after_verification=True)
    return replace(_report(model, analysis, tensors, findings, verification), unmatched=unmatched)


def _asked_for(
    analysis: Analysis, settings: Settings, *, strict: bool
) -> tuple[tuple[str, ...], tuple[Unmatched, ...]]:
    """The tensors whose fields are asked for, and the patterns of the settings that match nothing in this model."""
    shapes = analysis.shapes
    tensors, missing = tensor_names.matching(shapes, settings.tensors, analysis.data_dependent)
    if missing and strict:
        hint = f"did you mean {missing[0].near}?" if missing[0].near else "--format json lists the names"
        raise UsageError(f"no tensor, node or layer is called {missing[0].pattern!r}", hint)
    ignores = [pattern for pattern, _ in settings.per_node_ignores]
    budgets = [pattern for pattern, _ in settings.budgets if pattern != "*"]
    return tensors, (
        *missing,
        *tensor_names.without_match(shapes, "per_node_ignores", ignores),
        *tensor_names.outputs_without_match(shapes, "budgets", budgets),
    )


def _asked(verifier: Verifier, analysis: Analysis, *, full: bool) -> Callable[[Callable[[str], None]], Verification]:
    from strideinspect.claims.claims_of import claims_of  # a static run needs none of it

    return verifier.ask(claims_of(analysis, full=full))


def _report(
    model: LoadedModel,
    analysis: Analysis,
    tensors: Sequence[str],
    findings: Sequence[Finding],
    verification: Verification,
) -> Report:
    """Everything in one frozen object, every finding with its place in the file."""
    nodes, proto = analysis.shapes.nodes, model.proto
    flows = ((node, [name for name in node.inputs if name in analysis.data_dependent]) for node in nodes)
    merges, edges = window_flow(flows, {window.output for window in analysis.windows})
    located = {finding.output for finding in findings}
    places = {name: model.node_offset(node.proto) for node in nodes for name in located.intersection(node.outputs)}
    return Report(
        path=model.path,
        producer=" ".join(filter(None, (proto.producer_name, proto.producer_version))),
        opsets=dict(analysis.network.opsets),
        node_count=len(analysis.network.nodes),
        inputs=analysis.inputs,
        nodes=analysis.windows,
        tensors=tuple(map(analysis.tensor, tensors)),
        outputs=analysis.outputs,
        ladder=analysis.ladder,
        totals=analysis.totals,
        unseen=analysis.unseen,
        findings=tuple(
            replace(finding, bytes=places.get(finding.output or ""))
            for finding in sorted(findings, key=lambda f: (-f.severity.rank, f.rule != "unseen-input"))
        ),
        verification=verification,
        merges=merges,
        edges=edges,
    )
