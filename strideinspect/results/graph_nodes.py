"""The nodes of the window graph, and what is known of each.

Axes are counted from 0 in the tensor that the docstring names; positions are pixel indices along that axis.
"""

from __future__ import annotations

from msgspec import Struct

from strideinspect.results.field import Field
from strideinspect.spelling import by_axes, shape_text


class Source(Struct, frozen=True):
    """Where the author of the model wrote a node, as far as the exporter recorded it; None for what it did not.

    Attributes:
        file: The Python file.
        line: The line in it, counted from 1.
        scope: The path of the layer, such as "layer3.0.conv1".
    """

    file: str | None
    line: int | None
    scope: str | None


class Dropped(Struct, frozen=True):
    """How many indices of a window node's input no window covers, per spatial axis.

    Attributes:
        pixels: Trailing indices that are left over because the division in the output size rounds down.
        padding: The same, of trailing padding.
        gap: Indices between windows (where the stride is larger than the window) or between dilated taps.
    """

    pixels: tuple[int, ...]
    padding: tuple[int, ...]
    gap: tuple[int, ...]


class Branch(Struct, frozen=True):
    """A branch of an If node that is taken or not depending on the data.

    Attributes:
        node: Name of the If node, or its first output.
        side: "then" or "else".
        unfit: Why the branch cannot run at this input size; None if it can.
    """

    node: str
    side: str
    unfit: str | None


class WindowNode(Struct, frozen=True):
    """A node that slides a window over its input: a convolution, a pooling, a transposed convolution.

    Tuples hold one number per spatial axis of the node, in the order of `spatial_axes`, with the defaults of the ONNX
    standard and `auto_pad` resolved (ONNX Operators: Conv, ConvTranspose, MaxPool, AveragePool, LpPool). Kernel,
    stride, dilation and padding are in elements of the node's own input; of the output for a transposed convolution.

    Attributes:
        name: Name of the node; may be empty.
        op: Operator type, such as "Conv".
        output: Name of the first output tensor: the key of this node everywhere in a report.
        kernel: Taps of the window.
        stride: Step from one window to the next.
        dilation: Distance between taps; 1 for adjacent ones.
        padding_begin: Padding before index 0.
        padding_end: Padding after the last index.
        output_padding: The attribute of a transposed convolution; None for other operators.
        input_shape: Shape of the node's first input, all axes; None where unknown.
        output_shape: Shape of its first output, all axes; None where unknown.
        spatial_axes: Axes of the node's own input and output along which the window slides.
        macs: Multiply-adds for one batch element; None where unknown.
        parameters: Number of weights, the bias included; 0 for a pooling, None where unknown.
        dropped: Indices of the input that no window covers; None where unknown, and for a
            window over everything (global pooling).
        source: Where the author wrote the node; None where the exporter recorded nothing.
        fields: Receptive field of the first output: one Field per axis of a graph input.
        bytes: First byte and length of the node's record in the file; None for a node in a subgraph.
        branch: The branch of an If node in which it stands, if the data decide whether that runs.
        pad_nodes: What Pad nodes directly before it add to its input, before index 0 and after the last index of each
            spatial axis, apart from its own padding; None where there is no such node.
    """

    name: str
    op: str
    output: str
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding_begin: tuple[int, ...]
    padding_end: tuple[int, ...]
    output_padding: tuple[int, ...] | None
    input_shape: tuple[int, ...] | None
    output_shape: tuple[int, ...] | None
    spatial_axes: tuple[int, ...]
    macs: int | None
    parameters: int | None
    dropped: Dropped | None
    source: Source | None
    fields: tuple[Field, ...]
    bytes: tuple[int, int] | None = None
    branch: Branch | None = None
    pad_nodes: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    def __repr__(self) -> str:
        window = f"{by_axes(self.kernel)}/{by_axes(self.stride)}"
        return f"<WindowNode {self.label!r}: {self.op} {window}, output {shape_text(self.output_shape)}>"

    @property
    def label(self) -> str:
        """The node's name where it has one, else its first output tensor."""
        return self.name or self.output

    @property
    def learned(self) -> bool:
        """Whether the node has weights."""
        return bool(self.parameters)


class Merge(Struct, frozen=True):
    """A node of the window graph in which branches meet.

    Attributes:
        name: Name of the node; may be empty.
        op: Operator type, such as "Add" or "Concat".
        output: Name of the first output tensor: the key of this node in the graph.
        source: Where the author wrote the node; None where the exporter recorded nothing.
    """

    name: str
    op: str
    output: str
    source: Source | None = None
