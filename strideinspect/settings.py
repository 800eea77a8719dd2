"""What is asked of a model: frozen data, whether it comes from a configuration file, a command line or a caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from fractions import Fraction
from pathlib import Path
from typing import Literal, NamedTuple

from strideinspect.expectation import Expectation
from strideinspect.results.report import Severity

InputShapes = Mapping[str, Sequence[int]] | Sequence[int]
Verify = Literal["none", "run", "full"]


class Budget(NamedTuple):
    """Bounds on what one output may be like; None sets no bound.

    `max_stride` is in input pixels per index, `min_receptive_field` and `max_unseen` in pixels along each axis of an
    input, `max_macs` in multiply-adds for one batch element.
    """

    max_stride: Fraction | None = None
    min_receptive_field: int | None = None
    max_unseen: int | None = None
    max_macs: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that one may ask of a model; the defaults are those of the command line.

    `select`, `ignore` and the keys of `severity` are rules or groups; `fail_on` is None for never. The key "" of
    `input_shapes` stands for a model's only input. `budgets` are bounds by pattern of output names, later ones winning;
    `per_node_ignores` are rules or groups by pattern of a layer path, node name or output. `baseline` is the file of
    accepted findings.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    fail_on: Severity | None = Severity.ERROR
    input_shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    verify: Verify = "run"
    verify_timeout: float = 60.0
    tensors: tuple[str, ...] = ()
    expect: tuple[Expectation, ...] = ()
    budgets: tuple[tuple[str, Budget], ...] = ()
    per_node_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    baseline: Path | None = None

    def budget(self, output: str) -> Budget:
        """The bounds on one output: of every kind the last that is set for it."""
        found = Budget()
        for pattern, budget in self.budgets:
            if fnmatchcase(output, pattern):
                found = found._replace(**{kind: bound for kind, bound in budget._asdict().items() if bound is not None})
        return found
