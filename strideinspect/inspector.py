"""The way of the data, on one screen: load → shapes → reads → fields → rules → report, verification beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from strideinspect import assembly
from strideinspect.errors import UsageError
from strideinspect.fields.forward import described, propagate, spatial_axes
from strideinspect.fields.liveness import read_by_someone, seen
from strideinspect.model.inputs import choose
from strideinspect.model.load import load
from strideinspect.model.network import prepare
from strideinspect.model.shapes import infer
from strideinspect.model.source import source_of
from strideinspect.report.model import Report, Verdict, Verification
from strideinspect.rules import registry
from strideinspect.rules.advice import Adviser
from strideinspect.rules.inspection import Inspection

if TYPE_CHECKING:
    from strideinspect.verify.client import Verifier

InputShapes = Mapping[str, Sequence[int]] | Sequence[int]


def inspect(
    path: str | os.PathLike[str],
    *,
    input_shapes: InputShapes | None = None,
    verify: Literal["none", "run"] = "run",
    verify_timeout: float = 60.0,
    tensors: Sequence[str] = (),
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Inspect an ONNX file at one input size and, unless `verify` is "none", hold the result against onnxruntime.

    `input_shapes` maps input names to shapes, the key "" (or a bare sequence) standing for the only input; axes
    without a size get a default. `tensors` are patterns of tensor or node names whose fields are reported too;
    `select` and `ignore` name rules or groups; `progress` is told in words what goes on; `verify_timeout` is in
    seconds.

    Raises UnreadableModelError, InputShapeError or UsageError, all of them StrideinspectError.
    """
    if verify not in ("none", "run"):
        raise UsageError(f"verify cannot be {verify!r}", "use none or run")
    tell = progress or _silently
    ids = registry.chosen(select, ignore)
    wanted = _named(input_shapes)
    tell("reading the model")
    model = load(path)
    network = prepare(model)
    chosen = choose(network, wanted)
    sizes = {given.name: given.shape for given in chosen}

    with _verifier(os.fspath(path), verify, verify_timeout) as verifier:
        if verifier is not None:
            verifier.begin(sizes)
        tell("computing shapes and fields")
        shapes = infer(network, sizes)
        nodes, live = described(shapes)
        spatial = spatial_axes(shapes, nodes)
        sources = [(name, axis) for name, axes in spatial.items() for axis in axes]
        fields = propagate(shapes, nodes, sources)
        marks = seen(shapes, nodes, network.outputs)
        geometries = assembly.geometries(shapes)
        touched = assembly.touched(shapes, nodes, geometries)

        inputs = assembly.inputs(chosen, spatial)
        windows = assembly.windows(shapes, fields, touched, geometries, spatial)
        unseen = assembly.unseen(inputs, marks)
        inspection = Inspection(
            shapes=shapes,
            described=nodes,
            sources=sources,
            fields=fields,
            seen=marks,
            read=read_by_someone(shapes, nodes, network.outputs),
            touched=touched,
            geometries=geometries,
            inputs=inputs,
            windows=windows,
            unseen=unseen,
            code=source_of,
            advise=Adviser(shapes, nodes, fields, geometries, spatial).advise,
        )
        findings = registry.run(inspection, ids, after_verification=False)
        if verifier is None:
            verification = Verification(Verdict.NOT_CHECKED, "not asked for")
        else:
            tell("running onnxruntime")
            verification = verifier.check(assembly.claims(shapes, windows, unseen))
            findings += registry.run(replace(inspection, verification=verification), ids, after_verification=True)
    return assembly.report(
        model=model,
        shapes=shapes,
        fields=fields,
        live=live,
        inspection=inspection,
        tensors=assembly.matching(shapes, tensors),
        findings=findings,
        verification=verification,
    )


def _named(input_shapes: InputShapes | None) -> Mapping[str, Sequence[int]]:
    if input_shapes is None:
        return {}
    return input_shapes if isinstance(input_shapes, Mapping) else {"": input_shapes}


def _silently(_: str) -> None:
    """Nobody wants to know."""


def _verifier(path: str, verify: str, timeout: float) -> AbstractContextManager[Verifier | None]:
    if verify == "none":
        return nullcontext(None)
    from strideinspect.verify.client import Verifier  # the process is only needed to run the model

    return Verifier(path, timeout=timeout)
