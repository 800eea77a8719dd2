"""The version of the package and where it lives: the one place that holds them."""

from __future__ import annotations

__version__ = "0.1.0"
HOME = "https://github.com/strideinspect/strideinspect"
"""The project's pages; rules and formats are documented below it."""
