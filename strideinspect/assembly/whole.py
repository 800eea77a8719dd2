"""The report as a whole: inputs, unseen pixels, claims for verification."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase

from strideinspect.assembly.fields import tensor
from strideinspect.assembly.windows import ladder
from strideinspect.errors import UsageError
from strideinspect.fields.forward import Fields
from strideinspect.fields.index_masks import Masks, runs, unmarked
from strideinspect.model.inputs import ChosenInput
from strideinspect.model.load import LoadedModel
from strideinspect.model.shapes import Shapes
from strideinspect.model.window_flow import window_flow
from strideinspect.results.report import Finding, Input, Report, TensorReport, Unseen
from strideinspect.results.verdict import Verification
from strideinspect.rules.inspection import Inspection

_LAYOUTS = {
    (4, (2, 3)): "NCHW",
    (4, (1, 2)): "NHWC",
    (3, (2,)): "NCW",
    (3, (1,)): "NWC",
    (5, (2, 3, 4)): "NCDHW",
    (5, (1, 2, 3)): "NDHWC",
}


def inputs(chosen: Sequence[ChosenInput], spatial: Mapping[str, tuple[int, ...]]) -> tuple[Input, ...]:
    """The graph's inputs with the axes along which windows slide."""
    return tuple(
        Input(c.name, c.shape, spatial[c.name], c.assumed, _LAYOUTS.get((len(c.shape), spatial[c.name]), ""))
        for c in chosen
    )


def unseen(inputs: Sequence[Input], marks: Mapping[str, Masks]) -> tuple[Unseen, ...]:
    """Spatial indices of the inputs on which no output depends; an input that nothing uses is not listed."""
    found = []
    for given in inputs:
        for axis in given.spatial_axes if given.name in marks else ():
            ranges = runs(unmarked(marks, given.name, axis, given.shape[axis]))
            if ranges:
                found.append(Unseen(given.name, axis, ranges))
    return tuple(found)


def matching(shapes: Shapes, patterns: Sequence[str]) -> tuple[str, ...]:
    """Tensors whose name, or whose node's name, matches one of the patterns, in graph order.

    Raises UsageError for a pattern that matches nothing, with the nearest name.
    """
    names = _called(shapes) if patterns else {}
    found: set[str] = set()
    for pattern in patterns:
        matches = [tensor for name, tensors in names.items() if fnmatchcase(name, pattern) for tensor in tensors]
        if not matches:
            near = get_close_matches(pattern, names, n=1)
            hint = f"did you mean {near[0]}?" if near else "--format json lists the names"
            raise UsageError(f"no tensor or node is called {pattern!r}", hint)
        found.update(matches)
    return tuple(name for node in shapes.nodes for name in node.outputs if name in found)


def lookup(shapes: Shapes, fields: Fields) -> Callable[[str], TensorReport | None]:
    """A function that gives any tensor by its name or its node's; None where there is none."""

    def find(name: str) -> TensorReport | None:
        tensors = [name] if name in shapes.shapes or name in shapes.unknown else _called(shapes).get(name)
        return tensor(shapes, fields, tensors[0]) if tensors else None

    return find


def _called(shapes: Shapes) -> dict[str, list[str]]:
    """Tensors by what they may be called by: their own name, and a node's for its first; nodes may share a name."""
    names: dict[str, list[str]] = {}
    for node in shapes.nodes:
        for i, name in enumerate(node.outputs):
            if name in shapes.shapes:
                for called in {name, node.name if i == 0 and node.name else name}:
                    names.setdefault(called, []).append(name)
    return names


def report(
    model: LoadedModel,
    shapes: Shapes,
    fields: Fields,
    live: frozenset[str],
    inspection: Inspection,
    tensors: Sequence[str],
    findings: Sequence[Finding],
    verification: Verification,
) -> Report:
    """Everything in one frozen piece, every finding with its place in the file."""
    proto = model.proto
    flows = ((node, [name for name in node.inputs if name in live]) for node in shapes.nodes)
    merges, edges = window_flow(flows, {w.output for w in inspection.windows})
    found = {finding.output for finding in findings}
    places = {name: model.node_offset(node.proto) for node in shapes.nodes for name in found.intersection(node.outputs)}
    return Report(
        path=model.path,
        producer=" ".join(filter(None, (proto.producer_name, proto.producer_version))),
        opsets=dict(shapes.network.opsets),
        node_count=len(shapes.network.nodes),
        inputs=tuple(inspection.inputs),
        nodes=tuple(inspection.windows),
        tensors=tuple(tensor(shapes, fields, name) for name in tensors),
        outputs=tuple(inspection.outputs),
        ladder=ladder(inspection.windows),
        unseen=tuple(inspection.unseen),
        findings=tuple(
            replace(finding, bytes=places.get(finding.output or ""))
            for finding in sorted(findings, key=lambda f: (-f.severity.rank, f.rule != "unseen-input"))
        ),
        verification=verification,
        merges=merges,
        edges=edges,
    )
