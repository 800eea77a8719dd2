"""Protobuf wire format: an ONNX file's bytes without the payloads of its tensors.

Only messages of more than `MOST_PAYLOAD_BYTES` bytes are parsed, so that the time grows with the number of nodes and
tensors and not with the size of the weights. The position of a payload in the file is written into the tensor's own
`metadata_props`, which copying, sorting and inlining keep.

Source: https://protobuf.dev/programming-guides/encoding/ and onnx-ml.proto (field numbers).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from strideinspect.limits import DEEPEST_MESSAGES, MOST_FIELDS, MOST_PAYLOAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

_TOO_MANY: Final = f"it consists of more than {MOST_FIELDS:,} fields"

_VARINT, _FIXED64, _BYTES, _GROUP, _END_GROUP, _FIXED32 = range(6)  # the wire types
_WIDTH: Final = {_FIXED64: 8, _FIXED32: 4}

# Message -> field number -> the message in that field, as far as it can hold tensors.
_CHILDREN: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_METADATA: Final = {"node": 9, "tensor": 16}  # the number of metadata_props
_PAYLOAD: Final = frozenset({4, 5, 6, 7, 9, 10, 11})  # float_, int32_, string_, int64_, raw_, double_ and uint64_data

# Runs of numeric fields with one-byte tags are skipped in one match, which is much faster than field by field.
_NUMBERS: Final = re.compile(
    rb"(?:[\x08\x10\x18\x20\x28\x30\x38\x40\x48\x50\x58\x60\x68\x70\x78][\x80-\xff]{0,9}+[\x00-\x7f]"
    rb"|[\x0d\x15\x1d\x25\x2d\x35\x3d\x45\x4d\x55\x5d\x65\x6d\x75\x7d].{4}"
    rb"|[\x09\x11\x19\x21\x29\x31\x39\x41\x49\x51\x59\x61\x69\x71\x79].{8})++",
    re.DOTALL,
)
_PAYLOAD_NUMBERS: Final = re.compile(rb"(?:\x25.{4}|[\x28\x38\x58][\x80-\xff]{0,9}+[\x00-\x7f]|\x51.{8})++", re.DOTALL)
_HEAD_NUMBERS: Final = re.compile(rb"(?:[\x08\x10][\x80-\xff]{0,9}+[\x00-\x7f])++")  # a tensor's dims and data_type

# AttributeProto.type (field 20) = GRAPH or GRAPHS, however its numbers are spelled.
_GRAPH_ATTRIBUTE: Final = re.compile(rb"\xa0[\x80-\xff]*+[\x00-\x7f](?:[\x05\x0a]|[\x85\x8a][\x80-\xff])")


class WireError(Exception):
    """The bytes are not well-formed protobuf; the message says what is wrong and at which offset."""


def reduce(data: mmap | bytes, key: str, *, enter: int = MOST_PAYLOAD_BYTES, trace_nodes: bool = False) -> bytes:
    """The bytes of a ModelProto without tensor payloads over `MOST_PAYLOAD_BYTES` bytes.

    A tensor that lost its payload gets the metadata entry `key` = "start:end,start:end,…": the spans of `data` that
    hold the payload fields, tags included. With `trace_nodes`, a node gets `key` = "start:length" of its message.
    Raises WireError where a field runs past the end of its message, where messages are nested deeper than protobuf
    allows, and for more fields than any network has. Only messages of more than `enter` bytes are checked.
    """
    try:
        reduced = _Reducer(data, key.encode(), enter, trace_nodes=trace_nodes).message(0, len(data), "model", 0)
    except IndexError:
        raise WireError(f"it ends within a field, at byte {len(data):,}") from None
    return data[:] if reduced is None else reduced


def node_spans(data: mmap | bytes) -> list[tuple[int, int]]:
    """First byte and length of every node of the main graph, in the file's order. Raises as `reduce` does."""
    walk = _Reducer(data, b"", MOST_PAYLOAD_BYTES, trace_nodes=False)
    graphs = walk.fields(0, len(data), _number("model", "graph"))
    return [span for start, length in graphs for span in walk.fields(start, start + length, _number("graph", "node"))]


class WireField(Struct, frozen=True):
    """A length-delimited field: its number, the offsets of its tag and of its content, and its end."""

    number: int
    tag: int
    body: int
    end: int


GRAPH, MODEL_METADATA = 7, 14
"""Numbers of fields in ModelProto."""
NODE, INPUT, OUTPUT, VALUE_INFO = 1, 11, 12, 13
"""Numbers of fields in GraphProto."""


def model_and_graph_fields(data: mmap | bytes) -> tuple[list[WireField], list[WireField]]:
    """The fields of the model, its graph among them (several times, if stored in parts), and those of the graph.

    Raises as `reduce` does.
    """
    walk = _Reducer(data, b"", MOST_PAYLOAD_BYTES, trace_nodes=False)
    try:
        fields = [*walk.delimited(0, len(data))]
        graphs = [field for field in fields if field.number == GRAPH]
        return fields, [field for graph in graphs for field in walk.delimited(graph.body, graph.end)]
    except IndexError:
        raise WireError(f"it ends within a field, at byte {len(data):,}") from None


def length_delimited(number: int, content: bytes, length: int | None = None) -> bytes:
    """A field with this content; with a `length`, only its beginning, before a content that is written apart."""
    return _varint(number << 3 | _BYTES) + _varint(len(content) if length is None else length) + content


def _number(message: str, child: str) -> int:
    return next(number for number, name in _CHILDREN[message].items() if name == child)


def may_have_subgraphs(wire: bytes) -> bool:
    """Whether any node of a (reduced) ModelProto may have a graph as an attribute; False is certain, True is not."""
    return _GRAPH_ATTRIBUTE.search(wire) is not None


class _Reducer:
    """One pass over `data`."""

    def __init__(self, data: mmap | bytes, key: bytes, enter: int, *, trace_nodes: bool) -> None:
        self._data = data
        self._key = key
        self._enter = enter
        self._traced = "node" if trace_nodes else ""
        self._fields = 0

    def message(self, start: int, end: int, kind: str, depth: int) -> bytes | None:
        """The message data[start:end] without payloads, or None where nothing has to be removed or added."""
        if depth > DEEPEST_MESSAGES:
            raise WireError(f"subgraphs are nested too deep (more than {DEEPEST_MESSAGES} messages) at byte {start:,}")
        if kind == "tensor":
            return self._tensor(start, end)
        data, children = self._data, _CHILDREN[kind]
        chunks: list[bytes] = []
        kept = pos = start  # data[kept:pos] is copied unchanged
        while field := self._next(pos, end, over=-1 if self._traced else self._enter):
            tag_at, tag, body, pos = field
            child = children.get(tag >> 3)
            if child is None:
                continue
            small = pos - body <= self._enter and (child == "node" or not self._traced)
            new = None if small else self.message(body, pos, child, depth + 1)
            if child == self._traced:
                new = (data[body:pos] if new is None else new) + self._entry(child, f"{body}:{pos - body}")
            if new is not None:
                chunks += (data[kept:tag_at], _varint(tag), _varint(len(new)), new)
                kept = pos
        if not chunks:
            return None
        chunks.append(data[kept:end])
        return b"".join(chunks)

    def fields(self, pos: int, end: int, number: int) -> list[tuple[int, int]]:
        """Start and length of the fields of this number in the message data[pos:end]."""
        return [(field.body, field.end - field.body) for field in self.delimited(pos, end) if field.number == number]

    def delimited(self, pos: int, end: int) -> Iterator[WireField]:
        """All length-delimited fields of the message data[pos:end]."""
        while field := self._next(pos, end, over=-1):
            tag_at, tag, body, pos = field
            yield WireField(tag >> 3, tag_at, body, pos)

    def _next(self, pos: int, end: int, over: int) -> tuple[int, int, int, int] | None:
        """The next length-delimited field of more than `over` bytes: (offset of its tag, tag, start, end).

        Nearly all of the time is spent here, hence the special case for one-byte tags and the local variables.
        """
        data = self._data
        fields = self._fields
        while pos < end:
            fields += 1
            if fields > MOST_FIELDS:
                raise WireError(_TOO_MANY)
            tag_at = pos
            tag = data[pos]
            if tag & 0x87 == _BYTES:  # a one-byte tag: by far the most common case
                length, body = data[pos + 1], pos + 2
                if length >= 0x80:
                    length, body = self._varint(pos + 1)
                pos = body + length
                if pos > end:
                    raise WireError(_overrun(tag_at, end))
            elif run := _NUMBERS.match(data, pos, end):
                pos = run.end()
                continue
            else:
                tag, body, pos = self._field(pos, end)
            if pos - body > over and tag & 7 == _BYTES:
                self._fields = fields
                return tag_at, tag, body, pos
        self._fields = fields
        return None

    def _tensor(self, start: int, end: int) -> bytes | None:
        """The TensorProto data[start:end] without its payload, or None where that is small."""
        data = self._data
        spans: list[tuple[int, int]] = []
        pos = start
        while pos < end:
            tag_at = pos
            run = _PAYLOAD_NUMBERS.match(data, pos, end)
            if run is not None:
                pos = run.end()
            elif run := _HEAD_NUMBERS.match(data, pos, end):
                pos = run.end()
                continue
            else:
                self._fields += 1
                if self._fields > MOST_FIELDS:
                    raise WireError(_TOO_MANY)
                tag, _, pos = self._field(pos, end)
                if tag >> 3 not in _PAYLOAD:
                    continue
            if spans and spans[-1][1] == tag_at:
                spans[-1] = (spans[-1][0], pos)
            else:
                spans.append((tag_at, pos))
        if sum(last - first for first, last in spans) <= MOST_PAYLOAD_BYTES:
            return None
        ends = [start, *(last for _, last in spans)]
        starts = [*(first for first, _ in spans), end]
        note = self._entry("tensor", ",".join(f"{first}:{last}" for first, last in spans))
        return b"".join([data[a:b] for a, b in zip(ends, starts, strict=True)] + [note])

    def _entry(self, kind: str, value: str) -> bytes:
        """A metadata_props entry of a node or a tensor."""
        text = value.encode()
        entry = b"\x0a" + _varint(len(self._key)) + self._key + b"\x12" + _varint(len(text)) + text
        return _varint(_METADATA[kind] << 3 | _BYTES) + _varint(len(entry)) + entry

    def _field(self, pos: int, end: int) -> tuple[int, int, int]:
        """The tag at `pos`, and the start and end of its value. Raises WireError where that is not before `end`."""
        tag_at = pos
        tag, body = self._varint(pos)
        if tag & 7 == _BYTES:
            length, body = self._varint(body)
            after = body + length
        else:
            after = self._group(tag >> 3, body) if tag & 7 == _GROUP else self._after(tag, body)
        if after > end:
            raise WireError(_overrun(tag_at, end))
        return tag, body, after

    def _after(self, tag: int, pos: int) -> int:
        """The offset after the value at `pos`, which has this tag."""
        wire_type = tag & 7
        if tag >> 3 and wire_type == _VARINT:
            return self._varint(pos)[1]
        if tag >> 3 and wire_type == _BYTES:
            length, pos = self._varint(pos)
            return pos + length
        if tag >> 3 and wire_type in _WIDTH:
            return pos + _WIDTH[wire_type]
        raise WireError(f"no field starts before byte {pos:,}")

    def _group(self, field: int, pos: int) -> int:
        """The offset after the group (an encoding that ONNX does not use) whose fields start at `pos`."""
        opened = [field]
        while opened:
            tag, pos = self._varint(pos)
            if tag & 7 == _GROUP and len(opened) < DEEPEST_MESSAGES:
                opened.append(tag >> 3)
            elif tag & 7 != _END_GROUP:
                pos = self._after(tag, pos)
            elif opened.pop() != tag >> 3:
                raise WireError(f"a group ends before byte {pos:,} without a start")
        return pos

    def _varint(self, pos: int) -> tuple[int, int]:
        """The variable-length integer at `pos`, and the offset after it."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self._data[pos]
            pos += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, pos
        raise WireError(f"the number before byte {pos:,} is longer than ten bytes")


def _overrun(tag_at: int, end: int) -> str:
    return f"the field at byte {tag_at:,} runs past the end of its message at byte {end:,}"


def _varint(value: int) -> bytes:
    """`value` as a variable-length integer."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
