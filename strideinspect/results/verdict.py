"""The results of verification: what running the model in onnxruntime says of the report's claims."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Verdict(StrEnum):
    """What running the model says of a claim, or of all claims together."""

    AGREED = "agreed"
    CONTRADICTED = "contradicted"
    NOT_CHECKED = "not-checked"


class Counts(Struct, frozen=True):
    """How many claims of one kind have each verdict.

    Attributes:
        agreed: Claims that running the model confirmed.
        contradicted: Claims that it disproved.
        not_checked: Claims that it could not decide.
    """

    agreed: int = 0
    contradicted: int = 0
    not_checked: int = 0

    @property
    def total(self) -> int:
        """All claims of the kind."""
        return self.agreed + self.contradicted + self.not_checked


class Check(Struct, frozen=True):
    """A claim that running the model did not confirm.

    Attributes:
        node: Name of the node concerned, or None.
        output: The tensor concerned.
        claim: Kind of the claim: "shape", "field", "unseen", "theory" or "impulse"; "run" where onnxruntime refuses the
            model at this size.
        verdict: Contradicted or not checked.
        reason: Why it was not checked, or how it was contradicted.
        predicted: The value that the report gives.
        ran: The value that running the model gave.

    Raises ValueError for a claim that was not checked without a reason.
    """

    node: str | None
    output: str
    claim: str
    verdict: Verdict
    reason: str | None = None
    predicted: object = None
    ran: object = None

    def __post_init__(self) -> None:
        if self.verdict is Verdict.NOT_CHECKED and not self.reason:
            raise ValueError("a claim that was not checked needs a reason")


class Impulses(Struct, frozen=True):
    """The result of sending impulses through the real weights (`verify="full"`).

    One index of an input axis (a row, a column, a slice) is changed at a time. It agrees if no bit of the watched
    tensors changes outside its predicted reach. That proves that nothing reaches further, not that everything is
    reached.

    Attributes:
        counts: Verdicts, counted in indices of the input axes.
        watched: How many tensors were compared.
        limit: The largest number of indices that are tried.
    """

    counts: Counts
    watched: int
    limit: int


class Verification(Struct, frozen=True):
    """What running the model in onnxruntime says of the report's claims.

    Attributes:
        status: Contradicted if any claim is. Agreed if the model ran to its end, something is known of every graph
            output, and some claim agreed. Else not checked, or only in part: the counts say how much agreed.
        reason: Why nothing was checked, or only a part; None otherwise.
        runtime: Name and version of what ran the model; None if nothing did.
        shapes: Tensors whose shape is as predicted.
        fields: Tensors whose actual receptive field is as predicted, at every index.
        unseen: Axes of graph inputs whose unseen pixels change no output.
        theory: Tensors whose closed form holds where an index is clear of all borders.
        impulses: Result of impulses through the real weights; None unless `verify="full"`.
        overwritten: Axes of graph inputs and of maps whose unused indices, overwritten with random numbers, change no
            bit of an output; None unless `verify="full"` found any.
        details: Every claim that is not agreed.
        seconds: How long verification took; not the same from run to run.

    Raises ValueError for a status of not checked without a reason.
    """

    status: Verdict
    reason: str | None = None
    runtime: str | None = None
    shapes: Counts = Counts()
    fields: Counts = Counts()
    unseen: Counts = Counts()
    theory: Counts = Counts()
    impulses: Impulses | None = None
    overwritten: Counts | None = None
    details: tuple[Check, ...] = ()
    seconds: float | None = None

    def __repr__(self) -> str:
        counts = (("shapes", self.shapes), ("fields", self.fields), ("unseen", self.unseen), ("theory", self.theory))
        told = ", ".join(f"{count.agreed} of {count.total} {name}" for name, count in counts)
        return f"<Verification {self.status}: {told}>"

    @property
    def partial(self) -> bool:
        """Whether a part of the report was checked, and all of that agreed."""
        return self.status is Verdict.NOT_CHECKED and bool(self.shapes.agreed or self.fields.agreed)

    def __post_init__(self) -> None:
        if self.status is Verdict.NOT_CHECKED and not self.reason:
            raise ValueError("a verification that did not run needs a reason")
