"""The way of the data, on one screen: load → Analysis → findings → Report, verification beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from strideinspect.analysis import Analysis
from strideinspect.errors import UsageError
from strideinspect.model import tensor_names
from strideinspect.model.load import LoadedModel
from strideinspect.model.window_flow import window_flow
from strideinspect.results.one_cause import joined
from strideinspect.results.report import Finding, Input, Report, Unmatched
from strideinspect.results.verdict import Verdict, Verification
from strideinspect.rules import registry
from strideinspect.rules.clean_sizes import preferred
from strideinspect.rules.inspection import Inspection
from strideinspect.rules.verified_sizes import accepted, confirmed
from strideinspect.settings import Settings
from strideinspect.studies.opening import opened
from strideinspect.studies.size_trials import Attempt

if TYPE_CHECKING:
    from strideinspect.results.effective_field import EffectiveOutput
    from strideinspect.verify.client import Verifier
    from strideinspect.verify.messages import ObservedShapes


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
    file = opened(path, settings)
    model, trials = file.model, file.trials
    first: _Inspected | None = None
    attempt = preferred(trials)
    while True:
        inspected = _inspected(attempt, settings, rules, progress, verifier, strict=strict)
        first = first or inspected
        stopped = inspected.stopped
        if stopped is None or stopped.stop is None:
            return _report(model, settings, inspected)
        # onnxruntime refuses a size that we chose: another one may do.
        if not trials.refuse(stopped.stop.reason, stopped.shapes):
            return _report(model, settings, first)
        attempt = trials.best()


def static_report(model: LoadedModel, attempt: Attempt, settings: Settings) -> Report:
    """The report of one choice of the open sizes, without running the model."""
    static = structs.replace(settings, erf=False)
    rules = registry.chosen(settings.select, settings.ignore)
    return _report(model, settings, _inspected(attempt, static, rules, lambda _: None, None, strict=False))


class _Inspected(Struct, frozen=True):
    """What one choice of the open sizes gives; `stopped` is what onnxruntime made of it before it broke off.

    That is kept only where the program chose the size and shapes alone show no reason against it.
    """

    analysis: Analysis
    asked: _AskedFor
    causes: Sequence[Sequence[Finding]]
    verification: Verification
    effective: tuple[EffectiveOutput, ...]
    stopped: ObservedShapes | None = None


def _inspected(
    attempt: Attempt,
    settings: Settings,
    rules: frozenset[str],
    progress: Callable[[str], None],
    verifier: Verifier | None,
    *,
    strict: bool,
) -> _Inspected:
    progress("computing shapes and receptive fields")
    analysis = attempt.analysis
    asked = _asked_for(analysis, settings, strict=strict)
    inspection = Inspection(
        analysis,
        settings,
        accepted,
        failed_sizes=attempt.failed,
        refusal=attempt.reason,
        passed_over=attempt.passed_over,
    )
    # Asked before the rules look, so that the worker process runs the model meanwhile.
    verify = None if verifier is None else _asked(verifier, analysis, full=settings.verify == "full")
    effective: tuple[EffectiveOutput, ...] = ()
    if settings.erf:
        from strideinspect.effective_outputs import effective_outputs  # starts a process of its own

        effective = tuple(effective_outputs(analysis, progress))
        inspection = structs.replace(inspection, effective=effective)
    causes = registry.run(inspection, rules, after_verification=False)
    if verify is None or verifier is None:
        return _Inspected(analysis, asked, causes, Verification(Verdict.NOT_CHECKED, "not requested"), effective)
    progress("running onnxruntime")
    verification = verify(progress)
    causes = confirmed(inspection, rules, causes, verifier.refusal)
    causes += registry.run(structs.replace(inspection, verification=verification), rules, after_verification=True)
    stopped = verifier.stopped if analysis.assumed and attempt.reason is None else None
    return _Inspected(analysis, asked, causes, verification, effective, stopped)


class _AskedFor(Struct, frozen=True):
    """The tensors whose fields are asked for, and the patterns of the settings that match nothing in the model."""

    tensors: tuple[str, ...]
    unmatched: tuple[Unmatched, ...]


def _asked_for(analysis: Analysis, settings: Settings, *, strict: bool) -> _AskedFor:
    shapes = analysis.shapes
    tensors, missing = tensor_names.matching(shapes, settings.tensors, analysis.data_dependent)
    if missing and strict:
        hint = (
            f"did you mean {missing[0].near}?"
            if missing[0].near
            else "strideinspect MODEL --format json lists the names"
        )
        raise UsageError(f"no tensor, node or layer is called {missing[0].pattern!r}", hint)
    ignores = [pattern for pattern, _ in settings.per_node_ignores]
    budgets = [pattern for pattern, _ in settings.budgets if pattern != "*"]
    unmatched = (
        *missing,
        *tensor_names.without_match(shapes, "per_node_ignores", ignores),
        *tensor_names.outputs_without_match(shapes, "budgets", budgets),
    )
    return _AskedFor(tensors, unmatched)


def _asked(verifier: Verifier, analysis: Analysis, *, full: bool) -> Callable[[Callable[[str], None]], Verification]:
    from strideinspect.claims.affordable import too_large_to_run  # a static run needs none of these
    from strideinspect.claims.claims_of import claims_of
    from strideinspect.verify.claims import unchecked

    reason = too_large_to_run(analysis.shapes)
    if reason is not None:
        verifier.stopped = None
        return lambda _: unchecked(claims_of(analysis, full=False), reason)
    verifier.begin(analysis.sizes)
    return verifier.ask(claims_of(analysis, full=full))


def _report(
    model: LoadedModel,
    settings: Settings,
    inspected: _Inspected,
) -> Report:
    """Everything in one frozen object, every finding with its place in the file."""
    analysis, asked, causes = inspected.analysis, inspected.asked, inspected.causes
    nodes, proto = analysis.shapes.nodes, model.proto
    dependent = analysis.data_dependent
    flows = ((node, [name for name in node.inputs if name in dependent]) for node in nodes)
    merges, edges = window_flow(flows, {window.output for window in analysis.windows})
    located = {finding.output for places in causes for finding in places}
    offsets = {name: model.node_offset(node.proto) for node in nodes for name in located.intersection(node.outputs)}
    located_causes = (
        [structs.replace(place, bytes=offsets.get(place.output or "")) for place in places] for places in causes
    )
    return Report(
        path=model.path,
        producer=" ".join(filter(None, (proto.producer_name, proto.producer_version))),
        opsets=dict(analysis.network.opsets),
        node_count=len(analysis.network.nodes),
        inputs=(*analysis.inputs, *_given(model, settings)),
        nodes=analysis.windows,
        tensors=tuple(map(analysis.tensor, asked.tensors)),
        outputs=analysis.outputs,
        ladder=analysis.ladder,
        totals=analysis.totals,
        unseen=analysis.unseen,
        findings=tuple(sorted(joined(located_causes), key=lambda f: (-f.severity.rank, f.rule != "unseen-input"))),
        verification=inspected.verification,
        merges=merges,
        edges=edges,
        unmatched=asked.unmatched,
        effective=inspected.effective,
    )


def _given(model: LoadedModel, settings: Settings) -> Iterator[Input]:
    """The inputs whose values the user gave: constants of the analysis, but inputs of the model."""
    for tensor in model.proto.graph.initializer:
        if tensor.name in settings.input_values:
            value = model.values(tensor)
            plain = None if value is None else value.tolist()
            yield Input(tensor.name, tuple(tensor.dims), (), (), "", value=_frozen(plain))


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
