"""Groups: blocks of one structure, whose layers have the same names but for what tells them apart.

1. What consecutive layers share in their names, as "3a" in inception_3a/1x1, makes a range.
2. A range is a block if one value enters it and one leaves it.
3. Blocks of one structure, whose names without the key are equal, are a group.
4. Where names share no key since they count on (conv7, conv8), the structure alone makes ranges.
5. A group that equals another but for a chain from a value to a join takes that in: the chain is
   the projection that only some of its blocks have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from proto2net.frozen import dataclass
from proto2net.outline.layout import Layout
from proto2net.outline.names import Pattern, keys, leading, numberless, patterns
from proto2net.outline.signatures import Rows, projections, without

LONGEST = 150
"""A class of more layers would be none that a person writes."""

MOST_SEGMENTS = 12
"""How many segments of a graph may be one block where names count on."""

MOST_BRANCHES = 2
"""How many of these may branch."""

LEAST_CHAINS = 3
"""How often a chain must occur where names count on."""


class Block(NamedTuple):
    """A range of a graph's layers, and what distinguishes it from others of its kind."""

    start: int
    end: int
    key: str


@dataclass(frozen=True)
class Group:
    """Blocks that one class could say."""

    rows: Rows
    patterns: tuple[Pattern, ...]
    """The names of the rows without the key."""
    blocks: tuple[Block, ...]
    optional: range = range(0)
    counts: bool = False
    """Whether its blocks' names share no key, but count on."""
    steps: tuple[int, ...] | None = ()
    """How far the names of each row have counted on from the key; None: not by the same steps."""

    @cached_property
    def forms(self) -> list[tuple[Rows, tuple[Pattern, ...]]]:
        """The structure and the names of its blocks: with the optional rows, and without."""
        whole = [(self.rows, self.patterns)]
        return whole + [self._without(self.optional)] * bool(self.optional)

    def _without(self, branch: range) -> tuple[Rows, tuple[Pattern, ...]]:
        names = (name for index, name in enumerate(self.patterns) if index not in branch)
        return without(self.rows, branch), tuple(names)

    def lacks(self, block: Block) -> bool:
        """Whether a block is without the optional rows."""
        return block.end - block.start < len(self.rows)

    @property
    def is_mixed(self) -> bool:
        """Whether some blocks have the optional rows and some lack them, if there are any."""
        return not self.optional or len(set(map(self.lacks, self.blocks))) == 2

    @property
    def joins(self) -> bool:
        """Whether its blocks are more than chains."""
        return any(len(row.wires) > 1 for row in self.rows)

    @property
    def gain(self) -> int:
        """About how many lines a class saves: those of all blocks, for one and a few for each."""
        layers = sum(block.end - block.start for block in self.blocks)
        return layers - len(self.rows) - 2 * len(self.blocks) - 6

    @property
    def rank(self) -> tuple[int, int, int]:
        """Orders groups: the greatest gain for the smallest class, then the shortest keys.

        Names that count on are the weaker evidence: two blocks less.
        """
        size = len(self.rows) * (3 if self.counts else 1)
        length = sum(len(block.key) for block in self.blocks)
        return size - self.gain, length, sum(map(len, self.patterns))


def named_alike(layout: Layout) -> list[Group]:
    """The groups that keys in names make."""
    names = [node.name for node in layout.nodes]
    found = [keys(name) for name in names]
    first = [leading(name, each) for name, each in zip(names, found, strict=True)]
    groups: dict[tuple[Rows, tuple[Pattern, ...]], list[Block]] = {}
    for (start, end), common in (_sharing(found) | _sharing(first)).items():
        if end - start > LONGEST or not layout.is_block(start, end):
            continue
        rows = layout.rows(start, end)
        named, places = names[start:end], found[start:end]
        for key in common:
            for without_key in patterns(named, places, key):
                groups.setdefault((rows, without_key), []).append(Block(start, end, key))
    return [Group(*alike, tuple(blocks)) for alike, blocks in groups.items()]


def _sharing(found: Sequence[dict[str, list[int]]]) -> dict[tuple[int, int], list[str]]:
    """The ranges of consecutive layers whose names share a key, and the keys that they share."""
    ranges: dict[tuple[int, int], list[str]] = {}
    begun: dict[str, int] = {}
    for index, here in enumerate([*found, {}]):
        for key, start in begun.items():
            if key not in here and index - start > 1:
                ranges.setdefault((start, index), []).append(key)
        begun = {key: begun.get(key, index) for key in here}
    return ranges


def counting_on(layout: Layout) -> list[Group]:
    """The groups that structure makes, of layers whose names are equal but for their numbers."""
    names = [numberless(node.name) for node in layout.nodes]
    groups: dict[tuple[Rows, tuple[Pattern, ...]], list[Block]] = {}
    for start, end in _recurring(layout, names):
        if layout.learned(start, start + 1) and layout.is_block(start, end):
            block = Block(start, end, layout.nodes[start].name)
            alike = layout.rows(start, end), tuple(names[start:end])
            groups.setdefault(alike, []).append(block)
    return [
        Group(*alike, tuple(blocks), counts=True)
        for alike, blocks in groups.items()
        if layout.is_joining(*blocks[0][:2]) or len(blocks) >= LEAST_CHAINS
    ]


def _recurring(layout: Layout, names: Sequence[Pattern]) -> Iterator[tuple[int, int]]:
    """Runs of segments that occur again; few of them branch, and none is a repetition."""
    cuts = layout.cuts
    labels: dict[tuple[Rows, tuple[Pattern, ...]], int] = {}
    found = []
    for start, end in pairwise(cuts):
        numbered = all(len(name) > 1 for name in names[start:end])
        if layout.has_apart(start, end) or end - start > LONGEST or not numbered:
            found.append(-1)
        else:
            alike = layout.rows(start, end), tuple(names[start:end])
            found.append(labels.setdefault(alike, len(labels)))
    runs: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for first in range(len(found)):
        branches = 0
        for last in range(first, min(first + MOST_SEGMENTS, len(found))):
            start, end = cuts[last : last + 2]
            branches += layout.is_joining(start, end)
            if found[last] < 0 or branches > MOST_BRANCHES:
                break
            runs.setdefault(tuple(found[first : last + 1]), []).append((cuts[first], end))
    for run, ranges in runs.items():
        if len(ranges) > 1 and not _repeats(run):
            yield from ranges


def _repeats(run: Sequence[int]) -> bool:
    """Whether a run is a shorter one again and again."""
    sizes = (size for size in range(1, len(run) // 2 + 1) if len(run) % size == 0)
    return any(run[size:] == run[:-size] for size in sizes)


def with_projections(groups: Sequence[Group]) -> Iterator[Group]:
    """Groups together with those that are the same but for a projection."""
    known = {(group.rows, group.patterns): group for group in groups}
    looks = {tuple(row.look for row in group.rows) for group in groups}
    branches: dict[Rows, list[range]] = {}
    for group in groups:
        if group.rows not in branches:
            mine = [row.look for row in group.rows]
            branches[group.rows] = [
                branch
                for branch in projections(group.rows)
                if (*mine[: branch.start], *mine[branch.stop :]) in looks
            ]
        for branch in branches[group.rows]:
            whole = replace(group, optional=branch)
            plain = known.get(whole.forms[1])
            if plain:
                yield replace(whole, blocks=tuple(sorted((*group.blocks, *plain.blocks))))
