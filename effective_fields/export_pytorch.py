"""Export the networks by both exporters of PyTorch, and keep autograd's map of each in double precision.

    python effective_fields/export_pytorch.py

needs torch, onnx and onnxscript. The models and `pytorch.npz` are committed; tests compare
`strideinspect erf` with them.
"""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import onnx
import torch
from networks import NETWORKS

FOLDER = Path(__file__).parent / "models"


def main() -> None:
    """Write the models and the maps."""
    maps = {}
    for number, (name, (make, shape)) in enumerate(NETWORKS.items()):
        torch.manual_seed(number)
        network = make().eval()
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
                torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
                torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            elif isinstance(module, (torch.nn.LayerNorm, torch.nn.GroupNorm, torch.nn.InstanceNorm2d)):
                torch.nn.init.uniform_(module.weight, 0.5, 1.5)
        x = torch.from_numpy(np.random.default_rng(0).standard_normal(shape, np.float32))
        maps[name] = effective_field(copy.deepcopy(network).double(), x.double())
        for exporter in ("torchscript", "dynamo"):
            path = FOLDER / f"{name}-{exporter}.onnx"
            options = {"input_names": ["image"], "dynamo": exporter == "dynamo"}
            if exporter == "dynamo":
                options["external_data"] = False
            torch.onnx.export(network, (x,), path, verbose=False, **options)
            clean(path)
    np.savez_compressed(FOLDER / "pytorch.npz", **maps)


def effective_field(network: torch.nn.Module, x: torch.Tensor) -> np.ndarray:
    """The sum over channels of the absolute gradient of the sum over the middle cell's channels, as float32."""
    x.requires_grad_()
    y = network(x)
    middle = tuple(n // 2 for n in y.shape[2:])
    y[(0, slice(None), *middle)].sum().backward()
    return x.grad[0].abs().sum(0).numpy().astype(np.float32)


def clean(path: Path) -> None:
    """Remove what names this machine."""
    model = onnx.load(path)
    model.doc_string = ""
    del model.metadata_props[:]
    del model.graph.value_info[:]
    model.graph.doc_string = ""
    del model.graph.metadata_props[:]
    for entry in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        entry.doc_string = ""
        if hasattr(entry, "metadata_props"):
            del entry.metadata_props[:]
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
