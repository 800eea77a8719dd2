"""The source code position of a node, where the exporter recorded it.

PyTorch's exporter writes `pkg.torch.onnx.stack_trace` and `pkg.torch.onnx.name_scopes` into a node's metadata; its
older exporter and that of Keras write the layer path into the node's name.
"""

from __future__ import annotations

import ast
import re

from strideinspect.model.node import Node
from strideinspect.results.report import Source

# Texts, which `re` compiles at the first trace: models of most exporters have none.
_FRAME = r'File "(?P<file>[^"]+)", line (?P<line>\d+)'
_INSTALLED = (
    r"(?i)(^|[/\\])(site-packages|dist-packages|lib[/\\]python[\d.]+|python\d{2,}[/\\]lib|torch[/\\]nn)[/\\]"
    r"|^<|^(torch|torchvision|timm)[/\\]"
)
"""Not the user's own files: those of packages and of Python itself, and names such as <string>."""


def source_of(node: Node) -> Source | None:
    """File, line and layer path of a node; None where the model records none of them."""
    metadata = {entry.key: entry.value for entry in node.proto.metadata_props}
    file, line = _innermost(metadata.get("pkg.torch.onnx.stack_trace", ""))
    scope = layer_of(node)
    return Source(file, line, scope) if file or scope else None


def layer_of(node: Node) -> str | None:
    """The layer path of a node alone, which takes less time."""
    scopes = next((entry.value for entry in node.proto.metadata_props if entry.key == "pkg.torch.onnx.name_scopes"), "")
    return _scope(scopes) or _scope_of_name(node.name)


def _innermost(trace: str) -> tuple[str | None, int | None]:
    """The innermost frame outside installed packages; a network from a library may have none."""
    frames = re.finditer(_FRAME, trace) if trace else ()
    own = [(m["file"], int(m["line"])) for m in frames if not re.search(_INSTALLED, m["file"])]
    return own[-1] if own else (None, None)


def _scope(text: str) -> str | None:
    """The module path: the last entry that names a module and not the operation inside it."""
    try:
        scopes = ast.literal_eval(text) if text else []
    except (ValueError, SyntaxError):
        return None
    if not isinstance(scopes, list) or len(scopes) < 2:
        return None
    return str(scopes[-2]) or None


def _scope_of_name(name: str) -> str | None:
    """A layer path such as /layer1/layer1.0/conv1/Conv or model/block1/conv/Conv2D, without the operation."""
    parts = [part for part in name.split("/") if part]
    if len(parts) < 2:
        return None
    if not name.startswith("/"):
        return "/".join(parts[:-1])
    kept: list[str] = []
    for part in parts[:-1]:  # torch repeats the path: /layer1/layer1.0 is layer1.0
        if kept and part.startswith(kept[-1] + "."):
            kept.pop()
        kept.append(part)
    return ".".join(kept)
