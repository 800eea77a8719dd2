"""What the worker's process answers: the shapes of one run, then what a probe of each asked axis shows."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime

from strideinspect.model.load import load
from strideinspect.verify.geometry import Answer, Question
from strideinspect.verify.long_axes import ask
from strideinspect.verify.probe import resizing, signal, windows
from strideinspect.verify.probe.branches import followed
from strideinspect.verify.probe.call import Knowledge, Operation, operation
from strideinspect.verify.probe.run import Lights, ObservedField
from strideinspect.verify.probe.translate import Unknown, ancestors, translate
from strideinspect.verify.probe.value import InexpressibleError
from strideinspect.verify.shapes import AsRun, Shape, plain, run
from strideinspect.verify.weightless import Weightless, prepare

_NO_TENSOR: Final = "onnxruntime has no tensor of this name"
_NEWEST_OPSET: Final = 21


@dataclass(frozen=True, slots=True)
class Ran:
    """A model after its run: its nodes with constant branches followed, and all that the run showed."""

    nodes: Sequence[Operation]
    outputs: Sequence[str]
    labels: Mapping[str, str]
    as_run: AsRun
    known: Knowledge


def shapes_of(path: str, inputs: Mapping[str, tuple[int, ...]], directory: Path) -> tuple[Weightless, AsRun]:
    """Run the model without its weights. Raises StrideinspectError or UnrunnableError where that is impossible."""
    weightless = prepare(load(path), inputs)
    return weightless, run(weightless, directory)


def shape_line(as_run: AsRun) -> dict[str, Any]:
    """The first answer, ready for JSON."""
    return {
        "runtime": f"onnxruntime {onnxruntime.__version__}",
        "shapes": {name: list(shape) for name, shape in as_run.shapes.items()},
        "not_checked": dict(as_run.not_checked),
        "error": as_run.error,
    }


def learn(weightless: Weightless, as_run: AsRun) -> Ran:
    """Ask onnxruntime what each window of the model reads."""
    nodes = [operation(node) for node in followed(as_run.nodes, as_run.values, as_run.undecided)]
    opsets = {entry.domain or "ai.onnx": entry.version for entry in weightless.model.opset_import}
    opset = opsets.get("ai.onnx", _NEWEST_OPSET)
    values = {name: array for name, array in as_run.values.items() if name not in as_run.exact.inexact}
    outputs = [entry.name for entry in weightless.model.graph.output[: weightless.outputs]]
    tables = _tables({node.name: _questions(node, as_run.shapes, values, opset) for node in nodes}, opset)
    return Ran(nodes, outputs, weightless.labels, as_run, Knowledge(as_run.shapes, values, tables, opset))


def _questions(
    node: Operation, shapes: Mapping[str, Shape], values: Mapping[str, np.ndarray], opset: int
) -> Mapping[int, Question] | str:
    """What is to be asked about the axes of a node, or why that cannot be."""
    try:
        asked = windows.questions(node, shapes) or resizing.questions(node, shapes, values, opset)
        return asked or signal.questions(node, shapes, values)
    except InexpressibleError as problem:
        return str(problem)


def _tables(asked: Mapping[str, Mapping[int, Question] | str], opset: int) -> dict[str, Mapping[int, Answer] | str]:
    """Per node onnxruntime's answers to its questions, or why there are none."""
    questions = [mine for mine in asked.values() if not isinstance(mine, str)]
    answers = ask((question for mine in questions for question in mine.values()), opset)
    return {
        name: mine if isinstance(mine, str) else {axis: answers[question] for axis, question in mine.items()}
        for name, mine in asked.items()
    }


def field_line(ran: Ran, probes: Sequence[Mapping[str, Any]], unseen: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The second answer, ready for JSON; rows are C integers in base64."""
    wanted: dict[tuple[str, int], Mapping[str, int | None]] = {(p["input"], p["axis"]): p["tensors"] for p in probes}
    dark = {(claim["input"], claim["axis"]): claim["ranges"] for claim in unseen}
    fields: list[dict[str, Any]] = []
    darkness: list[dict[str, Any]] = []
    for key in dict.fromkeys([*wanted, *dark]):
        place = {"input": key[0], "axis": key[1]}
        try:
            aside = [axis for name, axis in wanted if name == key[0]]
            found, lit = _probe(ran, key, aside, wanted.get(key, {}), dark.get(key))
        except Exception as problem:  # noqa: BLE001 - whatever onnxruntime makes of the probe is no reason to say nothing
            lit = {"reason": f"the probe itself could not be run: {plain(problem)}"}
            found = [{"tensor": tensor, **lit} for tensor in wanted.get(key, {})]
        fields += [{**place, **answer} for answer in found]
        if key in dark:
            darkness.append({**place, **lit})
    return {"fields": fields, "unseen": darkness}


def border_line(ran: Ran, probes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Which indices of the wanted tensors the end of some map reaches, ready for JSON."""
    borders: list[dict[str, Any]] = []
    for probe in probes:
        source = (probe["input"], probe["axis"])
        try:
            wanted: Mapping[str, int | None] = probe["tensors"]
            nodes = ancestors(ran.nodes, wanted)
            aside = [other["axis"] for other in probes if other["input"] == source[0]]
            graph = translate(nodes, source, aside, ran.known, ran.labels, borders=True)
            found = Lights(graph, ran.known.shapes, source, wanted, []).bordering()
        except Exception as problem:  # noqa: BLE001 - as above
            found = dict.fromkeys(probe["tensors"], Unknown(f"the probe of borders could not be run: {plain(problem)}"))
        for tensor, answer in found.items():
            said = {"reason": answer.reason} if isinstance(answer, Unknown) else {"borders": answer}
            borders.append({"input": source[0], "axis": source[1], "tensor": tensor, **said})
    return {"borders": borders}


def _probe(
    ran: Ran,
    source: tuple[str, int],
    aside: Sequence[int],
    wanted: Mapping[str, int | None],
    dark: Sequence[tuple[int, int]] | None,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What the wanted tensors see of one axis, and whether the rows claimed to be unseen reach an output."""
    if source[0] not in ran.known.shapes:
        unknown = {"reason": _missing(ran, source[0])}
        return [{"tensor": tensor, **unknown} for tensor in wanted], unknown
    outputs = [] if dark is None else ran.outputs
    nodes = ancestors(ran.nodes, [*wanted, *outputs])
    probe = translate(nodes, source, aside, ran.known, ran.labels)
    observed = {tensor: along for tensor, along in wanted.items() if tensor in ran.known.shapes}
    lights = Lights(probe, ran.known.shapes, source, observed, outputs)
    answers = lights.seen()
    found = [dict(_entry(tensor, answers.get(tensor, Unknown(_missing(ran, tensor))))) for tensor in wanted]
    if dark is None:
        return found, {}
    lost = next((output for output in outputs if output not in ran.known.shapes), None)
    return found, {"reason": _missing(ran, lost)} if lost is not None else _darkness(lights.lit_by(dark))


def _missing(ran: Ran, tensor: str) -> str:
    """Why a tensor has no shape."""
    return ran.as_run.not_checked.get(tensor) or ran.as_run.error or _NO_TENSOR


def _entry(tensor: str, answer: ObservedField | Unknown) -> Iterator[tuple[str, Any]]:
    yield "tensor", tensor
    if isinstance(answer, Unknown):
        yield "reason", answer.reason
    else:
        yield from (("first", _packed(answer.first)), ("last", _packed(answer.last)), ("full", answer.full))


def _packed(rows: np.ndarray) -> str:
    """Of millions of numbers neither process is to make text and objects."""
    return b2a_base64(rows.tobytes(), newline=False).decode("ascii")


def _darkness(lit: str | Unknown | None) -> dict[str, Any]:
    if isinstance(lit, Unknown):
        return {"reason": lit.reason}
    return {"dark": lit is None, "output": lit}
