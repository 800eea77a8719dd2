"""Losses and training steps: an unreduced loss reads the classes at its position, all others read everything.

Source: ONNX NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss; the operators of ai.onnx.preview.training.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode
from strideinspect.reads.elementwise import parameter
from strideinspect.reads.families import everything, reads
from strideinspect.reads.steps import Read, Reshape, Statistics, Whole


@reads("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss")
def loss(placed: PlacedNode) -> tuple[Read, ...]:
    """Without reduction the classes at the same position, else everything. The second output is the softmax."""
    probabilities = [k for k, name in enumerate(placed.node.outputs) if k == 1 and name]
    second = tuple(Read(0, k, (Statistics((1,)),)) for k in probabilities)
    if placed.node.text("reduction", "mean") != "none":
        return (*(r for r in everything(placed) if r.output == 0), *second)
    shape, after = placed.shape(0), placed.output_shape()
    scores = Read(0, 0, (Whole(1, shape[1], collapses=False), Reshape((shape[0], 1, *shape[2:]), after)))
    return (scores, Read(1), *((parameter(placed, 2),) if placed.present(2) else ()), *second)


@reads("Adagrad", "Adam", "Momentum", "Gradient", domain="ai.onnx.preview.training")
def training_step(placed: PlacedNode) -> tuple[Read, ...]:
    """Read everything: what a single output index reads is not described."""
    return everything(placed, f"{placed.node.op} {placed.node.label!r} is a step of training")
