"""Where a rule is explained."""

from __future__ import annotations

from strideinspect.version import HOME


def address(rule_id: str) -> str:
    """The absolute address of the rule's page."""
    return f"{HOME}/blob/main/docs/rules/{rule_id}.md"
