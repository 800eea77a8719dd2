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

from strideinspect.edit.declarations import Declarations
from strideinspect.edit.edits import Edit, InsertNodes, SetWeightShape, apply_to_node, key_of, node_of
from strideinspect.errors import UnsupportedModelError, UsageError
from strideinspect.model.external_files import external_files
from strideinspect.model.load import LoadedModel
from strideinspect.model.wire import GRAPH, NODE, OUTPUT, VALUE_INFO, Field, WireError, graph_fields, length_delimited

_CHUNK = 1 << 22

Splice = tuple[int, int, bytes]
"""First byte and end of what is replaced, and what replaces it."""


def write(model: LoadedModel, target: str, edits: Sequence[Edit], declarations: Declarations) -> None:
    """Write the model with these edits to `target`, completely or not at all.

    Raises UsageError where `target` cannot be written or is the model itself, UnsupportedModelError where an edit
    cannot be written: weights of another shape, and nodes that are in a local function.
    """
    source = model.path
    check(source, target, edits)
    companions = _companions(source, target)
    with Path(source).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            graphs, fields = graph_fields(data)
        except WireError as error:
            raise UnsupportedModelError(f"{source} cannot be edited: {error}") from error
        if len(graphs) != 1:
            raise UnsupportedModelError(f"{source} cannot be edited: its graph is stored in parts", "save it again")
        (graph,) = graphs
        splices = sorted(_splices(data, fields, model.proto.graph, edits, declarations))
        try:
            _write(data, graph, splices, target)
            for own, beside in companions:
                shutil.copyfile(own, beside)
        except OSError as error:
            raise UsageError(f"cannot write {target}: {error.strerror}", "name another file") from error


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


def check(source: str, target: str, edits: Sequence[Edit]) -> None:
    """Refuse to write over the model or a folder, and edits that no file can hold."""
    path = Path(target)
    if path.exists() and path.samefile(source):
        raise UsageError(f"{target} is the model itself", "name another file to write to")
    if path.is_dir():
        raise UsageError(f"{target} is a folder", f"name a file in it: {path / Path(source).name}")
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


def _splices(
    data: mmap.mmap,
    fields: Sequence[Field],
    graph: onnx.GraphProto,
    edits: Sequence[Edit],
    declarations: Declarations,
) -> Iterator[Splice]:
    """The replacements. `graph` has local functions inlined: a node of the file may be a call that makes its output."""
    left = {node_of(edit) for edit in edits} - {None}
    operators = {key_of(node): node.op_type for node in graph.node}
    for field in fields:
        if field.number == NODE:
            node = onnx.NodeProto.FromString(data[field.body : field.end])
            key = key_of(node)
            own = [edit for edit in edits if node_of(edit) == key]
            if not own or operators.get(key) != node.op_type:
                continue
            left.discard(key)
            inserted = [new for edit in own if isinstance(edit, InsertNodes) for new in edit.nodes]
            apply_to_node(node, own)
            fresh = [length_delimited(NODE, one.SerializeToString()) for one in (*inserted, node)]
            yield field.tag, field.end, b"".join(fresh)
        elif field.number in {VALUE_INFO, OUTPUT}:
            name = onnx.ValueInfoProto.FromString(data[field.body : field.end]).name
            if field.number == VALUE_INFO and name in declarations.dropped:
                yield field.tag, field.end, b""
            elif field.number == OUTPUT and name in declarations.outputs:
                new = declarations.outputs[name].SerializeToString()
                yield field.tag, field.end, length_delimited(OUTPUT, new)
    if left:
        first = next(node for node in graph.node if key_of(node) in left)
        label = first.name or key_of(first)
        raise UnsupportedModelError(
            f"{first.op_type} {label} is in a local function of the file, where nothing is changed",
            "inline the functions first: onnx.save(onnx.inliner.inline_local_functions(onnx.load(…)), …)",
        )


def _write(data: mmap.mmap, graph: Field, splices: Sequence[Splice], target: str) -> None:
    """Copy the file with the replacements."""
    length = graph.end - graph.body + sum(len(new) - (end - start) for start, end, new in splices)
    with _complete(target) as file:
        _copy(data, 0, graph.tag, file)
        file.write(length_delimited(GRAPH, b"", length))
        at = graph.body
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
