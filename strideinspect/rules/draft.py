"""A finding as a rule states it; the registry adds the rule's id, its severity and the place in the model."""

from __future__ import annotations

from dataclasses import dataclass

from strideinspect.results.field import Span
from strideinspect.results.report import Severity


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding as a rule states it; the registry adds the rule and the node's name and source.

    `node` is the first output of the node concerned: its name, its source line and its place in the file are added.
    `tensor` is the tensor concerned where it is another one: a graph output, for example, which needs no `node`.
    `input` is a graph input. `axes` are axes of the graph input where `input` is given, else of the node's own input;
    `ranges` (indices), `pixels` (number of indices) and `sizes` (extents to use instead) hold for each of them.
    `severity` lowers the rule's own severity. `written_by` is the tensor whose node's source line the finding points
    at, where that is not `node`. `any_size` says whether this one is so at every input size, where the rule's findings
    differ in that.
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
    any_size: bool | None = None
