"""The layers of a graph in order, and what goes in and out of ranges of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate

from proto2net.graph import Blob, Graph
from proto2net.layers.normalize import BatchNorm, Scale
from proto2net.layers.vision import ConvolutionParameter
from proto2net.outline.signatures import ENTRY, Looks, Row, Rows, apart

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
        self._looks = [looks.look(node) for node in self.nodes]
        self._looks_alone = [
            looks.look(node, but="kernel") if window else self._looks[index]
            for index, (node, window) in enumerate(zip(self.nodes, windows, strict=True))
        ]
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

    def entries(self, start: int, end: int) -> list[Blob]:
        """The values that a range reads, and that are made before it."""
        read = (place for places in self._read[start:end] for place in places)
        before = dict.fromkeys(place for place in read if place[0] < start)
        return [self.nodes[index].tops[top] for index, top in before]

    def exits(self, start: int, end: int) -> list[Blob]:
        """The values of a range that are read behind it, or are outputs."""
        return [
            top
            for node, readers in zip(self.nodes[start:end], self._last[start:end], strict=True)
            for top, last in zip(node.tops, readers, strict=True)
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
        looks = (self._looks_alone if alone else self._looks)[start:end]
        return tuple(
            Row(
                look,
                tuple((at - start, top) if at >= start else ENTRY for at, top in places),
                len(tops),
            )
            for look, places, tops in zip(
                looks, self._read[start:end], self._last[start:end], strict=True
            )
        )

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
