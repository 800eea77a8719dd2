"""A page inside a notebook."""

from __future__ import annotations

from collections.abc import Callable

from strideinspect.errors import StrideinspectError


def framed(title: str, page: Callable[[], str]) -> str:
    """The page in a frame of its own: neither can touch the other's style or scripts. If there is none, why."""
    from html import escape  # which every start would pay for

    try:
        text = page()
    except StrideinspectError as error:
        return f"<p>{escape(str(error))}</p>"
    size = 'width="100%" height="820" style="border:0"'
    return f'<iframe title="{title}" sandbox="allow-scripts allow-popups" {size} srcdoc="{escape(text)}"></iframe>'
