"""Models that a host's project may have."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnx.parser

# Windows of 2 in steps of 2 over 8 rows read them all; over 9 rows the ninth is never used: a warning.
CLEAN = """<ir_version: 8, opset_import: ["" : 17]>
net (float[1,1,8,8] image) => (float[1,1,h,w] y) {
    [pool] y = MaxPool<kernel_shape=[2,2], strides=[2,2]>(image)
}"""
TRUNCATES = CLEAN.replace("8,8", "9,9")


def save(text: str, path: Path) -> Path:
    """Write a model from its text; its path."""
    onnx.save(onnx.parser.parse_model(text), path)
    return path
