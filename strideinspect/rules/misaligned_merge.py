"""Merged branches are spatially misaligned.

## What it does

Compares where the indices of the maps lie that are merged by an elementwise operator or by a Concat along channels:
the centers of their fields, averaged over phases, along all paths to each of them. If one of the maps was upsampled, or
they are at most half an index apart and an even kernel is the reason, the finding is a note.

Four cases are not reported. Along a single axis, fields that end at the same pixel belong to causal convolutions,
which depend on different lengths of the past. Shifted copies of maps are intended where a Concat joins them or three or
more are multiplied: YOLOv5 and YOLOX use slices to move resolution into channels, NASNet halves a map by its even and
its odd pixels, and cost volumes and correlation layers compare maps at many shifts. A map minus its own slice is a
filter written by hand: a finite difference, or the pre-emphasis of speech. The steps of an unrolled recurrence, each a
single index, are not maps.

## Why it is bad

The merged values belong to different places in the image. TensorFlow's SAME padding causes this on even sizes: a 3×3
stride-2 convolution is centered one pixel further along than the 1×1 stride-2 shortcut next to it.

## Flagged

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,4,4] y)
        <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}, float[1,1,1,1] v = {1}> {
      block = Conv <auto_pad = "SAME_UPPER", strides = [2, 2]> (x, w)
      shortcut = Conv <auto_pad = "SAME_UPPER", strides = [2, 2]> (x, v)
      y = Add (block, shortcut)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,4,4] y)
        <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}, float[1,1,1,1] v = {1}> {
      block = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w)
      shortcut = Conv <strides = [2, 2]> (x, v)
      y = Add (block, shortcut)
    }

## What to do

What the help says: the same padding in both branches, an odd input size with SAME padding, other coordinates in the
Resize. Nothing, if half an index does not matter.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.nodes_before import last_resize, nodes_before
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_listed
from strideinspect.spelling import count, distance, listed

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.fields.merging import MapMerge, MergedMap
    from strideinspect.results.report import WindowNode
    from strideinspect.rules.inspection import Inspection


_SLICING = frozenset({"Slice", "Split", "Pad", "Mul", "Div", "Cast", "Identity"})
"""Operators that cut a map, and scale it by a number."""

_SHIFTS = 3
"""Copies of a map at so many places were shifted on purpose: one or two may be a mistake."""


@rule("alignment", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per merge whose branches lie apart along every path: the same one for all inputs behind them."""
    analysis = inspection.analysis
    apart_by: dict[Hashable, list[MapMerge]] = {}
    misplaced = [merge for merge in analysis.merges if merge.comparable and merge.apart > 0]
    shifts: dict[frozenset[str], set[frozenset[str]]] = {}
    for merge in misplaced:
        shifts.setdefault(_maps(analysis, merge), set()).add(frozenset(branch.tensor for branch in merge.branches))
    for merge in misplaced:
        # Maps that meet at three or more shifts are correlated, as in networks for optical flow.
        if len(shifts[_maps(analysis, merge)]) < _SHIFTS and not _shifted_on_purpose(analysis, merge):
            apart = merge.apart
            what = (merge.node.key, *(branch.tensor for branch in merge.ends), apart, merge.axes)
            apart_by.setdefault(what, []).append(merge)
    for alike in apart_by.values():
        merge = alike[0]
        low, high = merge.ends
        apart = merge.apart
        windows = _windows_between(analysis, low, high)
        by_design = apart <= abs(low.stride) / 2 and any(map(_even, windows))
        yield Draft(
            f"{merge.node.op} {merge.node.label}: its branches are spatially misaligned: {high.tensor} is centered "
            f"{distance(apart, len(analysis.spatial_axes[merge.input]))} after {low.tensor} along "
            f"{axes_listed(merge.axes)} of {listed([other.input for other in alike])}",
            _resize_advice(analysis, merge, low, high)
            or _window_advice(analysis, windows, by_design=by_design)
            or _crop_advice(low, apart),
            node=merge.node.key,
            input=merge.input,
            axes=merge.axes,
            severity=Severity.NOTE if merge.upsampled or by_design else None,
        )


def _maps(analysis: Analysis, merge: MapMerge) -> frozenset[str]:
    """The maps of which the branches are, cropped or padded or not; those of a Concat are themselves."""
    if merge.node.op == "Concat":
        return frozenset({merge.node.key})
    return frozenset(_uncropped(analysis, branch.tensor) for branch in merge.branches)


def _uncropped(analysis: Analysis, tensor: str) -> str:
    node = analysis.producers.get(tensor)
    while node is not None and node.op in {"Slice", "Pad"}:
        tensor = node.inputs[0]
        node = analysis.producers.get(tensor)
    return tensor


def _shifted_on_purpose(analysis: Analysis, merge: MapMerge) -> bool:
    """Whether copies of one map that were shifted, and perhaps subsampled, are joined as channels or make a filter.

    As channels, shifts of less than an index select other pixels of the map; three or more shifts are a cost volume or
    the like; two copies whole indices apart may be a mistake. A map minus its own slice, perhaps scaled, is a filter
    written by hand: a finite difference, or the pre-emphasis of speech.
    """
    from strideinspect.fields.merging import UPSAMPLERS  # imports numpy, which the list of rules does not need

    behind = [{node.key: node for node in nodes_before(analysis, branch.tensor)} for branch in merge.branches]
    shared = set(behind[0]).intersection(*behind[1:])
    own = {key: node for nodes in behind for key, node in nodes.items() if key not in shared}
    if merge.node.op == "Sub":
        return all(node.op in _SLICING for node in own.values())
    if merge.node.op != "Concat":
        return False
    windows = [window for window in analysis.windows if window.output in own]
    if any(node.op in UPSAMPLERS for node in own.values()) or any(max(window.kernel) > 1 for window in windows):
        return False
    places = {branch.least for branch in merge.branches}
    return len(places) >= _SHIFTS or merge.apart < abs(merge.branches[0].stride)


def _window_advice(analysis: Analysis, windows: Sequence[WindowNode], *, by_design: bool) -> str:
    """What to change of the windows that only one of the branches has; empty if they are not the reason."""
    even = [window.label for window in windows if _even(window)]
    lopsided = [window for window in windows if window.padding_begin != window.padding_end]
    if by_design:
        verb = "has an even kernel" if len(even) == 1 else "have even kernels"
        return f"{_few(even)} {verb}, centered between two indices: use odd kernels, or the same ones in both branches"
    if any(analysis.nodes[window.output].text("auto_pad", "NOTSET").startswith("SAME") for window in lopsided):
        return "use an odd input size, or explicit symmetric padding instead of SAME"
    odd = [window.label for window in lopsided if not _even(window)]
    return f"pad {_few(odd)} symmetrically" if odd else ""


def _crop_advice(low: MergedMap, apart: Fraction) -> str:
    """What moves the branch that lies before the other: its own index further along in its place."""
    if apart % abs(low.stride):
        return "use the same windows and padding in both branches"
    moved = count(int(apart / abs(low.stride)), "index")
    return (
        f"crop {moved} at the {'end' if low.stride < 0 else 'beginning'} of {low.tensor}, and pad as many at the other"
    )


def _resize_advice(analysis: Analysis, merge: MapMerge, low: MergedMap, high: MergedMap) -> str:
    """Whether other coordinates in the last Resize of a branch move it by this distance; empty if not.

    Half-pixel coordinates lie half the difference of the strides before asymmetric ones, which put index 0 on index 0.
    """
    for branch, moves in ((low, "asymmetric"), (high, "half_pixel")):
        node = last_resize(analysis, branch.tensor)
        if node is None:
            continue
        seen = analysis.fields.get(node.inputs[0], {}).get((merge.input, merge.axes[0]))
        stride = getattr(seen.form, "stride", None) if seen is not None else None
        if isinstance(stride, Fraction) and abs(stride - branch.stride) / 2 == high.least - low.most:
            kind = "linear interpolation and " if moves == "asymmetric" else ""
            return f"with {kind}coordinate_transformation_mode {moves}, {node.op} {node.label} would align them"
    return ""


def _windows_between(analysis: Analysis, low: MergedMap, high: MergedMap) -> list[WindowNode]:
    """The sliding windows in one of the branches, and not in both; neither transposed nor global ones."""
    one, other = ({node.key for node in nodes_before(analysis, branch.tensor)} for branch in (low, high))
    own = one ^ other
    return [window for window in analysis.windows if window.output in own and window.dropped is not None]


def _even(window: WindowNode) -> bool:
    """Whether the window covers an even number of indices along some axis: it is centered between two of them."""
    return any(d * (k - 1) % 2 for k, d in zip(window.kernel, window.dilation, strict=True))


def _few(labels: list[str]) -> str:
    return listed(labels if len(labels) < 4 else [*labels[:3], "others"])
