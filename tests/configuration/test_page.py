"""The documentation of the configuration is a configuration."""

from __future__ import annotations

import re
from pathlib import Path

from strideinspect import Severity, settings_for
from strideinspect.configuration.keys import KEYS

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_example_is_read_and_names_every_key(tmp_path: Path) -> None:
    """The example of docs/configuration.md is valid, and leaves no key out."""
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(example, encoding="utf-8")
    settings = settings_for(tmp_path / "exports/v2/detector_s.onnx")
    assert settings.fail_on is Severity.WARNING
    assert settings.input_shapes == {"image": (1, 3, 640, 640)}
    assert settings.ignore == ("center-drift", "field")
    assert [
        key for key in KEYS if not re.search(rf"^\[{{0,2}}(tool\.strideinspect\.)?{key}\b", example, re.MULTILINE)
    ] == []
