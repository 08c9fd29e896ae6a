"""The layers of a graph in order, and what goes in and out of ranges of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate

from proto2net.graph import Blob, Graph
from proto2net.layers.normalize import BatchNorm, Scale
from proto2net.layers.vision import ConvolutionParameter
from proto2net.outline.signatures import Looks, Row, Rows, apart

NEAR = 30
"""How many layers later a value may be read, and still be of the block that made it.

What is read further below, as by the heads of a detector, leaves an earlier block.
"""


class Layout:
    """A graph's layers by their place, and which ranges of them can be blocks."""

    def __init__(self, graph: Graph) -> None:
        self.nodes = graph.nodes
        self._graph = graph
        looks = Looks(graph)
        windows = [isinstance(node.layer, ConvolutionParameter) for node in self.nodes]
        self._windows = _counted(windows)
        self._joins = _counted(len(node.bottoms) > 1 for node in self.nodes)
        self._apart = _counted(apart(graph, node) for node in self.nodes)
        self._learned = _counted(bool(node.blobs) for node in self.nodes)
        makers = {
            top: (index, place)
            for index, node in enumerate(self.nodes)
            for place, top in enumerate(node.tops)
        }
        self._read = [[makers[blob] for blob in node.bottoms] for node in self.nodes]
        last = {blob: index for index, node in enumerate(self.nodes) for blob in node.bottoms}
        last |= dict.fromkeys(graph.outputs, len(self.nodes))
        self._last = [[last.get(top, -1) for top in node.tops] for node in self.nodes]
        self._first_read = [min(places, default=(i, 0))[0] for i, places in enumerate(self._read)]
        self._last_read = [max(places, default=-1) for places in self._last]
        self._rows = [self._row(index, looks.look(node)) for index, node in enumerate(self.nodes)]
        self._alone = [
            row._replace(look=looks.look(node, but="kernel")) if window else row
            for row, node, window in zip(self._rows, self.nodes, windows, strict=True)
        ]

    def _row(self, index: int, look: int) -> Row:
        wires = tuple((index - at, top) for at, top in self._read[index])
        return Row(look, wires, len(self.nodes[index].tops))

    @cached_property
    def looking(self) -> dict[int, list[int]]:
        """The layers of each look, of which blocks of one structure have the same first."""
        found: dict[int, list[int]] = {}
        for index, (row, alone) in enumerate(zip(self._rows, self._alone, strict=True)):
            for look in {row.look, alone.look}:
                found.setdefault(look, []).append(index)
        return found

    def entries(self, start: int, end: int) -> list[Blob]:
        """The values that a range reads, and that are made before it."""
        reading = (at for at in range(start, end) if self._first_read[at] < start)
        read = (place for at in reading for place in self._read[at])
        before = dict.fromkeys(place for place in read if place[0] < start)
        return [self.nodes[index].tops[top] for index, top in before]

    def exits(self, start: int, end: int) -> list[Blob]:
        """The values of a range that are read behind it, or are outputs."""
        return [
            top
            for at in range(start, end)
            if self._last_read[at] >= end
            for top, last in zip(self.nodes[at].tops, self._last[at], strict=True)
            if last >= end
        ]

    def is_block(self, start: int, end: int) -> bool:
        """Whether one value enters a range and one leaves it."""
        if self.torn(start) or self.torn(end) or self.has_apart(start, end):
            return False
        return len(self.entries(start, end)) == len(self.exits(start, end)) == 1

    def has_apart(self, start: int, end: int) -> bool:
        """Whether a range has a layer that can be in no block."""
        return self._apart[start] < self._apart[end]

    def is_joining(self, start: int, end: int) -> bool:
        """Whether a range is more than a chain."""
        return self._joins[start] < self._joins[end]

    def learned(self, start: int, end: int) -> int:
        """How many layers of a range have learned blobs."""
        return self._learned[end] - self._learned[start]

    def torn(self, cut: int) -> bool:
        """Whether a cut is between a BatchNorm and its Scale."""
        if not 0 < cut < len(self.nodes):
            return False
        before, after = self.nodes[cut - 1], self.nodes[cut]
        pair = isinstance(before.layer, BatchNorm) and isinstance(after.layer, Scale)
        return pair and after.bottoms == before.tops

    def rows(self, start: int, end: int) -> Rows:
        """The structure of a range. The kernel of a lone convolution may be a parameter."""
        alone = self._windows[end] - self._windows[start] == 1
        found = (self._alone if alone else self._rows)[start:end]
        for index, first in enumerate(self._first_read[start:end]):
            if first < start:
                found[index] = found[index].at(index)
        return tuple(found)

    @cached_property
    def cuts(self) -> list[int]:
        """The places between layers where only one value lives that is read soon."""
        changes = [0] * (len(self.nodes) + 2)
        latest: dict[tuple[int, int], int] = {}
        for index, places in enumerate(self._read):
            for place in dict.fromkeys(places):
                before = latest.get(place, place[0])
                changes[max(before + 1, index - NEAR)] += 1
                changes[index + 1] -= 1
                latest[place] = index
        living = list(accumulate(changes))
        return [
            cut for cut in range(len(self.nodes) + 1) if living[cut] <= 1 and not self.torn(cut)
        ]


def _counted(flags: Iterable[bool]) -> Sequence[int]:
    """How many are true before each place."""
    return list(accumulate(flags, initial=0))
