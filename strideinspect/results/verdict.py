"""What running the model says of the claims made of it: the part of the report that verification gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What running says of a claim, or of all of them."""

    AGREED = "agreed"
    CONTRADICTED = "contradicted"
    NOT_CHECKED = "not-checked"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many claims of one kind met each verdict."""

    agreed: int = 0
    contradicted: int = 0
    not_checked: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """A claim that running did not simply confirm.

    Raises ValueError for a claim that was not checked without a reason.
    """

    node: str | None
    output: str
    claim: str  # shape, field, unseen, theory or impulse
    verdict: Verdict
    reason: str | None = None
    predicted: object = None
    ran: object = None

    def __post_init__(self) -> None:
        if self.verdict is Verdict.NOT_CHECKED and not self.reason:
            raise ValueError("a claim that was not checked needs a reason")


class Impulses(NamedTuple):
    """What impulses through the real weights showed, counted in indices of the input axes: rows, columns, planes.

    An index agrees where changing it changed no bit out of its predicted reach in the `watched` tensors: nothing
    reaches further, which does not say that everything is reached. At most `limit` indices are tried.
    """

    counts: Counts
    watched: int
    limit: int


@dataclass(frozen=True, slots=True)
class Verification:
    """What running the model says of the claims; `details` lists all that is not agreed.

    `fields` are actual fields, `theory` closed forms, where an index keeps clear of all borders; both count tensors.
    `impulses` is None where none were asked for; `seconds` is for people only.
    """

    status: Verdict
    reason: str | None = None
    runtime: str | None = None
    shapes: Counts = Counts()
    fields: Counts = Counts()
    unseen: Counts = Counts()
    theory: Counts = Counts()
    impulses: Impulses | None = None
    details: tuple[Check, ...] = ()
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.status is Verdict.NOT_CHECKED and not self.reason:
            raise ValueError("a verification that did not run needs a reason")
