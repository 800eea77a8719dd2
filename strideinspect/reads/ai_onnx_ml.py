"""Classical machine learning: scalers are elementwise; classifiers and trees read whole rows.

Source: the operators of ai.onnx.ml.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode
from strideinspect.reads.elementwise import parameter
from strideinspect.reads.families import everything, reads
from strideinspect.reads.steps import (
    AxisPart,
    Broadcast,
    Read,
    Reshape,
    Statistics,
    Whole,
)

_DOMAIN = "ai.onnx.ml"


@reads("Scaler", "Binarizer", "Imputer", "LabelEncoder", "CategoryMapper", domain=_DOMAIN, preserves=True)
def feature_by_feature(placed: PlacedNode) -> tuple[Read, ...]:
    """Elementwise; the remaining inputs are parameters."""
    return (Read(0), *(parameter(placed, i) for i in range(1, len(placed.node.inputs)) if placed.present(i)))


@reads("Normalizer", domain=_DOMAIN)
def normalizer(placed: PlacedNode) -> tuple[Read, ...]:
    """Each index reads itself and, through the norm, its whole row."""
    return (Read(0, 0, (Statistics((len(placed.shape(0)) - 1,)),)),)


@reads("LinearClassifier", "LinearRegressor", "SVMClassifier", "SVMRegressor", domain=_DOMAIN)
@reads("TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor", domain=_DOMAIN)
def row_by_row(placed: PlacedNode) -> tuple[Read, ...]:
    """The label and scores of a sample read all of its features."""
    shape = placed.shape(0)
    if len(shape) != 2:
        return everything(placed)
    row_reads = []
    for k, name in enumerate(placed.node.outputs):
        after = placed.shapes.get(name)
        if after is None or after[:1] != shape[:1]:
            row_reads += [read for read in everything(placed, None, [0]) if read.output == k]
            continue
        column = (shape[0], *(1,) * (len(after) - 1))
        steps = (Whole(1, shape[1], collapses=False), Reshape((shape[0], 1), column), Broadcast(column, after))
        row_reads.append(Read(0, k, steps))
    return tuple(row_reads)


@reads("OneHotEncoder", domain=_DOMAIN)
def one_hot(placed: PlacedNode) -> tuple[Read, ...]:
    """Each value is broadcast along the new last axis."""
    shape, after = placed.shape(0), placed.output_shape()
    wide = (*shape, 1) if len(after) == len(shape) + 1 else after
    if wide == after or len(wide) != len(after):
        return everything(placed)
    return (Read(0, 0, (Reshape(shape, wide), Broadcast(wide, after))),)


@reads("FeatureVectorizer", domain=_DOMAIN)
def side_by_side(placed: PlacedNode) -> tuple[Read, ...]:
    """Concatenate the features of all inputs."""
    offset, stretches, after = 0, [], placed.output_shape()
    for i in range(len(placed.node.inputs)):
        shape = placed.shape(i)
        if len(shape) != 2 or len(after) != 2 or offset + shape[1] > after[1]:
            return everything(placed)
        stretches.append(Read(i, 0, (), AxisPart(1, offset, shape[1], after[1])))
        offset += shape[1]
    return tuple(stretches)


@reads("CastMap", "DictVectorizer", "ZipMap", domain=_DOMAIN)
def maps(placed: PlacedNode) -> tuple[Read, ...]:
    """Read everything: dictionaries have no indices."""
    return everything(placed, f"{placed.node.op} {placed.node.label!r} works on dictionaries, which have no indices")
