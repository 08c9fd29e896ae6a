"""Where the boxes of a diagram stand: in rows from top to bottom, in which few lines cross.

It is the way of Sugiyama, Tagawa and Toda (1981) in its three steps: each vertex gets a row below
those that it reads; each row gets an order; each vertex a place from left to right. A line over
several rows is a trunk, with a vertex in each row that it goes through, from which it branches off
to its readers: so it keeps clear of boxes.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from proto2net.frozen import dataclass

_BOX, _TRUNK = 13.0, 8.0
"""What is kept free at each side of a box, and of a line."""
_STILL = 0.05
"""What has moved less stands still."""
_MANY = 3000
"""Vertices; of more, rows are gone through less often."""


Rows = Sequence[Sequence[int]]
"""Vertices by row, the first at the top, from left to right."""


@dataclass(frozen=True, eq=False)
class Arranged:
    """The vertices in rows: first those of boxes, by their numbers, and then those of trunks."""

    row: list[int]
    """By vertex."""
    order: Rows
    trunks: list[range]
    """By line: its vertices from the row below its source on."""
    above: list[list[int]]
    """By vertex: those in the row above that it has a line with."""
    column: list[int]
    """By vertex: those of one column have one number, and stand straight below each other."""


Wires = tuple[tuple[int, tuple[int, ...]], ...]
"""Lines: the vertex where each begins, and those where it ends."""


@lru_cache(16)  # many blocks of a network have the same boxes and lines
def arranged(boxes: int, wires: Wires, ends: tuple[int, int] | None = None) -> Arranged:
    """Boxes in rows. Each line ends at boxes behind its own; `ends` are the first and last row."""
    row = _ranked(boxes, wires, ends)
    trunks = _trunks(boxes, wires, row)
    above = _above(wires, row, trunks)
    order = _ordered(row, above)
    return Arranged(row, order, trunks, above, _columns(boxes, order, above))


# ---- rows ------------------------------------------------------------------------------------


def _ranked(boxes: int, wires: Wires, ends: tuple[int, int] | None) -> list[int]:
    """The row of each box: below all that it reads; of what reads nothing, above its readers."""
    first, last = ends or (-1, -1)
    below: list[list[int]] = [[] for _ in range(boxes)]
    reads = [0] * boxes
    for source, readers in wires:
        below[source] += readers
        for reader in readers:
            reads[reader] += 1
    row = [int(ends is not None)] * boxes
    order = [box for box in range(boxes) if box not in (first, last)]
    if ends:
        row[first] = 0
        order = [first, *order, last]
    for box in order:
        for reader in below[box]:
            row[reader] = max(row[reader], row[box] + 1)
    if ends:
        row[last] = max(row[last], max(row[box] for box in order[:-1]) + 1)
    for box in reversed(order):
        if not reads[box] and below[box] and box != first:
            row[box] = min(row[reader] for reader in below[box]) - 1
    return row


def _trunks(boxes: int, wires: Wires, row: list[int]) -> list[range]:
    """The vertices of trunks, whose rows are added. A line that would take too many has none."""
    room = 20_000 + 4 * boxes
    lengths = [
        max((row[reader] for reader in readers), default=0) - row[source] - 1
        for source, readers in wires
    ]
    trunks = [range(0)] * len(wires)
    for line in sorted(range(len(wires)), key=lengths.__getitem__):
        length = lengths[line]
        if 0 < length <= room:
            room -= length
            start = row[wires[line][0]] + 1
            trunks[line] = range(len(row), len(row) + length)
            row += range(start, start + length)
    return trunks


def _above(wires: Wires, row: Sequence[int], trunks: Sequence[range]) -> list[list[int]]:
    """By vertex, those in the row above that it has a line with."""
    above: list[list[int]] = [[] for _ in row]
    for (source, readers), trunk in zip(wires, trunks, strict=True):
        before = source
        for vertex in trunk:
            above[vertex].append(before)
            before = vertex
        for reader in readers:
            behind = row[reader] - row[source] - 2
            if behind < 0:
                above[reader].append(source)
            elif behind < len(trunk):
                above[reader].append(trunk[behind])
    return above


# ---- orders ----------------------------------------------------------------------------------


def _ordered(row: Sequence[int], above: Sequence[Sequence[int]]) -> list[list[int]]:
    """The rows in an order with few crossings: each by the means of its neighbours' places."""
    below: list[list[int]] = [[] for _ in row]
    for vertex, others in enumerate(above):
        for other in others:
            below[other].append(vertex)
    order: list[list[int]] = [[] for _ in range(max(row, default=-1) + 1)]
    for vertex, number in enumerate(row):
        order[number].append(vertex)
    place = [0.0] * len(row)

    def sort(rows: Iterable[list[int]], neighbours: Sequence[Sequence[int]]) -> None:
        for each in rows:
            if len(each) > 1:
                mean = {
                    v: sum(place[n] for n in neighbours[v]) / len(neighbours[v])
                    if neighbours[v]
                    else place[v]
                    for v in each
                }
                each.sort(key=mean.__getitem__)
            for index, vertex in enumerate(each):
                place[vertex] = (index + 0.5) / len(each)

    sort(order, above)
    best, least = [*map(list.copy, order)], _crossings(order, above)
    for turn in range(2 if len(row) > _MANY else 12):
        if not least:
            break
        if turn % 2:
            sort(order, above)
        else:
            sort(reversed(order), below)
        found = _crossings(order, above)
        if found < least:
            best, least = [*map(list.copy, order)], found
    return best


def _crossings(order: Rows, above: Sequence[Sequence[int]]) -> int:
    """How many pairs of lines cross between rows."""
    found = 0
    place: dict[int, int] = {}
    for row in order:
        if len(row) > 1 and len(place) > 1:
            ends = [
                end for vertex in row for end in sorted(place[other] for other in above[vertex])
            ]
            found += _inversions(ends, len(place))
        place = {vertex: index for index, vertex in enumerate(row)}
    return found


def _inversions(numbers: Sequence[int], size: int) -> int:
    """How many pairs of numbers stand the other way round, counted in a Fenwick tree."""
    tree, found = [0] * (size + 1), 0
    for seen, number in enumerate(numbers):
        found += seen
        index = number + 1
        while index:
            found -= tree[index]
            index &= index - 1
        index = number + 1
        while index <= size:
            tree[index] += 1
            index += index & -index
    return found


# ---- places ----------------------------------------------------------------------------------


def _columns(boxes: int, order: Rows, above: Sequence[Sequence[int]]) -> list[int]:
    """By vertex, the column that it stands in: what is to be straight, below each other.

    Such are trunks, and the longest ways through the network. Of two that cross, the one that is
    straight for longer stays.
    """
    count = len(above)
    up, down = [0] * count, [0] * count
    below: list[list[int]] = [[] for _ in above]
    vertices = [vertex for row in order for vertex in row]
    for vertex in vertices:
        for other in above[vertex]:
            up[vertex] = max(up[vertex], up[other] + (other < boxes))
            below[other].append(vertex)
    for vertex in reversed(vertices):
        for other in below[vertex]:
            down[vertex] = max(down[vertex], down[other] + (other < boxes))
    longest_up = [_first_alone(others, up) for others in above]
    longest_down = [_first_alone(others, down) for others in below]
    column = list(range(count))
    place = {vertex: index for row in order for index, vertex in enumerate(row)}
    for row in order:
        links: list[tuple[int, int, int, int]] = []
        for vertex in row:
            for other in above[vertex]:
                main = longest_up[vertex] == other and longest_down[other] == vertex
                if main or (vertex >= boxes and other >= boxes):
                    links.append((-up[vertex] - down[other], place[other], place[vertex], other))
        taken: list[tuple[int, int]] = []
        for _, before, behind, other in sorted(links):
            index = bisect(taken, (before, behind))
            left, right = taken[index - 1 : index], taken[index : index + 1]
            if all(x < before and y < behind for x, y in left) and all(
                x > before and y > behind for x, y in right
            ):
                taken.insert(index, (before, behind))
                column[row[behind]] = column[other]
    return column


def _first_alone(vertices: Sequence[int], length: Sequence[int]) -> int:
    """The vertex with the longest path; -1 where several have it."""
    best = max((length[vertex] for vertex in vertices), default=0)
    found = {vertex for vertex in vertices if length[vertex] == best}
    return found.pop() if len(found) == 1 else -1


@lru_cache(16)  # and their boxes are as wide
def placed(rows: Arranged, width: tuple[float, ...]) -> tuple[tuple[float, ...], float]:
    """The middle of each vertex from left to right, and the width of all; `width` is that of boxes.

    Columns are drawn to the middle of their neighbours: first by turns of those above and of those
    below, then of both. Where they would overlap, they are pushed apart to both sides.
    """
    count, column = len(rows.row), rows.column
    half = [each / 2 + _BOX for each in width] + [_TRUNK] * (count - len(width))
    downwards = list(dict.fromkeys(column[vertex] for row in rows.order for vertex in row))
    behind: dict[int, dict[int, float]] = {each: {} for each in downwards}
    for row in rows.order:
        for left, right in pairwise(row):
            a, b, apart = column[left], column[right], half[left] + half[right]
            behind[a][b] = max(behind[a].get(b, 0.0), apart)
    above: dict[int, list[int]] = {each: [] for each in downwards}
    below: dict[int, list[int]] = {each: [] for each in downwards}
    for vertex, others in enumerate(rows.above):
        for other in others:
            if column[vertex] != column[other]:
                above[column[vertex]].append(column[other])
                below[column[other]].append(column[vertex])
    down = [(each, above[each]) for each in downwards if above[each]]
    up = [(each, below[each]) for each in reversed(downwards) if below[each]]
    both = [(each, near) for each in downwards if (near := above[each] + below[each])]
    pairs = [(a, b, apart) for a in _from_left(behind) for b, apart in behind[a].items()]
    x = dict.fromkeys(downwards, 0.0)
    turns = 1 if count > _MANY else 4
    for way in [*[down, up] * turns, *[both] * 16]:
        before, x = x, _pushed_apart(_drawn(x, way), pairs)
        if way is both and all(abs(x[each] - before[each]) < _STILL for each in x):
            break
    first = min((x[column[v]] - half[v] for v in range(count)), default=0.0)
    last = max((x[column[v]] + half[v] for v in range(count)), default=0.0)
    return tuple([x[column[vertex]] - first for vertex in range(count)]), last - first


def _drawn(x: Mapping[int, float], way: Iterable[tuple[int, Sequence[int]]]) -> dict[int, float]:
    """Each column in the middle of those near it, one after the other, whatever is between."""
    goal = dict(x)
    for each, near in way:
        goal[each] = sum([goal[other] for other in near]) / len(near)
    return goal


def _pushed_apart(
    goal: Mapping[int, float], pairs: Sequence[tuple[int, int, float]]
) -> dict[int, float]:
    """The columns so that none overlap: in the middle of pushing to the right and to the left.

    Pairs are a column, one at its right, and how far apart they are at least.
    """
    right, left = dict(goal), dict(goal)
    for a, b, apart in pairs:
        right[b] = max(right[b], right[a] + apart)
    for a, b, apart in reversed(pairs):
        left[a] = min(left[a], left[b] - apart)
    return {each: (left[each] + right[each]) / 2 for each in goal}


def _from_left(behind: Mapping[int, Mapping[int, float]]) -> list[int]:
    """The columns in an order in which each comes before those at its right."""
    waits = dict.fromkeys(behind, 0)
    for others in behind.values():
        for other in others:
            waits[other] += 1
    order = [each for each, number in waits.items() if not number]
    for each in order:
        for other in behind[each]:
            waits[other] -= 1
            if not waits[other]:
                order.append(other)
    return order
