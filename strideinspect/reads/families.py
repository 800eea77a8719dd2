"""Operator families: which function describes the reads of an operator. Each family module registers its operators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module

from msgspec import Struct

from strideinspect.errors import UsageError
from strideinspect.model.declared_operators import ELEMENTWISE
from strideinspect.model.foreign_shapes import GROUP
from strideinspect.model.node import Node, PlacedNode, UnresolvedError
from strideinspect.model.window import MisfitError
from strideinspect.nearest_name import nearest_name
from strideinspect.plugins import load_plugins
from strideinspect.reads.steps import Everything, Read
from strideinspect.settings import Operator

Describe = Callable[[PlacedNode], tuple[Read, ...]]


class Family(Struct, frozen=True):
    """A family of operators and its description. `preserves`: indices are kept apart, so the output is the same map."""

    name: str
    describe: Describe
    preserves: bool


_FAMILIES: dict[tuple[str, str], Family] = {}
_MODULES = (
    "attention",
    "ai_onnx_ml",
    "control",
    "convolution",
    "data_dependent",
    "elementwise",
    "gather",
    "joining",
    "matrix",
    "max_unpooling",
    "movement",
    "nothing",
    "normalisation",
    "padding",
    "scatter_gather",
    "pooling",
    "recurrence",
    "reduction",
    "resizing",
    "signal",
    "slicing",
    "training",
)


def reads(*operators: str, domain: str = "", preserves: bool = False) -> Callable[[Describe], Describe]:
    """Register a function that describes what these operators read.

    It is called with a node whose inputs and outputs have known shapes, and returns its reads; UnresolvedError, with
    the reason, says that they depend on values that are not known before the model runs. `preserves` states that the
    operator keeps indices apart and in place (an activation, a transpose), so that its output counts as the same map.

    Raises ValueError for an operator that is registered already.
    """

    def register(describe: Describe) -> Describe:
        family = Family(describe.__module__.rsplit(".", 1)[-1].replace("_", "-"), describe, preserves)
        for operator in operators:
            if (domain, operator) in _FAMILIES:
                raise ValueError(f"{operator} of domain {domain!r} already has a family")
            _FAMILIES[domain, operator] = family
        return describe

    return register


@cache
def families() -> dict[tuple[str, str], Family]:
    """Every described operator, by (domain, operator); those of installed packages once they have been loaded."""
    for module in _MODULES:
        import_module(f"strideinspect.reads.{module}")
    return _FAMILIES


def family_of(node: Node) -> Family | None:
    """The family of a node's operator, or None for one that is not described.

    Raises UsageError where an installed package that adds operators cannot be loaded.
    """
    key = ELEMENTWISE if node.declared is not None and not node.declared.like else (node.domain, node.op)
    if key not in families():
        load_plugins(GROUP)  # reading entry points takes time, so it is done only for an unknown operator
    return families().get(key)


def refuse_misdeclared(operators: Mapping[str, Operator]) -> None:
    """Raise UsageError where the settings declare an operator that is known, or one that is like an unknown one."""
    for name, declared in operators.items():
        domain, _, operator = name.rpartition(":")
        if (domain, operator) in families():
            raise UsageError(f"operators: {name} is known and cannot be declared", "remove it from the configuration")
        if declared.like and ("", declared.like) not in families():
            names = sorted(known for own, known in families() if not own)
            near = nearest_name(declared.like, names, cutoff=0.5)
            hint = f"did you mean {near}?" if near else 'write "elementwise", or "like" and a standard operator'
            raise UsageError(f"operators: {name} is like {declared.like!r}, which is not a standard operator", hint)


def describe(placed: PlacedNode) -> tuple[Read, ...]:
    """What a node reads. One that cannot be described reads the whole of every input, and the reads say why."""
    node = placed.node
    family = family_of(node)
    if family is None:
        where = f"of domain {node.domain!r} " if node.domain else ""
        return everything(placed, f"the operator {node.op} {where}is not known")
    try:
        return family.describe(placed)
    except UnresolvedError as error:
        return everything(placed, f"{node.op} {node.label!r}: {error}")
    except (ValueError, IndexError, TypeError, ArithmeticError) as error:
        return everything(placed, f"{node.op} {node.label!r} does not fit its inputs ({error})")
    except MisfitError as error:
        return everything(placed, f"{node.op} {node.label!r} cannot run at this size: {error}")


def everything(placed: PlacedNode, reason: str | None = None, inputs: Iterable[int] | None = None) -> tuple[Read, ...]:
    """Every output reads the whole of these inputs, by default all."""
    chosen = range(len(placed.node.inputs)) if inputs is None else inputs
    return tuple(
        Read(i, k, (Everything(placed.shape(i), placed.shapes[name], reason),))
        for k, name in enumerate(placed.node.outputs)
        if name in placed.shapes
        for i in chosen
        if placed.present(i)
    )
