"""What torchscan says of the networks in small_networks.py. Runs in an environment that has it."""

from __future__ import annotations

import contextlib
import json
import sys
import warnings

from torchscan import crawl_module

from benchmarks.small_networks import NETWORKS, SIZE


def main() -> None:
    """Write one line of JSON: the field of each network's last layer."""
    found = {}
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, network in NETWORKS.items():
            found[name] = int(crawl_module(network.eval(), (3, SIZE, SIZE))["layers"][-1]["rf"])
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
