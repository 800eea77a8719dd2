"""What the values of small inputs decide: branches and shapes, which are not known without them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import onnx
from msgspec import Struct

from strideinspect.analysis import Analysis
from strideinspect.limits import MOST_CONTROL_VALUES
from strideinspect.model.network import INTEGERS
from strideinspect.model.node import Node


class Decided(Struct, frozen=True):
    """A node whose branch or output shape the values of these inputs decide."""

    node: Node
    inputs: tuple[str, ...]
    branch: bool


def decided_by_inputs(analysis: Analysis) -> Iterator[Decided]:
    """The nodes where something is unknown only because small inputs have no value, in graph order."""
    shapes = analysis.shapes
    behind = _control_inputs(analysis)
    if not any(behind.values()):
        return
    seen = set()
    for node in shapes.nodes:
        branch = node.key in shapes.joins
        known = all(name in shapes.shapes for name in node.inputs if name)
        ends = known and any(name in shapes.unknown for name in node.outputs if name)
        if not (branch or ends) or node.key in {problem.node.key for problem in shapes.problems}:
            continue
        names = node.inputs[:1] if branch else node.inputs
        inputs = tuple(dict.fromkeys(origin for name in names for origin in behind.get(name, ())))
        if inputs and (node.label, branch) not in seen:  # an If with several outputs has a node for each
            seen.add((node.label, branch))
            yield Decided(node, inputs, branch)


def compared_with(analysis: Analysis, name: str) -> str:
    """The number that a node compares an input with for equality, such as a sampling rate; empty without one."""
    for node in analysis.shapes.nodes:
        if node.op == "Equal" and not node.domain and name in node.inputs:
            for other in node.inputs:
                value = analysis.shapes.constants.known(other)
                if value is not None and value.size == 1:
                    return f"{value.reshape(-1)[0]}"
    return ""


def _control_inputs(analysis: Analysis) -> Mapping[str, tuple[str, ...]]:
    """Per tensor that only small inputs decide, those inputs. Texts are data."""
    shapes = analysis.shapes
    behind: dict[str, tuple[str, ...]] = {}
    for name, shape in analysis.sizes.items():
        few = math.prod(shape) <= MOST_CONTROL_VALUES and shapes.dtypes.get(name) != onnx.TensorProto.STRING
        if few and (shapes.dtypes.get(name) in INTEGERS or len(shape) < 2):
            behind[name] = (name,)
    dependent = analysis.data_dependent
    for node in shapes.nodes if behind else ():
        data = [name for name in node.inputs if name in dependent]
        if data and all(name in behind for name in data):
            origins = tuple(dict.fromkeys(origin for name in data for origin in behind[name]))
            behind |= dict.fromkeys(filter(None, node.outputs), origins)
    return behind
