"""The shape of the JSON report, `strideinspect/report/1`: a contract of its own, apart from the report's classes.

New keys may come; a key that goes or changes its meaning wants a new schema number. `report-1.schema.json` says the
same for machines.
"""

from __future__ import annotations

from typing import TypedDict

Scalar = str | int | float | bool | None
JsonValue = Scalar | list["JsonValue"] | dict[str, "JsonValue"]


class FullJson(TypedDict):
    """Full dependence where it exceeds the local field."""

    since: str
    first: int
    last: int


class PositionsJson(TypedDict):
    """Actual local field per index; null where an index sees nothing."""

    first: list[int | None]
    last: list[int | None]


class FieldJson(TypedDict):
    """What a tensor sees of one axis of one graph input; `stride` is exact: "32" or "1/2"."""

    input: str
    axis: int
    node_axis: int | None
    size: int | None
    stride: str | None
    first: int | None
    last: int | None
    phases: list[list[int] | None]
    reason: str | None
    full: FullJson | None
    positions: PositionsJson | None


class SourceJson(TypedDict):
    """Where the model's author wrote a node."""

    file: str | None
    line: int | None
    scope: str | None


class BytesJson(TypedDict):
    """A node's record in the ONNX file."""

    offset: int
    length: int


class InputJson(TypedDict):
    """A graph input; `assumed` are the axes that were given a size by default."""

    name: str
    shape: list[int]
    spatial_axes: list[int]
    assumed: list[int]


class PaddingJson(TypedDict):
    """Padding per spatial axis."""

    begin: list[int]
    end: list[int]


class DroppedJson(TypedDict):
    """Indices that a window never touches, per spatial axis."""

    pixels: list[int]
    padding: list[int]
    gap: list[int]


class BranchJson(TypedDict):
    """The branch, then or else, of an If of which the data decide whether it is taken; why it cannot run, if so."""

    node: str
    side: str
    unfit: str | None


class NodeJson(TypedDict):
    """A window node; `output` is its key everywhere."""

    name: str
    op: str
    output: str
    kernel: list[int]
    stride: list[int]
    dilation: list[int]
    padding: PaddingJson
    output_padding: list[int] | None
    input_shape: list[int] | None
    output_shape: list[int] | None
    macs: int | None
    parameters: int | None
    dropped: DroppedJson | None
    source: SourceJson | None
    bytes: BytesJson | None
    branch: BranchJson | None
    fields: list[FieldJson]


class TensorJson(TypedDict):
    """A graph output, or a tensor that was asked for."""

    name: str
    shape: list[int] | None
    fields: list[FieldJson]


class LadderStepJson(TypedDict):
    """A step of the downsampling ladder."""

    stride: list[str]
    size: list[int]
    nodes: list[str]


class UnseenJson(TypedDict):
    """Indices of a graph input's axis on which no output depends."""

    input: str
    axis: int
    ranges: list[list[int]]


class FindingJson(TypedDict):
    """One thing worth telling, in one place."""

    rule: str
    page: str
    severity: str
    node: str | None
    output: str | None
    input: str | None
    axes: list[int]
    ranges: list[list[int]]
    pixels: int | None
    sizes: list[int]
    message: str
    help: str
    source: SourceJson | None
    bytes: BytesJson | None


class AcceptedJson(TypedDict):
    """What a baseline took out: the name of its file, the findings, and its entries that match nothing any more."""

    baseline: str
    findings: list[FindingJson]
    stale: list[str]


class CountsJson(TypedDict):
    """How many claims met each verdict."""

    agreed: int
    contradicted: int
    not_checked: int


class ImpulsesJson(TypedDict):
    """How many indices of the input axes met each verdict, the tensors that were watched, and the most runs made."""

    agreed: int
    contradicted: int
    not_checked: int
    watched: int
    limit: int


class CheckJson(TypedDict):
    """A claim that running did not simply confirm."""

    node: str | None
    output: str
    claim: str
    verdict: str
    reason: str | None
    predicted: JsonValue
    ran: JsonValue


class VerificationJson(TypedDict):
    """What running the model said of the claims."""

    status: str
    reason: str | None
    runtime: str | None
    shapes: CountsJson
    fields: CountsJson
    unseen: CountsJson
    theory: CountsJson
    impulses: ImpulsesJson | None
    details: list[CheckJson]


class ModelJson(TypedDict):
    """All that is known of one model."""

    path: str
    producer: str
    opsets: dict[str, int]
    inputs: list[InputJson]
    nodes: list[NodeJson]
    tensors: list[TensorJson]
    outputs: list[TensorJson]
    ladder: list[LadderStepJson]
    unseen: list[UnseenJson]
    findings: list[FindingJson]
    accepted: AcceptedJson | None
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
    """Who wrote the report."""

    name: str
    version: str


class ReportJson(TypedDict):
    """The whole document."""

    schema: str
    tool: ToolJson
    models: list[ModelJson | FailedJson]
