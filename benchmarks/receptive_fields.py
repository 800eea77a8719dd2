"""Which receptive fields other tools compute, beside the published or hand-computed ones."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

TOOLS = ("torchscan", "rfa_toolbox")

_SCRIPT = Path(__file__).with_name("torchscan_fields.py")

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
    """What a tool says of a network; None where it says nothing."""

    tool: str
    network: str
    said: int | None

    @property
    def right(self) -> bool:
        """Whether it is the number that it should be."""
        return self.said == EXPECTED[self.network][0]


def answers(environment: Path | None) -> tuple[list[Answer], dict[str, str]]:
    """What the tools in an environment say, and why others are left out."""
    if environment is None:
        return [], dict.fromkeys(TOOLS, "no --peers environment was given")
    python = str(environment / "bin" / "python")
    missing = {}
    for tool in TOOLS:
        tried = subprocess.run((python, "-c", f"import {tool}"), capture_output=True, text=True, check=False)
        if tried.returncode:
            missing[tool] = tried.stderr.strip().rpartition("\n")[2]
    missing.setdefault("rfa_toolbox", "it could not be installed where this was written, and is not asked")
    if "torchscan" in missing:
        return [], missing
    ran = subprocess.run((python, str(_SCRIPT)), capture_output=True, text=True, check=True)
    said = json.loads(ran.stdout.splitlines()[-1])
    return [Answer("torchscan", network, said.get(network)) for network in EXPECTED], missing
