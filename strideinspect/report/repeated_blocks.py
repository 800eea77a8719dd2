"""Making long tables short: repeated blocks said once, and names cut down to what tells them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import takewhile
from operator import ge

from msgspec import Struct

LONGEST_BLOCK = 12
"""How many rows a block that is looked for may have."""


class Row(Struct, frozen=True):
    """One window's view of one graph input.

    Rows of repeated blocks are alike in `kind` (the name with its numbers blanked) and `cells`, not in `name` and
    `field`. `sizes` are the numbers in `field`, one per axis; empty where some axis has none. Rows without a name go on
    with the window above them, for its further inputs.
    """

    name: str
    kind: str
    field: str
    sizes: tuple[int, ...]
    cells: tuple[str, ...]


class Block(Struct, frozen=True):
    """`length` rows from `start` on that come `times` times one after another."""

    start: int
    length: int
    times: int


def fold(rows: Sequence[Row]) -> list[Block]:
    """The rows as blocks, repeated ones found from the top: at each row the block that covers most.

    Time grows with the number of rows: every candidate length is compared at most once per row passed.
    """
    blocks: list[Block] = []
    at = 0
    while at < len(rows):
        best = Block(at, 1, 1)
        longest = min(LONGEST_BLOCK, (len(rows) - at) // 2) if rows[at].name else 0
        for length in range(1, longest + 1):
            times = _repeats(rows, at, length)
            if times > 1 and length * times > best.length * best.times:
                best = Block(at, length, times)
        blocks.append(best)
        at += best.length * best.times
    return blocks


def _repeats(rows: Sequence[Row], start: int, length: int) -> int:
    at = start + length
    while at < len(rows) and _follows(rows[at], rows[at - length]):
        at += 1
    while at < len(rows) and not rows[at].name:
        at -= 1  # no block ends within a window's rows
    return (at - start) // length


def _follows(row: Row, former: Row) -> bool:
    """Whether the row may be the former one's next repetition: all the same, and a field that does not fall.

    Branches side by side may look alike; their fields tell that no window of the one comes before that of the other.
    """
    if row.kind != former.kind or row.cells != former.cells:
        return False
    if row.field == former.field:
        return True
    return len(row.sizes) == len(former.sizes) > 0 and all(map(ge, row.sizes, former.sizes))


def short_names(names: Sequence[str]) -> Mapping[str, str]:
    """Each name without the scopes that all share and without what follows once it is told apart from all others.

    `net/block1/conv/Conv` and `net/block2/conv/Conv` become `block1` and `block2`. Scopes that spell out their parent
    once more, as `/layer1/layer1.0/conv1` does, are said once.
    """
    split = {name: _said_once(name.split("/")) for name in names}
    scopes = zip(*(parts[:-1] for parts in split.values()), strict=False)
    shared = len(list(takewhile(lambda level: len(set(level)) == 1, scopes)))
    beginnings = Counter(parts[:depth] for parts in split.values() for depth in range(1, len(parts) + 1))

    def shortest(parts: tuple[str, ...]) -> str:
        enough = (depth for depth in range(shared + 1, len(parts)) if beginnings[parts[:depth]] == 1)
        return "/".join(parts[shared : next(enough, len(parts))])

    return {name: shortest(parts) or name for name, parts in split.items()}


def _said_once(parts: Sequence[str]) -> tuple[str, ...]:
    """`layer1`, `layer1.0`, `conv1` as `layer1.0`, `conv1`."""
    following = [*parts[1:], ""]
    return tuple(
        part for part, after in zip(parts, following, strict=True) if not after.startswith(f"{part}.") or not part
    )
