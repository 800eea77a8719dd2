"""Writing an edited model: the file's own bytes with a few messages of its graph replaced.

All else is copied as it is, initializers above all: no weight is ever decoded. Weights in files of their own are copied
beside the new file, unless it lies in the same folder.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import onnx

from strideinspect.edit.annotations_in_file import NO_ANNOTATIONS, PREFIX, Annotations, Entries, annotate
from strideinspect.edit.declarations import NO_DECLARATIONS, Declarations
from strideinspect.edit.edits import Edit, InsertNodes, SetWeightShape, apply_to_node, key_of, node_of
from strideinspect.errors import UnsupportedModelError, UsageError
from strideinspect.model.external_files import external_files
from strideinspect.model.load import LoadedModel
from strideinspect.model.wire import (
    GRAPH,
    INPUT,
    MODEL_METADATA,
    NODE,
    OUTPUT,
    VALUE_INFO,
    WireError,
    WireField,
    length_delimited,
    model_and_graph_fields,
)

_CHUNK = 1 << 22

Splice = tuple[int, int, bytes]
"""First byte and end of what is replaced, and what replaces it."""


def write(
    model: LoadedModel,
    target: str,
    edits: Sequence[Edit],
    declarations: Declarations = NO_DECLARATIONS,
    annotations: Annotations = NO_ANNOTATIONS,
) -> frozenset[str]:
    """Write the model with these edits to `target`, completely or not at all; the nodes that have annotations there.

    Annotations that the file had are replaced. A node that is in a local function, a Loop or a branch gets none.

    Raises UsageError where `target` cannot be written or is the model itself, UnsupportedModelError where an edit
    cannot be written: weights of another shape, and nodes that are in a local function.
    """
    source = model.path
    check(source, target, edits)
    companions = _companions(source, target)
    with Path(source).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            fields, in_graph = model_and_graph_fields(data)
        except WireError as error:
            raise UnsupportedModelError(f"{source} cannot be edited: {error}") from error
        graphs = [field for field in fields if field.number == GRAPH]
        if len(graphs) != 1:
            raise UnsupportedModelError(f"{source} cannot be edited: its graph is stored in parts", "save it again")
        writer = _Splicer(data, model.proto.graph, edits, declarations, annotations)
        inner = [*writer.of_nodes(in_graph), *writer.of_declarations(in_graph)]
        splices = sorted([*inner, _resized(graphs[0], inner), *_of_model(data, fields, annotations.model)])
        try:
            _write(data, splices, target)
            for own, beside in companions:
                shutil.copyfile(own, beside)
        except OSError as error:
            raise UsageError(f"cannot write {target}: {error.strerror}", "name another file") from error
    return frozenset(writer.annotated)


def copy(source: str, target: str) -> None:
    """Write the model as it is to `target`, completely or not at all. Raises UsageError as `write`."""
    check(source, target, ())
    companions = _companions(source, target)
    try:
        with _complete(target) as file, Path(source).open("rb") as original:
            shutil.copyfileobj(original, file, _CHUNK)
        for own, beside in companions:
            shutil.copyfile(own, beside)
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}", "name another file") from error


def check(source: str, target: str, edits: Sequence[Edit] = ()) -> None:
    """Refuse to write over the model, a folder or a device, where no folder is, and edits that no file can hold."""
    path = Path(target)
    if path.exists() and path.samefile(source):
        raise UsageError(f"{target} is the model itself", "name another file to write to")
    if path.is_dir():
        raise UsageError(f"{target} is a folder", f"name a file in it: {path / Path(source).name}")
    if path.exists() and not path.is_file():
        # The new file would take the place of the device or pipe, which everyone else on the machine would miss.
        raise UsageError(f"{target} is a device or a pipe", "name a file to write to")
    if not path.parent.is_dir():
        raise UsageError(f"cannot write {target}: there is no folder {path.parent}", "create it, or name another file")
    for edit in edits:
        if isinstance(edit, SetWeightShape):
            raise UnsupportedModelError(
                f"a model with another kernel cannot be saved: the weights {edit.tensor!r} do not fit it",
                "train it with that kernel, or leave out --save",
            )


def _companions(source: str, target: str) -> list[tuple[Path, Path]]:
    """The files with weights that have to be copied, and where to. One that is missing stays missing."""
    folder, there = Path(source).parent, Path(target).parent
    if there.exists() and there.samefile(folder):
        return []
    copies = []
    for own in external_files(source):
        location = own.relative_to(folder) if own.is_relative_to(folder) else own
        if location.is_absolute() or ".." in location.parts:
            raise UsageError(f"the weights in {location} are outside the model's folder", "write to the same folder")
        beside = there / location
        if beside.exists() and not beside.samefile(own):
            raise UsageError(f"{beside} exists, and the weights have to be copied to it", "write to another folder")
        if own.exists():
            copies.append((own, beside))
    return copies


class _Splicer:
    """The replacements in a graph. `graph` has local functions inlined: a node of the file may be a call of one."""

    def __init__(
        self,
        data: mmap.mmap,
        graph: onnx.GraphProto,
        edits: Sequence[Edit],
        declarations: Declarations,
        annotations: Annotations,
    ) -> None:
        self.annotated: list[str] = []
        self._data = data
        self._graph = graph
        self._operators = {key_of(node): node.op_type for node in graph.node}
        self._edits: dict[str, list[Edit]] = {}
        for edit in edits:
            if key := node_of(edit):
                self._edits.setdefault(key, []).append(edit)
        self._declarations = declarations
        self._annotations = annotations

    def of_nodes(self, fields: Sequence[WireField]) -> Iterator[Splice]:
        """The nodes that are edited or annotated, or lose an annotation."""
        left = set(self._edits)
        for field in fields:
            if field.number != NODE:
                continue
            node = onnx.NodeProto.FromString(self._data[field.body : field.end])
            key = key_of(node)
            known = self._operators.get(key) == node.op_type
            edits = self._edits.get(key, []) if known else []
            entries = self._annotations.nodes.get(key, ()) if known else ()
            if not edits and not entries and not _has_annotations(self._data, field):
                continue
            left -= {key} if edits else set()
            self.annotated += [key] if entries else []
            inserted = [new for edit in edits if isinstance(edit, InsertNodes) for new in edit.nodes]
            apply_to_node(node, edits)
            annotate(node, entries)
            fresh = [length_delimited(NODE, one.SerializeToString()) for one in (*inserted, node)]
            yield field.tag, field.end, b"".join(fresh)
        if left:
            first = next(node for node in self._graph.node if key_of(node) in left)
            label = first.name or key_of(first)
            raise UnsupportedModelError(
                f"{first.op_type} {label} is in a local function of the file, where nothing is changed",
                "inline the functions first: onnx.save(onnx.inliner.inline_local_functions(onnx.load(…)), …)",
            )

    def of_declarations(self, fields: Sequence[WireField]) -> Iterator[Splice]:
        """The declared inputs, outputs and inner tensors that change."""
        own = {INPUT: self._annotations.inputs, OUTPUT: self._annotations.outputs, VALUE_INFO: {}}
        for field in fields:
            if field.number not in own:
                continue
            info = onnx.ValueInfoProto.FromString(self._data[field.body : field.end])
            entries = own[field.number].get(info.name, ())
            new = self._declarations.outputs.get(info.name) if field.number == OUTPUT else None
            if field.number == VALUE_INFO and info.name in self._declarations.dropped:
                yield field.tag, field.end, b""
            elif new is not None or entries or _has_annotations(self._data, field):
                info.CopyFrom(new or info)
                annotate(info, entries)
                yield field.tag, field.end, length_delimited(field.number, info.SerializeToString())


def _has_annotations(data: mmap.mmap, field: WireField) -> bool:
    return data.find(PREFIX.encode(), field.body, field.end) >= 0


def _of_model(data: mmap.mmap, fields: Sequence[WireField], entries: Entries) -> Iterator[Splice]:
    """The model's own entries: those of earlier annotations go, the others stay where they are."""
    for field in fields:
        if field.number == MODEL_METADATA:
            entry = onnx.StringStringEntryProto.FromString(data[field.body : field.end])
            if entry.key.startswith(PREFIX):
                yield field.tag, field.end, b""
    fresh = [onnx.StringStringEntryProto(key=key, value=value).SerializeToString() for key, value in entries]
    yield len(data), len(data), b"".join(length_delimited(MODEL_METADATA, entry) for entry in fresh)


def _resized(graph: WireField, splices: Sequence[Splice]) -> Splice:
    """The beginning of the graph's field, which tells its length."""
    length = graph.end - graph.body + sum(len(new) - (end - start) for start, end, new in splices)
    return graph.tag, graph.body, length_delimited(GRAPH, b"", length)


def _write(data: mmap.mmap, splices: Sequence[Splice], target: str) -> None:
    """Copy the file with the replacements."""
    with _complete(target) as file:
        at = 0
        for start, end, new in splices:
            _copy(data, at, start, file)
            file.write(new)
            at = end
        _copy(data, at, len(data), file)


@contextmanager
def _complete(target: str) -> Iterator[BinaryIO]:
    """A file to write, which gets its name once it is complete."""
    handle, temporary = tempfile.mkstemp(dir=Path(target).parent, prefix=".strideinspect-", suffix=".onnx")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _copy(data: mmap.mmap, start: int, end: int, file: BinaryIO) -> None:
    file.writelines(data[at : min(at + _CHUNK, end)] for at in range(start, end, _CHUNK))
