"""Protobuf encoding by hand, for files that no library would write."""

from __future__ import annotations

from pathlib import Path

import onnx

OPSET_20 = b"\x42\x04\x0a\x00\x10\x14"  # ModelProto.opset_import (8): domain "" (1), version 20 (2)
IR_10 = b"\x08\x0a"  # ModelProto.ir_version (1)


def varint(value: int) -> bytes:
    """`value` in groups of seven bits, lowest first."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def message(number: int, body: bytes) -> bytes:
    """Field `number` holding a sub-message, a string or a packed list."""
    return varint(number << 3 | 2) + varint(len(body)) + body


def model(graph: bytes) -> bytes:
    """A ModelProto around the bytes of a GraphProto."""
    return IR_10 + message(7, graph) + OPSET_20


def save(path: Path, data: bytes | onnx.ModelProto) -> Path:
    """Write a file, whatever is in it; its path."""
    path.write_bytes(data if isinstance(data, bytes) else data.SerializeToString())
    return path
