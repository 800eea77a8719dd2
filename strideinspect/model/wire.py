"""Protobuf wire format: copy an ONNX file's bytes without the payloads of its tensors.

Only messages of more than `LIMIT` bytes are entered, so that the work grows with the number of nodes and
tensors and not with what they weigh. Where each left-out payload and each node lies in the file is written into the
message's own `metadata_props`: these travel with copies, sorting and inlining.

Source: https://protobuf.dev/programming-guides/encoding/ and onnx-ml.proto (field numbers).
"""

from __future__ import annotations

import re
from mmap import mmap
from typing import Final

LIMIT: Final = 1024
"""Payloads of more bytes than this stay in the file."""

_MAX_DEPTH: Final = 100  # what protobuf itself allows
_MAX_FIELDS: Final = 20_000_000  # some seconds; the largest exports known have a hundredth of it

_VARINT, _FIXED64, _BYTES, _GROUP, _END_GROUP, _FIXED32 = range(6)
_METADATA_PROPS: Final = {"node": 9, "tensor": 16}

# Message kind -> field number -> kind of the sub-message, as far as it can hold tensors.
_CHILDREN: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_PAYLOADS: Final = frozenset(
    {4, 5, 6, 7, 9, 10, 11}
)  # of TensorProto: float_data ... uint64_data, raw_data, string_data

# A run of payload elements each under a tag of its own, in one step: fields 4 (fixed32), 5, 7, 11 (varint), 10 (fixed64).
_UNPACKED: Final = re.compile(rb"(?:\x25.{4}|[\x28\x38\x58][\x80-\xff]{0,9}+[\x00-\x7f]|\x51.{8})++", re.DOTALL)


class WireError(Exception):
    """The bytes are no well-formed protobuf; the message says what is wrong at which offset."""


def reduce(data: mmap | bytes, key: str) -> bytes:
    """The bytes of a ModelProto without tensor payloads over `LIMIT` bytes.

    A tensor that lost its payload gets the metadata entry `key` = "start:end,start:end,...", the spans of `data` that
    hold the payload fields with their tags; a node gets `key` = "start:length", its own message without its tag.
    Raises WireError where a field runs past the end of its message, or the nesting is deeper than protobuf allows.
    """
    return _Reducer(data, key).model()


class _Reducer:
    __slots__ = ("_data", "_fields", "_key")

    def __init__(self, data: mmap | bytes, key: str) -> None:
        self._data = data
        self._key = key.encode()
        self._fields = 0

    def model(self) -> bytes:
        size = len(self._data)
        try:
            changed = self._message(0, size, "model", 0)
        except IndexError:
            raise WireError(f"it ends in the middle of a field, at byte {size:,}") from None
        return self._data[:] if changed is None else changed

    def _message(self, start: int, end: int, kind: str, depth: int) -> bytes | None:
        """The message at data[start:end] without payloads, or None where there is nothing to leave out."""
        if depth > _MAX_DEPTH:
            raise WireError(f"messages (subgraphs) are nested more than {_MAX_DEPTH} deep at byte {start:,}")
        if kind == "tensor":
            return self._tensor(start, end)
        data, children = self._data, _CHILDREN[kind]
        chunks: list[bytes] = []
        kept = pos = start  # data[kept:pos] goes over unchanged
        while pos < end:
            self._fields += 1
            tag_at = pos
            tag = data[pos]
            pos += 1
            if tag >= 0x80:
                tag, pos = self._varint(tag_at)
            if tag & 7 != _BYTES:
                pos = self._skip(tag, pos, end)
                continue
            length = data[pos]
            pos += 1
            if length >= 0x80:
                length, pos = self._varint(pos - 1)
            body = pos
            pos += length
            if pos > end:
                raise WireError(_past_the_end(body, length, end))
            child = children.get(tag >> 3)
            if child is None:
                continue
            new = self._message(body, pos, child, depth + 1) if length > LIMIT else None
            if child == "node":
                new = (data[body:pos] if new is None else new) + self._entry(child, f"{body}:{length}")
            if new is not None:
                chunks += (data[kept:tag_at], _encode(tag), _encode(len(new)), new)
                kept = pos
        if pos > end:
            raise WireError(_past_the_end(pos, 0, end))
        if self._fields > _MAX_FIELDS:
            raise WireError(f"it consists of more than {_MAX_FIELDS:,} fields")
        if not chunks:
            return None
        chunks.append(data[kept:end])
        return b"".join(chunks)

    def _tensor(self, start: int, end: int) -> bytes | None:
        """The TensorProto at data[start:end] without its payload, or None where that is small."""
        data = self._data
        spans: list[tuple[int, int]] = []
        weight = 0
        pos = start
        while pos < end:
            self._fields += 1
            tag_at = pos
            tag, pos = self._varint(pos)
            field = tag >> 3
            if tag & 7 == _BYTES:
                length, body = self._varint(pos)
                pos = body + length
                if pos > end:
                    raise WireError(_past_the_end(body, length, end))
            else:
                run = _UNPACKED.match(data, tag_at, end)
                pos = self._skip(tag, pos, end) if run is None else run.end()
            if field in _PAYLOADS:
                weight += pos - tag_at
                if spans and spans[-1][1] == tag_at:
                    spans[-1] = (spans[-1][0], pos)
                else:
                    spans.append((tag_at, pos))
        if self._fields > _MAX_FIELDS:
            raise WireError(f"it consists of more than {_MAX_FIELDS:,} fields")
        if weight <= LIMIT:
            return None
        chunks = []
        kept = start
        for first, last in spans:
            chunks.append(data[kept:first])
            kept = last
        chunks += (data[kept:end], self._entry("tensor", ",".join(f"{first}:{last}" for first, last in spans)))
        return b"".join(chunks)

    def _entry(self, kind: str, value: str) -> bytes:
        """A metadata_props entry of a node or a tensor."""
        text = value.encode()
        entry = b"\x0a" + _encode(len(self._key)) + self._key + b"\x12" + _encode(len(text)) + text
        return _encode(_METADATA_PROPS[kind] << 3 | _BYTES) + _encode(len(entry)) + entry

    def _varint(self, pos: int) -> tuple[int, int]:
        """The variable-length integer at `pos` and the offset behind it."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self._data[pos]
            pos += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, pos
        raise WireError(f"a number at byte {pos - 10:,} is longer than ten bytes")

    def _skip(self, tag: int, pos: int, end: int) -> int:
        """The offset behind the value of a field that is not length-delimited. Groups may nest, so no recursion."""
        groups: list[int] = []
        while True:
            field, wire = tag >> 3, tag & 7
            if field == 0 or wire > _FIXED32:
                raise WireError(f"byte {pos - 1:,} starts no field")
            if wire == _VARINT:
                _, pos = self._varint(pos)
            elif wire == _FIXED32:
                pos += 4
            elif wire == _FIXED64:
                pos += 8
            elif wire == _BYTES:
                length, pos = self._varint(pos)
                pos += length
            elif wire == _GROUP:
                groups.append(field)
            elif not groups or groups.pop() != field:
                raise WireError(f"byte {pos - 1:,} ends a group that has not begun")
            if pos > end:
                raise WireError(_past_the_end(pos, 0, end))
            if not groups:
                return pos
            self._fields += 1
            tag, pos = self._varint(pos)


def _past_the_end(body: int, length: int, end: int) -> str:
    return f"a field at byte {body:,} ({length:,} bytes) runs past the end of its message at byte {end:,}"


def _encode(value: int) -> bytes:
    """`value` as a variable-length integer."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
