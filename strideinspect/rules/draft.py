"""A finding as a rule states it; the registry adds the rule's id, its severity and the place in the model."""

from __future__ import annotations

from collections.abc import Hashable

from msgspec import Struct

from strideinspect.results.field import Span
from strideinspect.results.report import Severity


class Draft(Struct, frozen=True):
    """A finding as a rule states it; the registry adds the rule and the node's name and source.

    `node` is the first output of the node concerned: its name, its source line and its place in the file are added.
    `tensor` is the tensor concerned where it is another one: a graph output, for example, which needs no `node`.
    `input` is a graph input. `axes` are axes of the graph input where `input` is given, else of the node's own input;
    `ranges` (indices), `pixels` (number of indices) and `sizes` (extents to use instead) hold for each of them.
    `severity` lowers the rule's own severity. `written_by` is the tensor whose node's source line the finding points
    at, where that is not `node`. Drafts with the same `cause`, of one rule or of several, are one finding; without one,
    drafts of a rule are one finding if they say the same of several nodes (a layer used twice, both branches of a
    block, the steps of an unrolled recurrence). The most severe one stands for the others, else the first in the order
    of the graph that is no `consequence`. `any_size` says whether this one is so at every input size, where the rule's
    findings differ in that.
    """

    message: str
    help: str = ""
    node: str | None = None
    tensor: str | None = None
    input: str | None = None
    axes: tuple[int, ...] = ()
    ranges: tuple[Span, ...] = ()
    pixels: int | None = None
    sizes: tuple[int, ...] = ()
    severity: Severity | None = None
    written_by: str | None = None
    cause: Hashable | None = None
    consequence: bool = False
    any_size: bool | None = None
