"""Where a rule is explained."""

from __future__ import annotations

from strideinspect.version import HOME


def address(rule_id: str, page: str = "") -> str:
    """The absolute address of a rule's page: `page`, which another package gives with its rule, or ours."""
    return page or f"{HOME}/blob/main/docs/rules/{rule_id}.md"
