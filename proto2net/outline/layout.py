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
        self._makers = {
            top: (index, place)
            for index, node in enumerate(self.nodes)
            for place, top in enumerate(node.tops)
        }
        self._last = {
            blob: index for index, node in enumerate(self.nodes) for blob in node.bottoms
        } | dict.fromkeys(graph.outputs, len(self.nodes))

    def entries(self, start: int, end: int) -> list[Blob]:
        """The values that a range reads, and that are made before it."""
        read = (blob for node in self.nodes[start:end] for blob in node.bottoms)
        return list(dict.fromkeys(blob for blob in read if self._makers[blob][0] < start))

    def exits(self, start: int, end: int) -> list[Blob]:
        """The values of a range that are read behind it, or are outputs."""
        made = (top for node in self.nodes[start:end] for top in node.tops)
        return [top for top in made if self._last.get(top, -1) >= end]

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
        rows = []
        for look, node in zip(looks, self.nodes[start:end], strict=True):
            places = (self._makers[blob] for blob in node.bottoms)
            wires = tuple((at - start, top) if at >= start else ENTRY for at, top in places)
            rows.append(Row(look, wires, len(node.tops)))
        return tuple(rows)

    @cached_property
    def cuts(self) -> list[int]:
        """The places between layers where only one value lives that is read soon."""
        changes = [0] * (len(self.nodes) + 2)
        readers: dict[Blob, list[int]] = {}
        for index, node in enumerate(self.nodes):
            for blob in node.bottoms:
                readers.setdefault(blob, []).append(index)
        for blob, places in readers.items():
            before = self._makers[blob][0]
            for place in places:
                changes[max(before + 1, place - NEAR)] += before < place
                changes[place + 1] -= before < place
                before = place
        living = accumulate(changes)
        return [
            cut
            for cut, live in zip(range(len(self.nodes) + 1), living, strict=False)
            if live <= 1 and not self.torn(cut)
        ]


def _counted(flags: Iterable[bool]) -> Sequence[int]:
    """How many are true before each place."""
    return list(accumulate(flags, initial=0))
