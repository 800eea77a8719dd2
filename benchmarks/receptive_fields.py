"""Which receptive fields other tools compute, beside the published or hand-computed ones."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.opponents import NO_PEERS

TOOLS = ("torchscan", "rfa_toolbox")
"""Each is asked by a module of its name, run where the tool is."""

EXPECTED: dict[str, tuple[int, str]] = {
    "AlexNet": (195, "Araujo, Norris, Sim, Distill 2019"),
    "VGG-16": (212, "Araujo, Norris, Sim, Distill 2019"),
    "three 3×3, dilations 1, 2, 4": (15, "1 + 2 + 4 + 8"),
    "1×3, along the columns": (3, "1 + 2"),
    "two 3×3 beside a shortcut": (5, "the longer branch: 1 + 2 + 2"),
    "3×3 beside 7×7, summed": (7, "the wider branch: 1 + 6"),
    "3×3 with stride 2, upsampled twofold, then 3×3": (5, "two neighbours of the coarse map: 3 + 2"),
}
"""Network, its last layer's field in pixels, and where that number is from."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool says of a network."""

    tool: str
    network: str
    said: int

    @property
    def right(self) -> bool:
        """Whether it is the number that it should be."""
        return self.said == EXPECTED[self.network][0]


def answers(environments: Sequence[Path]) -> tuple[list[Answer], dict[str, str]]:
    """What the tools say, each in the first of some environments in which it does, and why others are left out."""
    found: list[Answer] = []
    missing = {}
    for tool in TOOLS:
        reason = NO_PEERS
        for environment in environments:
            script = (str(environment / "bin" / "python"), "-m", f"benchmarks.{tool}_fields")
            ran = subprocess.run(script, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
            if ran.returncode == 0:
                said = json.loads(ran.stdout.splitlines()[-1])
                found += [Answer(tool, network, said[network]) for network in EXPECTED]
                break
            reason = ran.stderr.strip().rpartition("\n")[2]
        else:
            missing[tool] = reason
    return found, missing
