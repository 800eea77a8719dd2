"""Shapes of models from text."""

from __future__ import annotations

from collections.abc import Mapping

import onnx
import onnx.parser

from strideinspect.model.inference import infer
from strideinspect.model.inputs import choose
from strideinspect.model.load import from_proto
from strideinspect.model.network import Network, prepare
from strideinspect.model.node import Shape
from strideinspect.model.shapes import Shapes


def network_of(model: str | onnx.ModelProto) -> Network:
    """The network of a model, or of one that is given as ONNX text."""
    return prepare(from_proto(onnx.parser.parse_model(model) if isinstance(model, str) else model))


def inferred(model: str | onnx.ModelProto, inputs: Mapping[str, Shape] | None = None) -> Shapes:
    """Every tensor's shape at these input sizes, or the declared ones."""
    network = network_of(model)
    return infer(network, choose(network, inputs).shapes)
