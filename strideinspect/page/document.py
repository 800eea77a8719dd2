"""The page: one HTML file with its style, its script and its data, which loads nothing from anywhere.

Its policy allows the one style and the one script that stand in it, by their hashes, and pictures that it brings along.
Names come from model files; they are escaped by the template, by the SVG's serializer and in the data's JSON.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup
from msgspec import Struct

from strideinspect.page import comparison_rows, effective_view, layer_rows
from strideinspect.page.comparison import Comparison
from strideinspect.page.comparison_view import ComparisonView
from strideinspect.page.model_view import ModelView
from strideinspect.report import source_lines
from strideinspect.report.layout import printable
from strideinspect.results.contribution import Contributions
from strideinspect.results.effective_field import EffectiveOutput
from strideinspect.results.pictures import Pictures
from strideinspect.results.report import FailedReport, Report

_SCRIPTS = ("elements", "boxes", "inspector", "graphs", "layers", "models", "versions", "start")
"""The parts of the page's script, in the order in which they need each other; they share one scope."""

_HERE = Path(__file__).parent


class Shown(Struct, frozen=True):
    """A model on the page: its report, and what is known besides."""

    result: Report | FailedReport
    contributions: Contributions
    pictures: Pictures
    effective: Sequence[EffectiveOutput]


class _Failed(Struct, frozen=True):
    """A model that could not be inspected."""

    key: str
    path: str
    message: str
    help: str


def render(models: Sequence[Shown], *, version: str, files: source_lines.Files = source_lines.AS_GIVEN) -> str:
    """The whole page; several models come with an index, of which the script shows one at a time."""
    views = [_view(shown, files, f"m{number}") for number, shown in enumerate(models, 1)]
    title = views[0].path if len(views) == 1 else f"{len(views)} models"
    return _page(title, version, views=views)


def render_comparison(comparison: Comparison, *, version: str) -> str:
    """The page of two versions of a model side by side."""
    view = ComparisonView(comparison)
    return _page(view.title, version, comparison=view)


def _page(
    title: str, version: str, *, views: Sequence[ModelView | _Failed] = (), comparison: ComparisonView | None = None
) -> str:
    style, script = _asset("style.css"), _script()
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return _template().render(
        comparison=comparison,
        models=[view for view in views if isinstance(view, ModelView)],
        failed=[view for view in views if isinstance(view, _Failed)],
        views=views,
        several=len(views) > 1,
        title=title,
        columns=layer_rows.COLUMNS,
        numbers=layer_rows.NUMBERS,
        pair_columns=comparison_rows.COLUMNS,
        effective_columns=effective_view.COLUMNS,
        effective_numbers=effective_view.NUMBERS,
        policy=policy,
        style=Markup(style),  # noqa: S704  # our own
        script=Markup(script),  # noqa: S704
        version=version,
    )


def _view(shown: Shown, files: source_lines.Files, key: str) -> ModelView | _Failed:
    result = shown.result
    if isinstance(result, FailedReport):
        return _Failed(key, printable(files.model(result.path)), printable(result.message), printable(result.help))
    return ModelView(result, shown.contributions, shown.pictures, shown.effective, files, key)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html")


@cache
def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _script() -> str:
    parts = "\n".join(_asset(f"{name}.js") for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
