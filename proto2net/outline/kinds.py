"""Kinds: which ranges of a graph's layers are blocks that one class could say.

1. What consecutive layers share in their names, as "3a" in inception_3a/1x1, makes a range.
2. A range is a block if one value enters it and one leaves it.
3. Blocks of one structure, whose names without the key are equal, are a group.
4. A group that equals another but for a chain from a value to a join takes that in: the chain is
   the projection that only some of its blocks have.
5. The group that saves most becomes a kind, and takes what else in the graph fits; then the next.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import NamedTuple

from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph
from proto2net.layers.normalize import BatchNorm, Scale
from proto2net.outline.names import Pattern, key_of, keys, patterns, shared, with_start
from proto2net.outline.signatures import ENTRY, Looks, Row, Rows, apart, projections, without

LEAST_LEARNED = 3
"""How many layers with learned blobs the blocks of a kind must have together."""


class Block(NamedTuple):
    """A range of a graph's layers, and what tells it from others of its kind."""

    start: int
    end: int
    key: str


@dataclass(frozen=True)
class Group:
    """Blocks of one structure and of names that differ in their key alone."""

    rows: Rows
    patterns: tuple[Pattern, ...]
    blocks: tuple[Block, ...]
    optional: range = range(0)

    @property
    def forms(self) -> list[tuple[Rows, tuple[Pattern, ...]]]:
        """The structure and the names of its blocks: with the optional rows, and without."""
        whole = [(self.rows, self.patterns)]
        names = tuple(p for i, p in enumerate(self.patterns) if i not in self.optional)
        return whole + [(without(self.rows, self.optional), names)] * bool(self.optional)

    def lacks(self, block: Block) -> bool:
        """Whether a block is without the optional rows."""
        return block.end - block.start < len(self.rows)


class Layout:
    """The layers of a graph in order, and what goes in and out of ranges of them."""

    def __init__(self, graph: Graph) -> None:
        self.nodes = graph.nodes
        looks = Looks(graph)
        self.apart = [apart(graph, node) for node in self.nodes]
        self.keys = [
            {} if lone else keys(node.name)
            for node, lone in zip(self.nodes, self.apart, strict=True)
        ]
        self.looks = [
            -1 if lone else looks.look(node)
            for node, lone in zip(self.nodes, self.apart, strict=True)
        ]
        self._makers = {
            top: (index, place)
            for index, node in enumerate(self.nodes)
            for place, top in enumerate(node.tops)
        }
        self._last = {
            blob: index for index, node in enumerate(self.nodes) for blob in node.bottoms
        } | dict.fromkeys(graph.outputs, len(self.nodes))
        self._forked = _forked(graph)
        self._joined = _joined(graph)

    def entries(self, start: int, end: int) -> list[Blob]:
        """The values that a range reads, and that are made before it."""
        found = (
            b for node in self.nodes[start:end] for b in node.bottoms if self._makers[b][0] < start
        )
        return list(dict.fromkeys(found))

    def exits(self, start: int, end: int) -> list[Blob]:
        """The values of a range that are read behind it, or are outputs."""
        return [
            top
            for node in self.nodes[start:end]
            for top in node.tops
            if self._last.get(top, -1) >= end
        ]

    def is_block(self, start: int, end: int) -> bool:
        """Whether one value enters the range and one leaves it, and no pair of layers is torn."""
        return (
            not self._torn(start)
            and not self._torn(end)
            and not any(self.apart[start:end])
            and self._encloses(self.entries(start, end), self.exits(start, end), start, end)
        )

    def _encloses(
        self, entries: Sequence[Blob], exits: Sequence[Blob], start: int, end: int
    ) -> bool:
        """Whether one value enters and one leaves; a chain must not be a part of a branch."""
        if len(entries) != 1 or len(exits) != 1:
            return False
        in_a_branch = entries[0] in self._forked and exits[0] in self._joined
        return not in_a_branch or self._joins(start, end)

    def _joins(self, start: int, end: int) -> bool:
        """Whether a range is more than a chain."""
        return any(len(node.bottoms) > 1 for node in self.nodes[start:end])

    def _torn(self, cut: int) -> bool:
        """Whether a cut is between a BatchNorm and its Scale."""
        if not 0 < cut < len(self.nodes):
            return False
        before, after = self.nodes[cut - 1], self.nodes[cut]
        pair = isinstance(before.layer, BatchNorm) and isinstance(after.layer, Scale)
        return pair and after.bottoms == before.tops

    def row(self, start: int, index: int) -> Row:
        """A layer within a range that begins at `start`."""
        node = self.nodes[index]
        places = (self._makers[blob] for blob in node.bottoms)
        wires = tuple((at - start, top) if at >= start else ENTRY for at, top in places)
        return Row(self.looks[index], wires, len(node.tops))

    def rows(self, start: int, end: int) -> Rows:
        """The structure of a range."""
        return tuple(self.row(start, index) for index in range(start, end))

    def learned(self, block: Block) -> int:
        """How many layers of a block have learned blobs."""
        return sum(bool(node.blobs) for node in self.nodes[block.start : block.end])


def _forked(graph: Graph) -> set[Blob]:
    """What a chain of layers makes from a value that others read too, and that value."""
    found = {blob for blob, readers in graph.consumers.items() if len(readers) > 1}
    for node in graph.nodes:
        if len(node.bottoms) == 1 and node.bottoms[0] in found:
            found.update(node.tops)
    return found


def _joined(graph: Graph) -> set[Blob]:
    """What a chain of layers brings to a layer that reads something else too."""
    found: set[Blob] = set()
    for node in reversed(graph.nodes):
        if len(node.bottoms) > 1 or found.issuperset(node.tops):
            found.update(b for b in node.bottoms if len(graph.consumers[b]) == 1)
    return found - graph.output_set


def find(layout: Layout) -> list[Group]:
    """The kinds of blocks in the order of the graph; no two blocks overlap."""
    plain = _grouped(layout)
    groups = [*plain, *_with_projections(plain)]
    order = count()
    waiting = [(_rank(group), next(order), group) for group in groups]
    heapq.heapify(waiting)
    taken = [False] * len(layout.nodes)
    found = []
    while waiting:
        rank, _, group = heapq.heappop(waiting)
        free = replace(group, blocks=_free(group.blocks, taken))
        if _gain(free) <= 0:
            continue
        if _rank(free) > rank:
            heapq.heappush(waiting, (_rank(free), next(order), free))
            continue
        whole = _adopted(layout, free, taken)
        if sum(map(layout.learned, whole.blocks)) < LEAST_LEARNED:
            continue
        for block in whole.blocks:
            taken[block.start : block.end] = [True] * (block.end - block.start)
        found.append(whole)
    return sorted(found, key=lambda group: group.blocks[0].start)


def _named_alike(layout: Layout) -> dict[tuple[int, int], list[str]]:
    """The ranges of consecutive layers whose names share a key, and the keys that they share."""
    found: dict[tuple[int, int], list[str]] = {}
    begun: dict[str, int] = {}
    for index, here in enumerate([*layout.keys, {}]):
        for key, start in begun.items():
            if key not in here and index - start > 1:
                found.setdefault((start, index), []).append(key)
        begun = {key: begun.get(key, index) for key in here}
    return found


def _grouped(layout: Layout) -> list[Group]:
    """The blocks that names make out, by their structure and their names without the key."""
    groups: dict[tuple[Rows, tuple[Pattern, ...]], list[Block]] = {}
    for (start, end), common in _named_alike(layout).items():
        if not layout.is_block(start, end):
            continue
        rows = layout.rows(start, end)
        names = [node.name for node in layout.nodes[start:end]]
        for key in common:
            for found in patterns(names, layout.keys[start:end], key):
                groups.setdefault((rows, found), []).append(Block(start, end, key))
    return [Group(*alike, tuple(blocks)) for alike, blocks in groups.items()]


def _with_projections(groups: Sequence[Group]) -> Iterator[Group]:
    """Groups together with those that are the same but for a projection."""
    known = {(group.rows, group.patterns): group for group in groups}
    for group in groups:
        for branch in projections(group.rows):
            whole = replace(group, optional=branch)
            plain = known.get(whole.forms[1])
            if plain:
                yield replace(whole, blocks=tuple(sorted((*group.blocks, *plain.blocks))))


def _free(blocks: Sequence[Block], taken: Sequence[bool]) -> tuple[Block, ...]:
    """The blocks, from the first on, that overlap no other, each with a key of its own."""
    found: list[Block] = []
    known: set[str] = set()
    for block in sorted(blocks):
        apart = not found or found[-1].end <= block.start
        if apart and block.key not in known and not any(taken[block.start : block.end]):
            found.append(block)
            known.add(block.key)
    return tuple(found)


def _gain(group: Group) -> int:
    """About how many lines a class saves: all blocks, for one and a few lines each."""
    layers = sum(block.end - block.start for block in group.blocks)
    return layers - len(group.rows) - 2 * len(group.blocks) - 6


def _rank(group: Group) -> tuple[int, int, int, int]:
    """What comes first: the greatest gain, then the shortest keys, then the fewest holes."""
    length = sum(len(block.key) for block in group.blocks)
    return -_gain(group), length, sum(map(len, group.patterns)), group.blocks[0].start


def _adopted(layout: Layout, group: Group, taken: Sequence[bool]) -> Group:
    """The group with all else in the graph that fits in."""
    blocks = list(group.blocks)
    taken = list(taken)
    known = {block.key for block in blocks}
    for block in blocks:
        taken[block.start : block.end] = [True] * (block.end - block.start)
    for start in range(len(taken)):
        for rows, names in group.forms:
            end = start + len(rows)
            if end > len(taken) or any(taken[start:end]):
                continue
            key = key_of(layout.nodes[start].name, names[0])
            if key in known or not _fits(layout, Block(start, end, key), rows, names):
                continue
            blocks.append(Block(start, end, key))
            known.add(key)
            taken[start:end] = [True] * len(rows)
    return _shortened(replace(group, blocks=tuple(sorted(blocks))))


def _shortened(group: Group) -> Group:
    """The group with keys that have no beginning in common: 2 and 3 for fire2 and fire3."""
    start = shared([block.key for block in group.blocks])
    return replace(
        group,
        patterns=tuple(with_start(pattern, start) for pattern in group.patterns),
        blocks=tuple(block._replace(key=block.key[len(start) :]) for block in group.blocks),
    )


def _fits(layout: Layout, block: Block, rows: Rows, names: tuple[Pattern, ...]) -> bool:
    """Whether a range has this structure, and these names with its key."""
    return (
        block.key in layout.keys[block.start]
        and all(
            block.key.join(name) == layout.nodes[index].name
            and layout.row(block.start, index) == row
            for index, (row, name) in enumerate(zip(rows, names, strict=True), block.start)
        )
        and layout.is_block(block.start, block.end)
    )
