"""The operators of ai.onnx.ml that run on numbers, and the losses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.reads.running import Case, around, integers

ML = "ai.onnx.ml"


def cases() -> Iterator[Case]:
    """Every case."""
    x = around(x=(2, 3))
    yield Case("Scaler", x, {}, {"offset": [0.1, 0.2, 0.3], "scale": [1.0, 2.0, 3.0]}, domain=ML)
    yield Case("Binarizer", x, {}, {"threshold": 1.0}, domain=ML, tries=4)
    yield Case("Imputer", x, {}, {"imputed_value_floats": [0.0], "replaced_value_float": -99.0}, domain=ML)
    for norm in ("MAX", "L1", "L2"):
        yield Case("Normalizer", x, {}, {"norm": norm}, domain=ML, tries=12, scatter=0.9)
    yield Case("LinearRegressor", x, {}, {"coefficients": [0.5] * 6, "intercepts": [0.1, 0.2], "targets": 2}, domain=ML)
    yield Case("ArrayFeatureExtractor", x, integers(i=[2, 0]), domain=ML)
    yield Case("FeatureVectorizer", around(a=(2, 2), b=(2, 3)), {}, {"inputdimensions": [2, 3]}, domain=ML)
    labels = np.array([1, 0], np.int64)
    for op in ("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"):
        for reduction in ("none", "mean", "sum"):
            yield Case(op, around(x=(2, 3)), {"t": labels}, {"reduction": reduction}, 13, within=True)
    targets = {"t": np.array([[1, 0], [2, 2]], np.int64)}
    yield Case("SoftmaxCrossEntropyLoss", around(x=(2, 3, 2)), targets, {"reduction": "none"}, 13, jump=1)
    yield Case(
        "SoftmaxCrossEntropyLoss", around(x=(2, 3, 2)), targets, {"reduction": "mean"}, 13,
        outputs=2, watched=(0, 1), jump=1,
    )  # fmt: skip
