"""Tables for documents: a model card's section in Markdown, and the layers in LaTeX."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import cycle
from pathlib import Path

import pytest
from msgspec.structs import replace

from strideinspect.report import card, latex, layer_table
from strideinspect.results.report import Report
from tests.report.inspections import sample

HOSTILE = r"a_b & 50% | <b> $x$ \end{tabular} `"


@pytest.fixture
def report() -> Report:
    """The first layers of AlexNet, the first of them under a hostile name."""
    found = sample("alexnet-stem-dynamo", verify="none")
    first, *others = found.nodes
    return replace(found, nodes=(replace(first, source=None, name=HOSTILE), *others))


def test_the_rows(report: Report) -> None:
    """A row per window node: 11×11 with stride 4, then a pooling of 3×3 with stride 2 sees 11 + 2·4 = 19."""
    rows = list(layer_table.rows(report))
    assert rows[0] == (HOSTILE, "Conv", "11×11/4", "54×54", "11", "4", "34.9 k", "102 M")
    assert rows[1][1:6] == ("MaxPool", "3×3/2", "26×26", "19", "8")
    assert all(len(row) == len(layer_table.TITLES) for row in rows)


def test_card(report: Report) -> None:
    """The section names inputs, outputs, what is never seen, and every step; a name cannot break its table."""
    text = card.render([report], version="1")
    assert text.startswith("## Receptive field and resolution\n")
    assert "- No output depends on indices 219–223 along axis 2 of image\n" in text
    assert "| Conv 11×11/4 | yes | 54×54 | 4 |\n" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    row = next(line for line in tables if "11×11/4 | 54×54" in line)
    assert row.replace("\\|", "").count("|") == len(layer_table.TITLES) + 1
    hostile = card.render([replace(report, path="a\x1b[31m\n# b.onnx")], version="1")
    assert "\nOf `a\\x1b[31m\\n# b.onnx`, by" in hostile
    assert "<b>" not in text
    assert "- Verification: not checked: not requested" in text


def test_latex(report: Report) -> None:
    """As many columns in every row as the table has, and nothing in a name that LaTeX would run."""
    lines = latex.render([report]).splitlines()
    assert lines[1] == r"\begin{tabular}{lllrrrrr}"
    rows = [line for line in lines if line.endswith(r"\\")]
    assert len(rows) == 1 + len(report.nodes)
    assert {line.replace(r"\&", "").count("&") for line in rows} == {len(layer_table.TITLES) - 1}
    named = r"a\_b \& 50\% \textbar{} \textless{}b\textgreater{} \$x\$ \textbackslash{}end\{tabular\} \textasciigrave{}"
    assert rows[1].startswith(named)
    assert r"11$\times$11/4" in rows[1]


NAMES = (
    "[1em] first in a row",
    "*star",
    "\\ & % $ # _ { } ~ ^ < > | \" ' ` ?` !` -- --- ,, <<",
    "\\input{/etc/passwd}\\end{tabular}\\end{document}",
    "^^M^^41 %\n\t\u202e ☃ 中文 αβγ ½ é ß ø Ą « » \N{COMBINING ACUTE ACCENT}",
    "\U0001f600 \udcff",
)


def test_latex_compiles(report: Report, tmp_path: Path) -> None:
    """LaTeX makes pages of the tables of hostile names with no other package than the one that is said."""
    if shutil.which("pdflatex") is None:
        pytest.skip("there is no LaTeX: Debian's is texlive-latex-recommended")
    nodes = [replace(node, source=None, name=name) for node, name in zip(cycle(report.nodes), NAMES, strict=False)]
    tables = latex.render([replace(report, nodes=tuple(nodes)), report])
    page = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\\tiny\n%s\\typeout{All read}\\end{document}"
    (tmp_path / "t.tex").write_text(page % tables, encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "-no-shell-escape", "-draftmode", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    said = done.stdout.decode(errors="replace")
    assert "All read" in said, said[-2000:]
    assert [line for line in said.splitlines() if line.startswith("!") or "Missing character" in line] == []


@pytest.mark.parametrize("name", NAMES)
def test_latex_runs_nothing_of_a_name(name: str) -> None:
    """Every backslash that is left begins one of our own commands, and all that is active to LaTeX is behind one."""
    text = latex.escaped(name)
    plain = re.sub(
        r"\\(text[a-z]+\{\}|symbol\{34\}|dots\{\}|[&%$#_{}])|\$\\(times|uparrow|cdot)\$|\{[][*]\}|[-,]\{\}", "", text
    )
    assert not re.search(r"[\\&%$#_{}~^\"'`\[\]*]", plain)
    assert not re.search("--|,,", plain)
