"""Recurrent layers: every step reads the steps before it, or after it in the reverse direction."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from strideinspect.verify.probe.call import Call, operators
from strideinspect.verify.probe.reductions import so_far
from strideinspect.verify.probe.value import InexpressibleError, Value


@operators("LSTM", "GRU", "RNN", "com.microsoft:DynamicQuantizeLSTM")
def recurrent(call: Call) -> Sequence[Value | None]:
    """Each step reads all features of the steps up to it; the final state reads all steps."""
    call.only(0)
    if call.integer("layout", 0):
        raise InexpressibleError("its layout has the batch first")
    value, build = call.required(), call.build
    if call.node.op_type == "DynamicQuantizeLSTM":  # its scale depends on the range of the whole input
        value = call.normalised(value, range(len(value.shape)))
    steps, batch, _ = value.shape
    mixed = structs.replace(build.most(value, [2]), roles=value.roles.without([2]))
    direction = str(call.attributes.get("direction", "forward"))
    backwards = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}[direction]
    runs = []
    for reverse in backwards:
        seen = so_far(call, mixed, 0, backwards=reverse)
        runs.append(
            build.resized(
                seen,
                (seen.extents[0], 1, seen.extents[1], 1),
                (steps, 1, batch, 1),
                seen.roles.moved({0: 0, 1: 2}),
            )
        )
    hidden = call.integer("hidden_size", 1)
    shape = (steps, len(runs), batch, hidden)
    every = structs.replace(_stacked(call, runs), shape=shape)
    last = build.most(every, [0])
    final = build.resized(last, last.extents[1:], shape[1:], every.roles.without([0]).moved({1: 0, 2: 1}))
    return [every, final, final]


def _stacked(call: Call, runs: list[Value]) -> Value:
    """The directions, concatenated along axis 1."""
    first = runs[0]
    if all(run.name == first.name for run in runs):
        return first
    name = call.build.emit("Concat", [run.name for run in runs], axis=1)
    return structs.replace(first, name=name, extents=(first.extents[0], len(runs), *first.extents[2:]))
