"""Indexing: with constant indices, each output index reads the input index that is listed for it.

Source: ONNX Gather; ai.onnx.ml ArrayFeatureExtractor.
"""

from __future__ import annotations

import math

import numpy as np

from strideinspect.model.node import PlacedNode, UnresolvedError, normal_axis
from strideinspect.reads.families import everything, reads
from strideinspect.reads.index_tables import pick, unfollowed
from strideinspect.reads.steps import Broadcast, Read, Reshape, Step


@reads("Gather")
def gather(placed: PlacedNode) -> tuple[Read, ...]:
    """Exact for constant indices; for computed ones the data is read whole and the indices elementwise."""
    shape, after = placed.shape(0), placed.output_shape()
    axis = normal_axis(placed.node.integer("axis", 0), len(shape))
    length = shape[axis]
    table = placed.constant(1)
    if table is None:
        label = f"Gather {placed.node.label!r} selects by {unfollowed(placed)}"
        chosen = placed.shape(1)
        aligned = (1,) * axis + chosen + (1,) * (len(shape) - axis - 1)
        index = Read(1, 0, (Reshape(chosen, aligned), Broadcast(aligned, after)))
        return (*everything(placed, label, [0]), index)
    flat = table.reshape(-1).astype(np.int64)
    flat = np.where(flat < 0, flat + length, flat)
    moves: list[Step] = [pick(axis, length, flat, placed.node.label)]
    picked = (*shape[:axis], math.prod(table.shape), *shape[axis + 1 :])
    if picked != after:
        moves.append(Reshape(picked, after))
    return (Read(0, 0, tuple(moves)),)


@reads("ArrayFeatureExtractor", domain="ai.onnx.ml")
def extract_features(placed: PlacedNode) -> tuple[Read, ...]:
    """A Gather along the last axis."""
    shape, after, chosen = placed.shape(0), placed.output_shape(), placed.constant(1)
    if chosen is None:
        raise UnresolvedError(f"it selects by {unfollowed(placed)}")
    axis = len(shape) - 1
    picked = (*shape[:-1], chosen.size)
    moves = [pick(axis, shape[axis], chosen.reshape(-1).astype(np.int64), placed.node.label)]
    return (Read(0, 0, (*moves, *((Reshape(picked, after),) if picked != after else ()))),)
