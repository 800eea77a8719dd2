"""The way of the data, on one screen: load → shapes → reads → fields → rules → report, verification beside it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from strideinspect.assembly import fields as field_data
from strideinspect.assembly import whole
from strideinspect.assembly import windows as window_data
from strideinspect.fields.forward import described, propagate, spatial_axes
from strideinspect.fields.liveness import read_indices, seen
from strideinspect.model.inference import infer
from strideinspect.model.inputs import choose
from strideinspect.model.load import load
from strideinspect.model.network import prepare
from strideinspect.model.source import source_of
from strideinspect.results.report import Report
from strideinspect.results.verdict import Verdict, Verification
from strideinspect.rules import registry
from strideinspect.rules.advice import Adviser
from strideinspect.rules.inspection import Inspection
from strideinspect.settings import Settings

if TYPE_CHECKING:
    from strideinspect.verify.client import Verifier


def run(
    path: str | os.PathLike[str],
    settings: Settings,
    *,
    tell: Callable[[str], None],
    verifier: Verifier | None,
) -> Report:
    """Inspect one model at one input size; `strideinspect.inspect` explains the parameters and the errors."""
    rules = registry.chosen(settings.select, settings.ignore)
    tell("reading the model")
    model = load(path)
    network = prepare(model)
    chosen = choose(network, settings.input_shapes)
    sizes = {given.name: given.shape for given in chosen}
    if verifier is not None:
        verifier.begin(sizes)

    tell("computing shapes and fields")
    shapes = infer(network, sizes)
    tensors = whole.matching(shapes, settings.tensors)
    nodes, live = described(shapes)
    spatial = spatial_axes(shapes, nodes)
    sources = [(name, axis) for name, axes in spatial.items() for axis in axes]
    fields = propagate(shapes, nodes, sources)
    marks = seen(shapes, nodes, network.outputs)
    touched = window_data.touched(shapes, nodes)

    inputs = whole.inputs(chosen, spatial)
    windows = window_data.windows(shapes, fields, touched, spatial, live)
    unseen = whole.unseen(inputs, marks)
    inspection = Inspection(
        shapes=shapes,
        described=nodes,
        sources=sources,
        fields=fields,
        seen=marks,
        read=read_indices(shapes, nodes, network.outputs),
        touched=touched,
        inputs=inputs,
        windows=windows,
        outputs=[field_data.tensor(shapes, fields, name) for name in network.outputs],
        unseen=unseen,
        code=source_of,
        advise=Adviser(shapes, nodes, fields, spatial).advise,
        tensor=whole.lookup(shapes, fields),
        settings=settings,
    )
    verdict = None if verifier is None else _asked(verifier, inspection)
    findings = registry.run(inspection, rules, after_verification=False)
    verification = Verification(Verdict.NOT_CHECKED, "not asked for")
    if verdict is not None:
        tell("running onnxruntime")
        verification = verdict(tell)
        findings += registry.run(replace(inspection, verification=verification), rules, after_verification=True)

    return whole.report(model, shapes, fields, live, inspection, tensors, findings, verification)


def _asked(verifier: Verifier, inspection: Inspection) -> Callable[[Callable[[str], None]], Verification]:
    """Let the verifier's process probe what was found while the rules look at it."""
    from strideinspect.assembly.claims import claims  # a static run needs none of it

    return verifier.ask(claims(inspection, full=inspection.settings.verify == "full"))
