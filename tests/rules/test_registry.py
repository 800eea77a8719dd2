"""Choosing rules by id and group, and registering them."""

from __future__ import annotations

import pytest

from strideinspect.errors import UsageError
from strideinspect.results.report import Severity
from strideinspect.rules import floor_truncation
from strideinspect.rules.registry import all_rules, chosen, rule

EVERYTHING = frozenset(found.id for found in all_rules())
RUNTIME = {
    "ambiguous-semantics",
    "does-not-run",
    "shape-contradicted",
    "field-contradicted",
    "unseen-contradicted",
    "not-verified",
}

CHOICES = {
    "all": ((), (), EVERYTHING),
    "one": (("stride-gap",), (), {"stride-gap"}),
    "a group": (("runtime",), (), RUNTIME),
    "a group and a rule": (("runtime", "stride-gap"), (), RUNTIME | {"stride-gap"}),
    "all but one": ((), ("not-verified",), EVERYTHING - {"not-verified"}),
    "a group but one": (("runtime",), ("not-verified",), RUNTIME - {"not-verified"}),
    "nothing left": (("stride-gap",), ("coverage",), set()),
}


@pytest.mark.parametrize(("select", "ignore", "wanted"), CHOICES.values(), ids=CHOICES)
def test_choices(select: tuple[str, ...], ignore: tuple[str, ...], wanted: set[str]) -> None:
    """All rules or those selected, less those ignored; ids and groups may be named."""
    assert chosen(select, ignore) == wanted


@pytest.mark.parametrize("names", [(("floor-trunkation",), ()), ((), ("floor-trunkation",))])
def test_no_such_rule(names: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    """A name that is neither a rule nor a group is a mistake, with the nearest one."""
    with pytest.raises(UsageError) as error:
        chosen(*names)
    assert error.value.message == "there is no rule or group 'floor-trunkation'"
    assert error.value.help == "did you mean floor-truncation?"


def test_one_rule_per_file() -> None:
    """A second check in one file is refused."""
    with pytest.raises(ValueError, match="floor-truncation is registered already"):
        rule("coverage", Severity.NOTE)(floor_truncation.check)


def test_rules_are_in_order() -> None:
    """Rules are listed by group and id, whatever the order of the files."""
    listed = [(found.group, found.id) for found in all_rules()]
    assert listed == sorted(listed)
