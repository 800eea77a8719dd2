"""The colours of figures: those of the page in its light scheme, in which effective strides are steps of viridis."""

from __future__ import annotations

from strideinspect.page import stride_colours
from strideinspect.results.report import WindowNode

INK, SOFT, LINE, BOX, PICK = "#1c2024", "#59626c", "#d9dee3", "#0b57c2", "#d6336c"
STEPS = ("#fde725", "#90d743", "#35b779", "#21918c", "#31688e", "#443983", "#440154")
NONE = "#e7eaed"


def of_stride(node: WindowNode) -> str:
    """The colour of a node's effective stride."""
    step = stride_colours.step(node.fields)
    return NONE if step is None else STEPS[step]


def on(colour: str) -> str:
    """A colour of text that can be read on it."""
    return "#ffffff" if colour in STEPS[4:] else INK
