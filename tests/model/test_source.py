"""Where a node comes from: the traces that exporters leave."""

from __future__ import annotations

import onnx
import pytest

from strideinspect.model.node import Node
from strideinspect.model.source import source_of
from strideinspect.results.report import Source

TRACE = """
File "/home/user/train/net.py", line 41, in forward
    return self.head(self.body(x))
File "/usr/lib/python3.11/site-packages/torch/nn/modules/module.py", line 1779, in _call_impl
    return forward_call(*args, **kwargs)
File "/home/user/train/blocks.py", line 17, in forward
    x = self.conv(x)
File "/usr/lib/python3.11/site-packages/torch/nn/modules/conv.py", line 560, in forward
    return self._conv_forward(input, self.weight, self.bias)
"""
LIBRARY = """
File "/usr/lib/python3.11/site-packages/torchvision/models/vgg.py", line 66, in forward
    x = self.features(x)
File "/usr/lib/python3.11/site-packages/torch/nn/modules/conv.py", line 560, in forward
    return self._conv_forward(input, self.weight, self.bias)
"""
WINDOWS = r"""
File "C:\Users\me\net.py", line 7, in forward
    return checkpoint(self.body, x)
File "C:\Python311\Lib\contextlib.py", line 81, in inner
    return func(*args, **kwds)
File "C:\Python311\Lib\site-packages\torch\nn\modules\conv.py", line 560, in forward
    return self._conv_forward(input, self.weight, self.bias)
"""
CHECKOUT = """
File "/src/nets/net.py", line 9, in forward
    return self.body(x)
File "/src/pytorch/torch/nn/modules/conv.py", line 560, in forward
    return self._conv_forward(input, self.weight, self.bias)
File "<eval_with_key>.3", line 12, in forward
"""
SCOPES = "['', 'body', 'body.0', 'body.0.conv', 'conv2d_3']"


def source(name: str, **metadata: str) -> Source | None:
    """The source of a node with this name and these traces of PyTorch's exporter."""
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], name=name)
    for key, value in metadata.items():
        node.metadata_props.add(key=f"pkg.torch.onnx.{key}", value=value)
    return source_of(Node.of(node, {"": 18}))


CASES: dict[str, tuple[str, dict[str, str], Source | None]] = {
    "nothing": ("", {}, None),
    "a plain name": ("node_conv2d_3", {}, None),
    # The innermost frame that is the author's own.
    "own code": (
        "node_conv2d_3", {"stack_trace": TRACE, "name_scopes": SCOPES},
        Source("/home/user/train/blocks.py", 17, "body.0.conv"),
    ),
    "own code without scopes": ("n", {"stack_trace": TRACE}, Source("/home/user/train/blocks.py", 17, None)),
    # A network out of a library was written by nobody here.
    "library code": ("n", {"stack_trace": LIBRARY}, None),
    "library code with scopes": (
        "n", {"stack_trace": LIBRARY, "name_scopes": SCOPES}, Source(None, None, "body.0.conv"),
    ),
    "own code on Windows": ("n", {"stack_trace": WINDOWS}, Source("C:\\Users\\me\\net.py", 7, None)),
    "own code and a checkout of torch": ("n", {"stack_trace": CHECKOUT}, Source("/src/nets/net.py", 9, None)),
    "scopes alone": ("n", {"name_scopes": SCOPES}, Source(None, None, "body.0.conv")),
    "scopes that are none": ("n", {"name_scopes": "['only']"}, None),
    "scopes that do not parse": ("n", {"name_scopes": "['body', "}, None),
    "scopes of another kind": ("n", {"name_scopes": "{'a': 1}"}, None),
    "a trace without frames": ("n", {"stack_trace": "somewhere"}, None),
    # TorchScript repeats the path of a child: /layer1/layer1.0 is layer1.0.
    "older exporter": ("/layer1/layer1.0/conv1/Conv", {}, Source(None, None, "layer1.0.conv1")),
    "older exporter, top level": ("/conv1/Conv", {}, Source(None, None, "conv1")),
    "older exporter, operation alone": ("/Add", {}, None),
    "keras": ("functional_1/block1_conv1/Conv2D", {}, Source(None, None, "functional_1/block1_conv1")),
}  # fmt: skip


@pytest.mark.parametrize(("name", "metadata", "wanted"), CASES.values(), ids=CASES)
def test_sources(name: str, metadata: dict[str, str], wanted: Source | None) -> None:
    """File and line of the author's own code, and the layer, as far as the exporter tells them."""
    assert source(name, **metadata) == wanted
