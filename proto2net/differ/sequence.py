"""Two sequences aligned so that the sum of how alike the pairs are is the largest.

It is the algorithm of Needleman and Wunsch, where a gap costs nothing, a row at a time in NumPy. Of
long ones the first is halved as Hirschberg does, so memory grows with their length alone. Without
NumPy, as in a browser, the same is done number by number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from proto2net.unread import has_numpy

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_CELLS = 2**22
"""How large a table is made at once."""

Pairs = list[tuple[int, int]]


Worth = tuple[Sequence[int], int]
"""What each number that two have alike is worth, and what makes them a pair at least."""


def align(a: Sequence[Sequence[int]], b: Sequence[Sequence[int]], worth: Worth) -> Pairs:
    """Which of `a` is which of `b`, in order.

    Each is some numbers, of which -1 is like nothing. Of alignments that are as good, the one with
    the earliest pairs is taken.
    """
    if not a or not b:
        return []
    if not has_numpy():
        return _align(a, b, worth, 0, 0)
    import numpy as np

    return _align(np.array(a), np.array(b), worth, 0, 0)


def _align(a: Any, b: Any, worth: Worth, i: int, j: int) -> Pairs:
    """The pairs of two sequences that begin at these places."""
    if len(a) < 2 or len(a) * len(b) <= _CELLS:
        return [(i + first, j + second) for first, second in _traced(a, b, worth)]
    half = len(a) // 2
    rows: Any = _rows if has_numpy() else _plain_rows
    *_, ahead = rows(a[:half], b, worth)
    *_, behind = rows(a[half:][::-1], b[::-1], worth)
    sums = [int(x) + int(y) for x, y in zip(ahead, behind[::-1], strict=True)]
    cut = sums.index(max(sums))
    first = _align(a[:half], b[:cut], worth, i, j)
    return first + _align(a[half:], b[cut:], worth, i + half, j + cut)


def _rows(a: Ndarray, b: Ndarray, worth: Worth) -> Iterator[Ndarray]:
    """The best sums of none, one, … all of `a` with the first none, one, … all of `b`."""
    import numpy as np

    gains, least = worth
    columns = [np.ascontiguousarray(column) for column in b.T]
    row = np.zeros(len(b) + 1, np.int32)
    yield row
    for each in a:
        alike = np.zeros(len(b), np.int32)
        for value, column, gain in zip(each, columns, gains, strict=True):
            if value >= 0:
                alike += (column == value) * np.int32(gain)
        alike[alike < least] = 0
        best = np.zeros_like(row)
        np.maximum(row[1:], row[:-1] + alike, out=best[1:])
        row = np.maximum.accumulate(best)
        yield row


def _plain_rows(
    a: Sequence[Sequence[int]], b: Sequence[Sequence[int]], worth: Worth
) -> Iterator[list[int]]:
    """The same without NumPy."""
    gains, least = worth
    row = [0] * (len(b) + 1)
    yield row
    for each in a:
        best = [0]
        for j, other in enumerate(b):
            alike = sum(
                gain
                for value, same, gain in zip(each, other, gains, strict=True)
                if value == same and value >= 0
            )
            pair = row[j] + (alike if alike >= least else 0)
            best.append(max(best[-1], row[j + 1], pair))
        row = best
        yield row


def _traced(a: Any, b: Any, worth: Worth) -> Pairs:
    """The pairs, found from the table's end."""
    rows: Any = _rows if has_numpy() else _plain_rows
    table = list(rows(a, b, worth))
    found: Pairs = []
    i, j = len(a), len(b)
    while i and j:
        if table[i][j] == table[i][j - 1]:
            j -= 1
        elif table[i][j] == table[i - 1][j]:
            i -= 1
        else:
            i, j = i - 1, j - 1
            found.append((i, j))
    return found[::-1]
