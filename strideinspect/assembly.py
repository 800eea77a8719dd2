"""From what the rooms found to the report's data: fields, window nodes, ladder, outputs, claims for verification."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from strideinspect.fields.coverage import dropped, hollow
from strideinspect.fields.forward import Described, Fields, Seen, Source
from strideinspect.fields.liveness import Marks, all_marked, back, runs, unmarked
from strideinspect.fields.spans import EMPTY, along, hull
from strideinspect.fields.theoretical import MOST_PHASES, Closed
from strideinspect.model.graph import window_flow
from strideinspect.model.inputs import ChosenInput
from strideinspect.model.load import LoadedModel
from strideinspect.model.node import Node, Shape, UnresolvedError
from strideinspect.model.shapes import Shapes
from strideinspect.model.source import source_of
from strideinspect.model.window import Geometry, Kind, is_window
from strideinspect.reads.reduction import REDUCTIONS, reduced_axes
from strideinspect.report.model import (
    Dropped,
    Field,
    Finding,
    FullField,
    Input,
    Positions,
    Report,
    Rung,
    Span,
    TensorReport,
    Unseen,
    Verification,
    WindowNode,
)
from strideinspect.rules.inspection import Inspection
from strideinspect.verify.claims import Claims, FieldClaim

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


def unseen(inputs: Sequence[Input], marks: Mapping[str, Marks]) -> tuple[Unseen, ...]:
    """Spatial indices of the inputs on which no output depends; an input that nothing uses is not listed."""
    found = []
    for given in inputs:
        for axis in given.spatial_axes if given.name in marks else ():
            ranges = runs(unmarked(marks, given.name, axis, given.shape[axis]))
            if ranges:
                found.append(Unseen(given.name, axis, ranges))
    return tuple(found)


def touched(shapes: Shapes, nodes: Sequence[Described]) -> dict[str, Marks]:
    """Per window node, by its first output, the indices of its input that its windows reach."""
    found = {}
    for item in nodes:
        slid = shapes.geometries.get(item.node.key)
        if not item.known or slid is None:
            continue
        tensor = item.node.inputs[slid.data]
        shape = shapes.shapes[tensor]
        read = next((r for r in item.reads if r.input == slid.data), None)
        if read is not None:
            marks = back(read, all_marked(shapes.shapes[item.node.key]))
            found[item.node.key] = marks or tuple(np.zeros(n, dtype=bool) for n in shape)
    return found


def field(source: Source, seen: Seen, shape: Shape, extent: int, *, dynamic: bool) -> Field:
    """One source's field in a tensor of this shape; `dynamic` says that the input axis has no size in the file."""
    name, axis = source
    actual = seen.actual
    node_axis = next(iter(actual.axes)) if len(actual.axes) == 1 and actual.local is not None else None
    if actual.local is None:
        low = np.full((2, 1), EMPTY)
    else:
        low = along(actual.local, node_axis, shape[node_axis] if node_axis is not None else 1)
    first, last = _indices(low[0]), _indices(-low[1])
    full = None
    if actual.local is not actual.full and (actual.local is None or bool((actual.full < actual.local).any())):
        whole = hull(actual.full)
        if whole is not None:
            full = FullField(actual.since or "", *whole)
    size = stride = None
    phases: tuple[Span | None, ...] = ()
    reason = actual.unknown
    if isinstance(seen.form, Closed) and seen.form.period > MOST_PHASES:
        reason = reason or f"the field has {seen.form.period} phases, more than {MOST_PHASES}"
    elif isinstance(seen.form, Closed):
        spans = along(seen.form.spans, seen.form.axis, seen.form.period)
        phases = tuple(None if a >= EMPTY else (int(a), -int(b)) for a, b in spans.T)
        size = max((p[1] - p[0] + 1 for p in phases if p), default=0)
        stride = seen.form.stride
        if seen.form.sized and dynamic:
            reason = reason or "padding depends on the size: first and last hold for this size"
    else:
        reason = reason or seen.form.text
    if node_axis is None and reason is None:
        reason = (
            f"the axis was collapsed at {actual.since}, so that it has no position any more"
            if actual.since
            else f"the position is spread over axes {sorted(actual.axes)}"
            if len(actual.axes) > 1
            else "the axis was taken away, so that it has no position any more"
        )
    zero = phases[0] if phases else None
    return Field(
        input=name,
        axis=axis,
        extent=extent,
        node_axis=node_axis,
        size=size,
        stride=stride,
        first=zero[0] if zero else None,
        last=zero[1] if zero else None,
        phases=phases,
        reason=reason,
        full=full,
        positions=Positions(first, last),
        widest=max(0, int((1 - low[0] - low[1]).max(initial=0))),
    )


def _indices(values: NDArray[np.integer]) -> tuple[int | None, ...]:
    """Pixel indices as Python numbers, None where nothing is seen."""
    found = values.tolist()
    if values.size and int(np.abs(values).max()) >= EMPTY:
        found = [None if abs(v) >= EMPTY else v for v in found]
    return tuple(found)


def fields_of(shapes: Shapes, fields: Fields, tensor: str) -> tuple[Field, ...]:
    """The fields of one tensor, one per image axis that it depends on."""
    shape = shapes.shapes.get(tensor)
    if shape is None:
        return ()
    found = []
    for (name, axis), seen in sorted(fields.get(tensor, {}).items(), key=lambda item: _order(shapes, item[0])):
        dims = shapes.network.inputs[name].dims
        dynamic = dims is None or not isinstance(dims[axis], int)
        found.append(field((name, axis), seen, shape, shapes.shapes[name][axis], dynamic=dynamic))
    return tuple(found)


def _order(shapes: Shapes, source: Source) -> tuple[int, int]:
    return list(shapes.network.inputs).index(source[0]), source[1]


def windows(
    shapes: Shapes,
    fields: Fields,
    touched: Mapping[str, Marks],
    spatial: Mapping[str, tuple[int, ...]],
) -> tuple[WindowNode, ...]:
    """All window nodes in graph order, and reductions that collapse every image axis of an input."""
    found = []
    for node in shapes.nodes:
        slid = shapes.geometries.get(node.key)
        if slid is not None:
            found.append(_window(shapes, node, slid, fields, touched.get(node.key)))
        elif is_window(node):
            found.append(_unplaced(shapes, node))
        elif node.op in REDUCTIONS and not node.domain and node.key in shapes.shapes:
            reduced = _reduction(shapes, node, fields, spatial)
            if reduced is not None:
                found.append(reduced)
    return tuple(found)


def _window(shapes: Shapes, node: Node, slid: Geometry, fields: Fields, marks: Marks | None) -> WindowNode:
    tensor = node.inputs[slid.data]
    shape = shapes.shapes[tensor]
    counted: Dropped | None = None
    if slid.kind in (Kind.CONVOLUTION, Kind.POOL) and marks is not None:
        counted = dropped(slid, marks, [hollow(fields, tensor, axis, shape[axis]) for axis in slid.axes])
    macs, parameters = _cost(shapes, node, slid)
    return WindowNode(
        name=node.name,
        op=node.op,
        output=node.key,
        kernel=tuple(w.kernel for w in slid.windows),
        stride=tuple(w.stride for w in slid.windows),
        dilation=tuple(w.dilation for w in slid.windows),
        padding_begin=tuple(w.begin for w in slid.windows),
        padding_end=tuple(w.end for w in slid.windows),
        output_padding=tuple(w.output_padding for w in slid.windows) if slid.kind is Kind.TRANSPOSED else None,
        input_shape=shape,
        output_shape=shapes.shapes[node.key],
        spatial_axes=slid.axes,
        macs=macs,
        parameters=parameters,
        dropped=counted,
        source=source_of(node),
        fields=fields_of(shapes, fields, node.key),
    )


def _unplaced(shapes: Shapes, node: Node) -> WindowNode:
    """A window node that cannot run at this size, or behind one that cannot, with the file's own numbers."""
    kernel = node.integers("kernel_shape") or next(
        (shapes.shapes[name][2:] for name in node.inputs[1:2] if name in shapes.shapes), ()
    )
    count = len(kernel)
    pads = node.integers("pads") or (0,) * 2 * count
    return WindowNode(
        name=node.name,
        op=node.op,
        output=node.key,
        kernel=kernel,
        stride=node.integers("strides") or (1,) * count,
        dilation=node.integers("dilations") or (1,) * count,
        padding_begin=pads[:count],
        padding_end=pads[count:],
        output_padding=None,
        input_shape=shapes.shapes.get(node.inputs[0]) if node.inputs else None,
        output_shape=None,
        spatial_axes=tuple(range(2, 2 + count)),
        macs=None,
        parameters=None,
        dropped=None,
        source=source_of(node),
        fields=(),
    )


def _cost(shapes: Shapes, node: Node, slid: Geometry) -> tuple[int | None, int | None]:
    """Multiply-adds for one batch element, and weights with bias. A pooling has neither."""
    if slid.weight is None:
        return 0, 0
    weight = shapes.shapes[node.inputs[slid.weight]]
    places = (w.length if slid.kind is Kind.TRANSPOSED else w.size for w in slid.windows)
    bias = 0
    at = {"QLinearConv": 8}.get(node.op, 2)
    if node.op != "ConvInteger" and len(node.inputs) > at and node.inputs[at]:
        bias = math.prod(shapes.shapes.get(node.inputs[at], (0,)))
    return math.prod(places) * math.prod(weight), math.prod(weight) + bias


def _reduction(shapes: Shapes, node: Node, fields: Fields, spatial: Mapping[str, tuple[int, ...]]) -> WindowNode | None:
    """A ReduceX that collapses all image axes of an input: a global pooling by another name."""
    tensor = node.inputs[0]
    seen = fields.get(tensor, {})
    try:
        axes = reduced_axes(shapes.placed(node))
    except UnresolvedError:
        return None
    shape = shapes.shapes[tensor]
    for name, own in spatial.items():
        running = [seen[name, axis].actual.axes for axis in own if (name, axis) in seen]
        if not own or len(running) < len(own) or not all(len(r) == 1 and r <= set(axes) for r in running):
            continue
        over = tuple(next(iter(r)) for r in running)
        if len(set(over)) < len(over):
            continue
        return WindowNode(
            name=node.name,
            op=node.op,
            output=node.key,
            kernel=tuple(shape[axis] for axis in over),
            stride=(1,) * len(over),
            dilation=(1,) * len(over),
            padding_begin=(0,) * len(over),
            padding_end=(0,) * len(over),
            output_padding=None,
            input_shape=shape,
            output_shape=shapes.shapes[node.key],
            spatial_axes=over,
            macs=0,
            parameters=0,
            dropped=None,
            source=source_of(node),
            fields=fields_of(shapes, fields, node.key),
        )
    return None


def ladder(windows: Sequence[WindowNode]) -> tuple[Rung, ...]:
    """The windows that coarsen the map, grouped by the effective stride that they bring it to."""
    rungs: dict[tuple[tuple[Fraction, ...], tuple[int, ...]], list[str]] = {}
    for window in windows:
        if window.dropped is None or window.output_shape is None or max(window.stride) == 1:
            continue
        strides = _strides(window)
        if strides is None:
            continue
        size = tuple(window.output_shape[axis] for axis in window.spatial_axes)
        rungs.setdefault((strides, size), []).append(window.output)
    return tuple(Rung(stride, size, tuple(nodes)) for (stride, size), nodes in rungs.items())


def _strides(window: WindowNode) -> tuple[Fraction, ...] | None:
    """Effective stride per spatial axis of the node, of the first input that runs along all of them."""
    for name in dict.fromkeys(f.input for f in window.fields):
        own = {f.node_axis: abs(f.stride) for f in window.fields if f.input == name and f.stride is not None}
        found = [own.get(axis) for axis in window.spatial_axes]
        known = [stride for stride in found if stride is not None]
        if known and len(known) == len(found):
            return tuple(known)
    return None


def matching(shapes: Shapes, patterns: Sequence[str]) -> tuple[str, ...]:
    """Tensors whose name, or whose node's name, matches one of the patterns, in graph order."""
    found = []
    for node in shapes.nodes:
        for i, name in enumerate(node.outputs):
            names = (name, node.name) if i == 0 else (name,)
            if name in shapes.shapes and any(fnmatchcase(n, p) for n in names if n for p in patterns):
                found.append(name)
    return tuple(found)


def claims(shapes: Shapes, windows: Sequence[WindowNode], unseen: Sequence[Unseen]) -> Claims:
    """What verification is asked to hold against running."""
    producers = {name: node.name or None for node in shapes.nodes for name in node.outputs if name}
    own = {name for node in shapes.nodes for name in node.outputs}
    return Claims(
        shapes={name: shape for name, shape in shapes.shapes.items() if name in own},
        fields=[
            FieldClaim(
                input=f.input,
                axis=f.axis,
                tensor=window.output,
                node=window.name or None,
                node_axis=f.node_axis,
                first=f.positions.first,
                last=f.positions.last,
                full=(f.full.first, f.full.last) if f.full else None,
            )
            for window in windows
            for f in window.fields
        ],
        unseen=unseen,
        nodes=producers,
    )


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
    """Everything in one frozen piece."""
    proto = model.proto
    flows = ((node, [name for name in node.inputs if name in live]) for node in shapes.nodes)
    merges, edges = window_flow(flows, {w.output for w in inspection.windows})
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
        findings=tuple(sorted(findings, key=lambda f: (-f.severity.rank, f.rule != "unseen-input"))),
        verification=verification,
        merges=merges,
        edges=edges,
    )


def tensor(shapes: Shapes, fields: Fields, name: str) -> TensorReport:
    """Shape and fields of one tensor."""
    return TensorReport(name, shapes.shapes.get(name), fields_of(shapes, fields, name), shapes.unknown.get(name))
