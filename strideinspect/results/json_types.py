"""The shape of the JSON report, `strideinspect/report/1`: a contract of its own, apart from the report's classes.

New keys may be added; removing a key or changing its meaning requires a new schema number. These types are the only
definition: docs/generate_schema.py writes `report-1.schema.json` from them, each class docstring and each text in an
`Annotated` becoming a description, each `Keyword` a keyword of JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, TypedDict

from strideinspect.results.json_field_types import FieldJson
from strideinspect.results.json_map_types import CellJson, LadderStepJson, TotalsJson
from strideinspect.results.json_numbers import Count, CountPerAxis, Keyword, Ranges

Scalar = str | int | float | bool | None
JsonValue = Scalar | list["JsonValue"] | dict[str, "JsonValue"]

AnyValue = Annotated[JsonValue, Keyword("$ref", "#/$defs/value")]
"""Any JSON; the definition is recursive and written by hand in docs/generate_schema.py."""

NAME = "strideinspect/report/1"
"""The name of the schema, with its number."""


class SourceJson(TypedDict):
    """Where the model's author wrote a node, as far as the export contains it."""

    file: str | None
    line: Count | None
    scope: str | None


class BytesJson(TypedDict):
    """The node's record in the ONNX file."""

    offset: Annotated[Count, "Its first byte, counted from 0."]
    length: Annotated[Count, "Its size in bytes."]


_OriginsJson = TypedDict(  # "from" cannot be an attribute of a class
    "_OriginsJson",
    {
        "from": Annotated[
            list[Annotated[str, Keyword("enum", ("metadata", "weight", "state", "declared", "tried"))]],
            "Where the size of each axis of `assumed` is from.",
        ]
    },
)


class InputJson(_OriginsJson):
    """A graph input."""

    name: str
    shape: CountPerAxis
    spatial_axes: Annotated[CountPerAxis, "Axes along which the first windows slide."]
    assumed: Annotated[CountPerAxis, "Axes whose size neither the file nor the user gives."]
    value: Annotated[Scalar | list[Scalar], "The value that the user gave, in row-major order; null without one."]


class PaddingJson(TypedDict):
    """Padding per spatial axis; negative where it crops."""

    begin: list[int]
    end: list[int]


class DroppedJson(TypedDict):
    """Indices of the node's input that its windows never read, per spatial axis."""

    pixels: Annotated[CountPerAxis, "Trailing indices that depend on a pixel."]
    padding: Annotated[CountPerAxis, "Trailing padding."]
    gap: Annotated[CountPerAxis, "Skipped indices."]


class BranchJson(TypedDict):
    """A branch of an If whose condition depends on the data."""

    node: Annotated[str, "The name of the If."]
    side: Annotated[str, Keyword("enum", ("then", "else"))]
    unfit: Annotated[str | None, "Why the branch cannot run at this size, if so."]


class NodeJson(TypedDict):
    """A window node; numbers per spatial axis, defaults and auto_pad applied."""

    name: Annotated[str, "May be empty."]
    layer: Annotated[str | None, "Path of the layer in the model's source, such as layer3.0.conv1, if recorded."]
    op: str
    output: Annotated[str, "The first output tensor: the key of the node everywhere in this report."]
    kernel: CountPerAxis
    stride: CountPerAxis
    dilation: CountPerAxis
    padding: PaddingJson
    pad_nodes: Annotated[
        PaddingJson | None, "What Pad nodes directly before it add, apart from its own padding; null: no such node."
    ]
    output_padding: Annotated[CountPerAxis | None, "Of transposed convolutions and unpooling; else null."]
    input_shape: CountPerAxis | None
    output_shape: CountPerAxis | None
    macs: Annotated[Count | None, "Multiply-adds for one batch element; null where unknown."]
    parameters: Annotated[Count | None, "Weights and biases; null where unknown."]
    dropped: Annotated[DroppedJson | None, "Null for transposed and global windows."]
    source: SourceJson | None
    bytes: BytesJson | None
    branch: Annotated[BranchJson | None, "For a node that runs only if the data selects its branch."]
    fields: list[FieldJson]


# "from" is a keyword of Python, so that it cannot be written as a class.
ScaleJson = TypedDict(
    "ScaleJson",
    {
        "from": Annotated[str, "The tensor that holds the map by itself."],
        "grid": Annotated[CountPerAxis, "Indices of the map along each of its position axes."],
        "count": Annotated[Count, "Indices of the tensor's axis that the map fills."],
        "fields": Annotated[list[FieldJson], "Fields of the map's indices, along the axes of the grid."],
    },
)
ScaleJson.__doc__ = "One of the maps that a tensor holds flattened, side by side along one axis."


class TensorJson(TypedDict):
    """A graph output, or a tensor that was requested with --tensor."""

    name: str
    shape: CountPerAxis | None
    fields: list[FieldJson]
    scales: Annotated[list[ScaleJson], "The maps that the tensor holds flattened, such as the levels of a detector."]
    cells: Annotated[list[CellJson], "The corner and the middle index; empty for a tensor without a position."]


class UnseenJson(TypedDict):
    """Indices along an axis of a graph input on which no graph output depends."""

    input: str
    axis: Count
    ranges: Ranges


class PlaceJson(TypedDict):
    """What a rule reports at one place."""

    rule: Annotated[str, Keyword("pattern", "^[a-z0-9]+(-[a-z0-9]+)*$"), "A rule id: strideinspect rules lists them."]
    page: Annotated[str, Keyword("format", "uri"), "Address of the rule's page."]
    severity: Annotated[str, Keyword("enum", ("note", "warning", "error"))]
    node: str | None
    output: str | None
    input: str | None
    axes: Annotated[CountPerAxis, "Axes of the graph input where `input` is given, else of the node's own input."]
    ranges: Ranges
    pixels: Annotated[Count | None, "How many indices along each of `axes`."]
    sizes: Annotated[CountPerAxis, "Sizes to use instead, for each of `axes`."]
    message: str
    help: str
    source: SourceJson | None
    bytes: BytesJson | None
    assumed: Annotated[bool, "Whether it may hold only at the size that the program chose: then a warning at most."]


class FindingJson(PlaceJson):
    """One finding, and every further place that it stands for."""

    also: Annotated[list[PlaceJson], "The same at further places, and its consequences, which may be of other rules."]


class AcceptedJson(TypedDict):
    """What a baseline removed from the report."""

    baseline: Annotated[str, "The name of its file."]
    findings: list[FindingJson]
    stale: Annotated[list[str], "Its entries that no longer match a finding."]


class CountsJson(TypedDict):
    """Number of checks by verdict."""

    agreed: Count
    contradicted: Count
    not_checked: Count


class ImpulsesJson(TypedDict):
    """Indices of the input axes by verdict: agreed if changing one changed nothing outside the predicted fields.

    This shows that the fields are large enough, not that every index in them has an effect.
    """

    agreed: Count
    contradicted: Count
    not_checked: Count
    watched: Annotated[Count, "Tensors that were compared."]
    limit: Annotated[Count, "The largest number of indices that are tested."]


class CheckJson(TypedDict):
    """A result that did not simply agree."""

    node: str | None
    output: str
    claim: Annotated[
        str,
        Keyword("enum", ("shape", "field", "unseen", "theory", "impulse", "run")),
        "run: the model runs to its end at this size.",
    ]
    verdict: Annotated[str, Keyword("enum", ("contradicted", "not-checked"))]
    reason: str | None
    predicted: AnyValue
    ran: AnyValue


class VerificationJson(TypedDict):
    """How running the model compares with the analysis."""

    status: Annotated[
        str,
        Keyword("enum", ("agreed", "contradicted", "not-checked")),
        "Agreed if nothing is contradicted, at least one field agreed, the model ran to its end, and something is "
        "known of every output. Not-checked with counts that are not zero: checked in part, for the reason given.",
    ]
    reason: str | None
    runtime: Annotated[str | None, '"onnxruntime 1.31.1".']
    shapes: CountsJson
    fields: CountsJson
    unseen: CountsJson
    theory: Annotated[
        CountsJson,
        "Closed forms, by tensor, that this size can check, with --verify full all: agreed if indices away from all "
        "borders depend on what they would depend on in an unlimited input.",
    ]
    impulses: Annotated[ImpulsesJson | None, "With --verify full: the impulse tests with the real weights; else null."]
    overwritten: Annotated[
        CountsJson | None,
        "With --verify full, where indices are never used: axes of graph inputs and maps, agreed if random numbers at "
        "these indices changed no bit of any output; else null.",
    ]
    details: Annotated[list[CheckJson], "All checks that did not agree."]


class ModelJson(TypedDict):
    """All results for one model at one input size."""

    path: str
    producer: str
    opsets: Annotated[dict[str, Count], 'Operator set versions by domain; "" is the ONNX standard.']
    inputs: list[InputJson]
    nodes: Annotated[list[NodeJson], "Window nodes in graph order."]
    tensors: list[TensorJson]
    outputs: list[TensorJson]
    ladder: list[LadderStepJson]
    totals: TotalsJson
    unseen: list[UnseenJson]
    findings: list[FindingJson]
    accepted: Annotated[AcceptedJson | None, "Null if no baseline was used."]
    verification: VerificationJson


class ErrorJson(TypedDict):
    """Why a model could not be inspected, and what to do."""

    message: str
    help: str


class FailedJson(TypedDict):
    """A model that could not be inspected."""

    path: str
    error: ErrorJson


class ToolJson(TypedDict):
    """The program that wrote the report."""

    name: Annotated[str, Keyword("const", "strideinspect")]
    version: str


class ReportJson(TypedDict):
    """What strideinspect --format json writes. New keys may be added without a new version."""

    schema: Annotated[str, Keyword("const", NAME)]
    tool: ToolJson
    models: list[ModelJson | FailedJson]
