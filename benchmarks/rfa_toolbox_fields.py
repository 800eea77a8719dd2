"""What rfa_toolbox says of the networks in small_networks.py. Runs in an environment that has it, on Python 3.9."""

from __future__ import annotations

import contextlib
import json
import sys
import warnings

from rfa_toolbox import create_graph_from_pytorch_model

from benchmarks.small_networks import NETWORKS, SIZE


def main() -> None:
    """Write one line of JSON: the largest field of each network's last layer, along the columns."""
    found = {}
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, network in NETWORKS.items():
            graph = create_graph_from_pytorch_model(network.eval(), input_res=(1, 3, SIZE, SIZE))
            (last,) = [layer for layer in graph.all_layers if not layer.succecessors]
            found[name] = int(last.receptive_field_max[-1])
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
