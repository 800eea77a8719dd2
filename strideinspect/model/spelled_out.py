"""How to write a node so that the standard and every runtime agree with what onnxruntime makes of it."""

from __future__ import annotations

from strideinspect.model.geometry import Geometry
from strideinspect.model.node import Node
from strideinspect.spelling import listed


def spelled_out(node: Node, geometry: Geometry | None, larger: str) -> str:
    """The advice for a node on whose output shape they disagree; it names only attributes that the node has.

    `larger` is the advice to use a larger input, for a pool that is wider than its map.
    """
    if geometry is None:
        return _resize(node)
    if node.has("output_shape"):
        return "write pads and output_padding instead of output_shape"
    begin = [w.begin for w in geometry.windows]
    if min(begin) < 0:
        return "crop the map before this node, and write its auto_pad as pads of 0"
    end = [w.end + w.overhang for w in geometry.windows]
    pads = f"pads = {[*begin, *end]}"
    written = [name for name in ("auto_pad", "ceil_mode") if node.has(name)]
    if any(end) or any(begin):
        rest = f" instead of {listed(written)}" if written else ""
        return f"write {pads}{rest}" + ("" if written else f"; or {larger}")
    return f"leave out {listed(written)}: the size is the same without it" if written else larger


def _resize(node: Node) -> str:
    if node.has("keep_aspect_ratio_policy"):
        return "write the sizes that it makes, without keep_aspect_ratio_policy"
    if node.op == "Upsample" or node.version < 11:
        return "use whole scales"
    return "give it sizes instead of scales"
