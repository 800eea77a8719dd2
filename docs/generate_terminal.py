"""Write docs/terminal.svg: what a terminal of 80 columns shows of a sample model, colours and all.

Run it after changing the text report; `--check` only checks whether the picture is current.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

import strideinspect
from strideinspect.cli.terminal_colours import COLOURS
from strideinspect.report import text
from strideinspect.repository import Repository

ROOT = Path(__file__).parents[1]
FILE = Path(__file__).parent / "terminal.svg"
MODEL = "sample_models/alexnet-stem-dynamo.onnx"
WIDTH = 80


def picture() -> str:
    """The report of the sample as SVG, below the command that was typed."""
    report = strideinspect.inspect(ROOT / MODEL)
    # As it is called from the repository's folder, and without what differs from run to run and machine to machine.
    verification = report.verification
    runtime = re.sub(r" [\d.]+$", "", verification.runtime or "")
    report = replace(report, path=MODEL, verification=replace(verification, seconds=None, runtime=runtime))
    document = text.render(report, width=WIDTH, files=Repository(ROOT))
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(Text(f"$ strideinspect {MODEL}"))
    for row in document:
        console.print(Text.assemble(*((span.text, COLOURS.get(span.style, "")) for span in row)), soft_wrap=True)
    svg = console.export_svg(title="strideinspect", theme=DIMMED_MONOKAI, unique_id="report")
    # The reader's own monospaced font: a picture loads nothing.
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code, monospace", "monospace")


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        current = FILE.exists() and FILE.read_text(encoding="utf-8") == picture()
        sys.exit(0 if current else "docs/terminal.svg is stale; run python docs/generate_terminal.py")
    FILE.write_text(picture(), encoding="utf-8", newline="\n")
