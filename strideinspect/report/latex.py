"""The layers of a model as a table in LaTeX, with the rules of the package booktabs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from strideinspect.report import layer_table, source_lines
from strideinspect.report.layout import printable
from strideinspect.results.report import FailedReport, Report

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "`": r"\textasciigrave{}", "'": r"\textquotesingle{}",
    '"': r"\symbol{34}",  # \textquotedbl is an error in LaTeX's own font encoding
    "[": "{[}", "]": "{]}", "*": "{*}",  # after the end of a row they would be read as its argument
    "×": r"$\times$", "↑": r"$\uparrow$", "–": r"\textendash{}", "·": r"$\cdot$", "…": r"\dots{}",
}  # fmt: skip

_LIGATURE = re.compile(r"([-,])(?=\1)")
"""Two hyphens would become a dash."""

_LETTERS = frozenset(
    "¡¢£¥§©®°±µ¶¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿĀāĂăĆćĈĉĊċČčĎďĒēĔĕĖėĚěĜĝĞğĠġĢģĤĥĨĩĪīĬĭİıĴĵĶķ"
    "ĹĺĻļĽľŁłŃńŅņŇňŌōŎŏŐőŒœŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŨũŪūŬŭŮůŰűŴŵŶŷŸŹźŻżŽž¼½¾"
)
"""What LaTeX prints in every font encoding, besides ASCII; all else would stop it, and is written as its code point."""


def render(results: Sequence[Report | FailedReport], *, files: source_lines.Files = source_lines.AS_GIVEN) -> str:
    """A tabular per model that could be inspected, after a comment with its path."""
    reports = [result for result in results if isinstance(result, Report)]
    return "\n".join(line for report in reports for line in _tabular(report, files))


def _tabular(report: Report, files: source_lines.Files) -> Iterator[str]:
    columns = "l" * layer_table.NUMBERS + "r" * (len(layer_table.TITLES) - layer_table.NUMBERS)
    yield f"% {printable(files.model(report.path))}; needs \\usepackage{{booktabs}}"
    yield f"\\begin{{tabular}}{{{columns}}}"
    yield "\\toprule"
    yield " & ".join(map(escaped, layer_table.TITLES)) + " \\\\"
    yield "\\midrule"
    yield from (" & ".join(map(escaped, row)) + " \\\\" for row in layer_table.rows(report))
    yield "\\bottomrule"
    yield "\\end{tabular}"
    yield ""


def escaped(text: str) -> str:
    """The text as LaTeX prints it without further packages, whatever it holds: names come from a file."""
    return _LIGATURE.sub(r"\1{}", "".join(map(_sign, printable(text))))


def _sign(sign: str) -> str:
    plain = sign.isascii() or sign in _LETTERS
    return _SPECIAL.get(sign, sign if plain else f"U+{ord(sign):04X}")
