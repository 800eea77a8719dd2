"""What onnxruntime says when it refuses a model, as data: which operator, at which node, and why, in plain words."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from msgspec import Struct


class RefusalKind(Enum):
    """Whose fault a refusal is."""

    UNKNOWN_OPERATOR = "unknown-operator"  # onnxruntime has no such operator, or no code for it
    MODEL = "model"  # it refuses the node, or its inputs at this size
    LIMIT = "limit"  # memory, or a file newer than onnxruntime


class Refusal(Struct, frozen=True):
    """Why onnxruntime did not start or finish: `node` and `operator` as it names them, None where it names none."""

    kind: RefusalKind
    reason: str
    node: str | None = None
    operator: str | None = None


def refusal(problem: BaseException) -> Refusal:
    """What an exception of onnxruntime says."""
    text = _without_codes(" ".join(str(problem).split()))
    for pattern in _UNKNOWN_OPERATOR:
        if found := pattern.search(text):
            place = found.groupdict()
            operator = place["op"].removeprefix("ai.onnx:").lstrip(":")
            return Refusal(
                RefusalKind.UNKNOWN_OPERATOR, _named(operator, place.get("version")), place.get("node"), operator
            )
    node = operator = None
    while found := re.match(_AT_A_NODE, text):  # an If names itself first, then the node in its branch
        operator, node = found["op"], found["node"] or node
        text = found["rest"]
    for pattern in _IN_A_NODE:
        if found := pattern.search(text):
            node, operator = found["node"], found["op"]
            text = f"{text[: found.start()]}{text[found.end() :]}".strip()
    kind = RefusalKind.LIMIT if _LIMITS.search(text) else RefusalKind.MODEL
    reason = _reworded(_without_places(text), operator or "") or type(problem).__name__
    return Refusal(kind, reason[:300], node, operator)


def plain(problem: BaseException) -> str:
    """The message of onnxruntime in one line of plain words, after the operator and the node that it names."""
    refused = refusal(problem)
    if refused.kind is RefusalKind.UNKNOWN_OPERATOR:
        return refused.reason
    place = " ".join(filter(None, (refused.operator, refused.node)))
    return f"{place}: {refused.reason}" if place else refused.reason


_LIMITS: Final = re.compile(
    "allocate memory|bad_alloc|out of memory|supported maximum|"
    "unsupported model ir version|only [*]guarantees[*] support",
    re.IGNORECASE,
)

_AT_A_NODE: Final = (
    r"Non-zero status code returned while running (?P<op>\S+) node\. Name:'(?P<node>[^']*)' "
    r"Status Message: (?P<rest>.*)"
)

_IN_A_NODE: Final = (
    re.compile(r"Node:? ?\((?P<node>[^)]*)\) Op \((?P<op>[^)]*)\) "),
    re.compile(r'In Node, \("(?P<node>[^"]*)", (?P<op>[^,]+), "[^"]*", -?\d+\) : \(.*?\) -> \(.*?\) ?, Error '),
    re.compile(r"Type Error: (?=.* of operator \((?P<op>[^)]*)\) in node \((?P<node>[^)]*)\) is invalid)"),
    re.compile(r"Type Error: (?=.* of Optype \((?P<op>[^)]*)\) bound .* in node \((?P<node>[^)]*)\))"),
)

_UNKNOWN_OPERATOR: Final = (
    re.compile(r"(?P<op>\S+?)\((?P<version>-?\d+)\) is not a registered function/op"),
    re.compile(
        r'In Node, \("(?P<node>[^"]*)", .* No Op registered for (?P<op>\S+) with domain_version of (?P<version>\d+)'
    ),
    re.compile(r"Could not find an implementation for (?P<op>[\w.:]+)\(\d+\) node with name '(?P<node>[^']*)'"),
)

_CODES: Final = re.compile(
    r"\[ONNXRuntimeError\] : \d+ : \w+ : |\[(?:Shape|Type)InferenceError\] |Exception during initialization: |"
    r"Fatal error: |(?:This is an i|I)nvalid model\. |Exception caught: |Load model from .*? failed:"
)

_FILE: Final = r"(?:\S*/)?[\w.]+\.(?:h|cc|cpp):\d+"

_PLACES: Final = (
    # file.h:12 void onnxruntime::Some::Signature(int) const [with T = float] condition was false. The reason.
    re.compile(r"(?:\S*/)?[\w.]+\.(?:h|cc|cpp):\d+ .*? was false\. (?=\S)"),
    re.compile(
        r"(?:\S*/)?[\w.]+\.(?:h|cc|cpp):\d+ [^()]*onnxruntime::[^()]*\([^)]*\)(?: const)?(?: \[with [^]]*\])? ?"
    ),
    re.compile(r"(?:\S*/)?[\w.]+\.(?:h|cc|cpp):\d+ (?:\w+ )?"),
)

_WORDS: Final = (
    (r".*Attempting to broadcast an axis by a dimension other than 1\. (\d+) by (\d+)", r"sizes \1 and \2 do not fit"),
    (
        r"Non concat axis dimensions must match: Axis (\d+) has mismatched dimensions of (\d+) and (\d+)",
        r"along axis \1 its inputs have sizes \3 and \2, which must be equal",
    ),
    (
        r"The input tensor cannot be reshaped to the requested shape\. Input shape: ?(\S+), requested shape: ?(\S+)",
        r"\1 cannot be reshaped to \2",
    ),
    (r"MatMul dimension mismatch", r"the sizes of its inputs do not fit"),
    (r"GEMM: Dimension mismatch, W: (\S+) K: (\d+) N: ?\d+", r"its input has \2 columns, its weight is \1"),
    (
        r"Input channels C is not equal to kernel channels \* group\. C: (\d+) kernel channels: (\d+) group: 1\b",
        r"its input has \1 channels, its weight is for \2",
    ),
    (
        r"Input channels C is not equal to kernel channels \* group\. C: (\d+) kernel channels: (\d+) group: (\d+)",
        r"its input has \1 channels, its weight is for \2 in each of \3 groups",
    ),
    (r"Output channels M is not divisible by group\. M: (\d+) group: (\d+)", r"\1 channels do not make \2 groups"),
    (r"X num_dims does not match W num_dims\. X: (\S+) W: (\S+)", r"its input is \1, its weight \2"),
    (r"^Invalid input shape: (\S+)", r"its kernel does not fit into an input of \1"),
    (
        r"Calculated output dimension is negative\. Check kernel_shape, pads, strides and dilations",
        r"its window does not fit into its input",
    ),
    (r"Input (\w+) must have shape (\S+?)\.? Actual: ?(\S+)", r"its input \1 must be \2 and is \3"),
    (
        r"Dimension of input (\d+) must be 1 instead of (\d+)\. shape=(\S+)",
        r"axis \1 of \3 is to be removed, but has size \2",
    ),
    (
        r"indices element out of data bounds, idx=(-?\d+) must be within the inclusive range \[(-?\d+),(-?\d+)\]",
        r"index \1 is not in \2 to \3",
    ),
    (
        r"Cannot split using values in 'split' attribute\. Axis=(\d+) Input shape=(\S+) NumOutputs.*was (\d+)",
        r"axis \1 of \2 is to be split into pieces of \3 in all",
    ),
    (
        r"Pad reflect: \w+-pad \((\d+)\) exceeds maximum allowed \((\d+)\) for axis (\d+)\. Input shape: ?(\S+)",
        r"it reflects \1 indices along axis \3, of \4 at most \2",
    ),
    (
        r"k argument \[(\d+)\] should not be greater than specified axis dim value \[(\d+)\]",
        r"it is to find \1 largest of \2 values",
    ),
    (
        r"Type parameter \(\w+\) of Optype .* bound to different types \(tensor\((\w+)\) and tensor\((\w+)\).*",
        r"its inputs have types \1 and \2, which must be equal",
    ),
    (r"Type 'tensor\((\w+)\)' of input parameter \((.*?)\) .*", r"its input \2 has type \1, which it does not take"),
    (
        r"Node ?\(.*\) with schema\(.*\) has input size (\d+) not in range \[min=(\d+), max=(\d+)\]",
        r"it has \1 of \2 to \3 inputs",
    ),
    (
        r".*Unsupported model IR version: (\d+), max supported IR version: (\d+)",
        r"the file has IR version \1, newer than the \2 that this onnxruntime reads",
    ),
    (
        r".*only \*guarantees\* support.* Opset (\d+) is under development.*till opset (\d+)",
        r"the file has operator set \1, newer than the \2 that this onnxruntime knows",
    ),
    (r".*Failed to allocate memory for requested buffer of size \d+", r"it needs more memory than the limit"),
    (r"^(\S.*) was false$", r"its check \1 failed"),
    (r"\b\w+::", ""),
)
"""Frequent messages, and what they say to somebody who has not read onnxruntime's source."""


def _named(operator: str, version: str | None) -> str:
    """Why an operator cannot be run: onnxruntime does not know it, or has no code for it."""
    domain, _, name = operator.rpartition(":")
    if version is None:
        return f"onnxruntime has no code for operator {name} with these types"
    own = f" of domain {domain}" if domain else ""
    return f"onnxruntime has no operator {name}{own}" + (f" in operator set {version}" if int(version) > 0 else "")


def _without_codes(text: str) -> str:
    return _CODES.sub("", text).strip()


def _without_places(text: str) -> str:
    for pattern in _PLACES:
        text = pattern.sub("", text)
    return text.strip()


def _reworded(text: str, operator: str) -> str:
    text = re.sub(r"\{(-?\d+(?:, ?-?\d+)*),?\}", lambda shape: "×".join(re.split(", ?", shape[1])), text).rstrip(". ")
    for pattern, words in _WORDS:
        text = re.sub(pattern, words, text)
    if operator:  # the node is named before the reason
        text = re.sub(rf"^{re.escape(operator)}(?: ?:|(?= [a-z])) ?", "", text, flags=re.IGNORECASE)
    return text[:1].lower() + text[1:] if re.match(r"[A-Z][a-z]+\b", text) else text
