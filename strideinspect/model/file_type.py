"""Recognise, by its first bytes, what kind of file something is if it is not an ONNX model."""

from __future__ import annotations

import codecs
import re
from typing import Final

_EXPORT_TORCH: Final = "export the network with torch.onnx.export and give that file"
_EXPORT_KERAS: Final = 'export it with model.export("model.onnx", format="onnx") and give that file'
_UNPACK: Final = "unpack it and give the .onnx file inside"

# (pattern at the file's start, what it is, what to do); the first that matches counts.
_KNOWN: Final[tuple[tuple[bytes, str, str], ...]] = (
    (rb"version https://git-lfs", "a Git LFS pointer", "run `git lfs pull` to fetch the model itself"),
    (rb"PK\x03\x04.{26}[^/]+/((data|constants)[./]|\.)", "a PyTorch model or checkpoint", _EXPORT_TORCH),
    (rb"PK\x03\x04.{26}(metadata|config)\.json", "a Keras model", _EXPORT_KERAS),
    (
        rb"PK(\x03\x04|\x05\x06)",
        "a zip archive",
        _UNPACK + " (a PyTorch checkpoint is a zip archive too: export it first)",
    ),
    (rb"\x80[\x02-\x05]", "a Python pickle, such as an old PyTorch checkpoint", _EXPORT_TORCH),
    (
        rb"\x08\x01\x12[\x80-\xff]{1,4}[\x00-\x7f]\x0a",  # version 1, then a long message
        "a TensorFlow SavedModel",
        "convert its directory with `python -m tf2onnx.convert --saved-model`",
    ),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file, such as a Keras model", _EXPORT_KERAS),
    (rb".{4}TFL3", "a TensorFlow Lite model", "convert it with `python -m tf2onnx.convert --tflite`"),
    (rb".{4}ORTM", "an onnxruntime .ort model", "give the .onnx file that it was made from"),
    (rb".{8}\{\"", "a safetensors file: weights without a network", _EXPORT_TORCH),
    (rb"GGUF", "a GGUF file", "give the .onnx export of the network"),
    (rb"\x1f\x8b|\x28\xb5\x2f\xfd|BZh|\xfd7zXZ|7z\xbc\xaf", "a compressed file", _UNPACK),
    (rb".{257}ustar", "a tar archive", _UNPACK),
    (
        rb'\s*\{\s*"schema": *"strideinspect/baseline/',
        "a baseline of strideinspect",
        "write --baseline FILE, and the model",
    ),
    (rb'\s*\{\s*"schema": *"strideinspect/', "a report of strideinspect", "give the model that was inspected"),
    (rb"\s*(\{\s*[\"}]|\[\s*[\[{\"\d\]])", "a JSON file", "check which file was meant; ONNX models end in .onnx"),
    (rb"(?i)\s*(<!doctype html|<html)", "a web page", "the download failed; fetch the raw file"),
)


def describe(head: bytes) -> tuple[str, str] | None:
    """What the file with these first bytes (4 KiB are enough) is, and what to do about it; None if unknown."""
    for pattern, what, remedy in _KNOWN:
        if re.match(pattern, head, re.DOTALL):
            return what, remedy
    if _is_text(head):
        return "a text file", "ONNX models are binary; check which file was meant"
    return None


def _is_text(head: bytes) -> bool:
    """Whether the bytes are UTF-8 without control characters; a character cut off at the end is allowed."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(text) and all(character.isprintable() or character in "\r\n\t\f" for character in text)
