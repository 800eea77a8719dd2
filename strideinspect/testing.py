"""For the tests of a project that has models: `assert_clean("exports/detector.onnx")` fails with what is wrong."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from strideinspect import expectation
from strideinspect.settings import InputShapes, Settings, Verify

WIDTH = 100
"""Cells of the findings' text."""


def assert_clean(
    path: str | os.PathLike[str],
    *,
    fail_on: Literal["note", "warning", "error"] = "warning",
    input_shapes: InputShapes | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    expect: Sequence[str] = (),
    verify: Verify | None = None,
    baseline: str | os.PathLike[str] | None = None,
    settings: Settings | None = None,
) -> None:
    """Inspect an ONNX file; findings of severity `fail_on` or a graver one fail the test and are what it says.

    `settings` are those of the project's configuration if they are not given. What is given besides goes before them,
    and means what it means to `strideinspect.inspect`; `baseline` is a file of accepted findings.

    Raises AssertionError for findings, and StrideinspectError for what cannot be inspected.
    """
    __tracebackhide__ = True
    from strideinspect.configuration.find import settings_for
    from strideinspect.results.report import Severity

    given: dict[str, Any] = {
        "input_shapes": {"": input_shapes} if isinstance(input_shapes, Sequence) else input_shapes,
        "select": tuple(select),
        "ignore": tuple(ignore),
        "expect": tuple(expectation.parsed(text) for text in expect),
        "verify": verify,
        "baseline": baseline and Path(baseline),
        "fail_on": Severity(fail_on),
    }
    asked = settings or settings_for(path)
    found = failure(path, replace(asked, **{name: value for name, value in given.items() if value}))
    if found:
        raise AssertionError(found)


def failure(path: str | os.PathLike[str], settings: Settings) -> str:
    """The findings of a model that its settings fail on, as text for people; "" where there are none."""
    if settings.fail_on is None:
        return ""
    from strideinspect.api import inspect
    from strideinspect.report import text
    from strideinspect.report.layout import plain
    from strideinspect.repository import Repository, root

    report = inspect(path, settings=settings)
    document = text.render_quiet(report, width=WIDTH, show=settings.fail_on, files=Repository(root(Path.cwd())))
    return plain(document).rstrip("\n")
