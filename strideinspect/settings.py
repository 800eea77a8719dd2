"""What to inspect a model for: one frozen value, from a configuration file, a command line or a Python caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, structs

from strideinspect import arguments, input_arguments
from strideinspect.errors import UsageError
from strideinspect.expectation import Expectation
from strideinspect.results.report import Severity

InputShapes = Mapping[str, Sequence[int] | str] | Sequence[int] | Sequence[str] | str
"""Shapes of inputs: by name, one for the only input, or text as on the command line ("NAME=1,3,224,224")."""
InputValues = Mapping[str, object] | Sequence[str] | str
"""Values of inputs: by name (a value, nested sequences or an array), or text as on the command line ("sr=16000")."""
Verify = Literal["none", "run", "full"]
"""Nothing is run; shapes and fields are checked by running onnxruntime; enlarged inputs and the real weights too."""


class Budget(Struct, frozen=True):
    """Bounds for one graph output; None sets no bound.

    Attributes:
        max_stride: Largest effective stride, in pixels of a graph input per index of the output.
        min_receptive_field: Smallest theoretical receptive field, in pixels along each axis of a graph input.
        max_unseen: Most pixels that the output does not depend on, along each axis of a graph input.
        max_macs: Most multiply-adds of all window nodes that the output depends on, for one batch element.
        min_effective_radius: Smallest distance, in pixels from the center, within which 90 % of what moves the output
            may lie; judged with `Settings.erf` alone.
    """

    max_stride: Fraction | None = None
    min_receptive_field: int | None = None
    max_unseen: int | None = None
    max_macs: int | None = None
    min_effective_radius: int | None = None


class Operator(Struct, frozen=True):
    """How an operator reads that strideinspect does not know.

    Attributes:
        reads: "elementwise" (each output index reads the same index of the inputs), or "like Conv" with the name of any
            standard operator, whose attributes and inputs it then has.
        shape: Elements of the outputs per axis, 0 for as many as the first input has along this axis; None for the
            shape of the first input (elementwise) or of the operator that it is like.
    """

    reads: str = "elementwise"
    shape: tuple[int, ...] | None = None

    @property
    def like(self) -> str:
        """The standard operator that it is like; empty where it is elementwise."""
        return self.reads.removeprefix("like ") if self.reads.startswith("like ") else ""


class Settings(Struct, frozen=True):
    """Everything that can be asked of a model; the defaults are those of the command line.

    Plain spellings are converted: one text for a list of it (for `select` and `ignore` it may hold several names,
    separated by commas), severities by name, input shapes as in `InputShapes`, expectations as text, a dict for
    `budgets` and `per_node_ignores`, a path as text.

    Attributes:
        select: Only these rules or groups; empty for all.
        ignore: All rules or groups but these.
        severity: Severity by rule or group, in place of the rules' own.
        fail_on: Lowest severity that fails a run of the command line or a test; None for none.
        input_shapes: Elements per axis by input name; the key "" stands for the model's only input.
        input_values: Value of inputs by name, as nested tuples or as text ("1,3,16,16").
        verify: What to check by running onnxruntime.
        verify_timeout: Seconds after which verification is given up.
        tensors: Patterns (fnmatch) of names of tensors, nodes or layers whose fields are reported too.
        expect: Assertions on the geometry of tensors.
        budgets: Bounds by pattern (fnmatch) of output names; of each kind the last bound that matches holds.
        per_node_ignores: Rules or groups to ignore by pattern of a layer path, node name or output.
        timeout: Seconds after which a whole inspection is given up, by the command line and by `inspect_many`; None for
            no limit.
        baseline: File of accepted findings, which are removed from reports; None for none.
        operators: How operators read that strideinspect does not know, by "domain:operator"; by "operator" alone in
            the standard domain.
        erf: Whether to compute what the outputs really see, by gradients, for the rules about that.

    Raises UsageError for a value that an attribute cannot have. Names of rules, inputs and tensors, and sizes below 1,
    are checked when a model is inspected.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = {}
    fail_on: Severity | None = Severity.ERROR
    input_shapes: Mapping[str, Sequence[int]] = {}
    input_values: Mapping[str, object] = {}
    verify: Verify = "run"
    verify_timeout: float = 60.0
    tensors: tuple[str, ...] = ()
    expect: tuple[Expectation, ...] = ()
    budgets: tuple[tuple[str, Budget], ...] = ()
    per_node_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    baseline: Path | None = None
    timeout: float | None = None
    operators: Mapping[str, Operator] = {}
    erf: bool = False

    def __post_init__(self) -> None:
        operators = 'operators={"my.domain:Smooth": Operator("elementwise")}'
        ignores, bounds = 'per_node_ignores={"layer3*": ["stride-gap"]}', 'budgets={"*": Budget(max_stride=32)}'
        converted = {
            "select": arguments.names(self.select, "select"),
            "ignore": arguments.names(self.ignore, "ignore"),
            "severity": arguments.severities(self.severity),
            "fail_on": arguments.fail_on(self.fail_on),
            "input_shapes": input_arguments.input_shapes(self.input_shapes),
            "input_values": input_arguments.input_values(self.input_values),
            "verify": arguments.verify(self.verify),
            "verify_timeout": arguments.seconds(self.verify_timeout, "verify_timeout"),
            "tensors": arguments.texts(self.tensors, "tensors", '["layer3*"]'),
            "expect": arguments.expectations(self.expect),
            "budgets": arguments.by_pattern(self.budgets, "budgets", bounds, _budget),
            "per_node_ignores": arguments.by_pattern(
                self.per_node_ignores, "per_node_ignores", ignores, arguments.names
            ),
            "timeout": None if self.timeout is None else arguments.seconds(self.timeout, "timeout"),
            "baseline": arguments.file(self.baseline, "the baseline"),
            "erf": arguments.flag(self.erf, "erf"),
            "operators": dict(arguments.by_pattern(self.operators, "operators", operators, _operator)),
        }
        for name, value in converted.items():
            structs.force_setattr(self, name, value)

    def budget(self, output: str) -> Budget:
        """The bounds for one output, by its name: of every kind the last one whose pattern matches."""
        bounds = Budget()
        for pattern, budget in self.budgets:
            if fnmatchcase(output, pattern):
                given = {kind: bound for kind, bound in structs.asdict(budget).items() if bound is not None}
                bounds = structs.replace(bounds, **given)
        return bounds


def overridden(settings: object, **given: object) -> Settings:
    """The settings with every given attribute that is not None in place of their own: an empty value replaces, too.

    Raises UsageError where `settings` are none, and for a value that an attribute cannot have.
    """
    if isinstance(settings, Settings):
        attributes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return structs.replace(settings, **attributes)
    call = getattr(settings, "__name__", "settings_for")
    what, how = (call, f"write settings={call}(path)") if callable(settings) else (type(settings).__name__, "")
    raise UsageError(f"settings must be a Settings, not {what}", how or "write settings=Settings(...)")


def _budget(value: object, where: str) -> Budget:
    if not isinstance(value, Budget):
        raise UsageError(f"{where} must be a Budget", "write Budget(max_stride=32)")

    def whole(bound: int | None, kind: str, least: int) -> int | None:
        return None if bound is None else arguments.count(bound, f"{kind} in {where}", least)

    return Budget(
        None if value.max_stride is None else arguments.stride(value.max_stride, f"max_stride in {where}"),
        whole(value.min_receptive_field, "min_receptive_field", 1),
        whole(value.max_unseen, "max_unseen", 0),
        whole(value.max_macs, "max_macs", 1),
        whole(value.min_effective_radius, "min_effective_radius", 1),
    )


def _operator(value: object, where: str) -> Operator:
    if not isinstance(value, Operator):
        raise UsageError(f"{where} must be an Operator", 'write Operator("elementwise") or Operator("like Conv")')
    if value.reads != "elementwise" and not value.like:
        raise UsageError(f"{where}: reads cannot be {value.reads!r}", 'write "elementwise" or "like Conv"')
    if value.shape is None:
        return value
    return structs.replace(value, shape=tuple(arguments.count(size, f"shape in {where}", 0) for size in value.shape))
