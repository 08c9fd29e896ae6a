"""The outline of a graph: the blocks that a person would have written as classes.

It lies beside the graph, and changes nothing in it. Blocks of one structure are of one kind; names
are as good an evidence as structure, since who wrote the definition named the layers by blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph, Node
from proto2net.layers.base import Layer
from proto2net.outline import names
from proto2net.outline.groups import Block, Group
from proto2net.outline.kinds import find
from proto2net.outline.layout import Layout
from proto2net.outline.titles import title, unique


@dataclass(frozen=True)
class Kind:
    """Blocks of one structure."""

    title: str
    """A name for a class, such as Inception."""
    roles: tuple[str, ...]
    """What each layer is within the block, in Caffe's words: "1x1", "bn_branch2a"."""
    templates: tuple[str, ...]
    """Caffe's names of the layers, with {} for the key: "inception_{}/1x1". Empty: they count on
    differently from block to block, and only the nodes know them."""
    steps: tuple[int, ...]
    """How far each name has counted on from the key: 1 for the second of conv7, conv8, of key 7.
    Mostly empty: every name has the key itself."""
    optional: range = range(0)
    """The roles of a projection, which not every block has; without it, its join reads the entry.
    Empty: every block has all roles."""

    def names(self, key: str) -> tuple[str, ...]:
        """Caffe's names of the layers of the block of this key; none where that does not tell."""
        steps = self.steps or (0,) * len(self.templates)
        return tuple(
            template.format(names.counted_on(key, step))
            for template, step in zip(self.templates, steps, strict=True)
        )


@dataclass(frozen=True)
class Region:
    """A block of a graph: one value enters, and one leaves."""

    kind: Kind
    key: str
    """What tells it from others of its kind: "3a"."""
    name: str
    """What it is called: "inception_3a"."""
    nodes: tuple[Node[Layer] | None, ...]
    """A layer a role; None where the projection is missing."""
    entry: Blob
    exit: Blob


@dataclass(frozen=True)
class Stage:
    """Regions of one kind in a row, each read by the next alone."""

    name: str
    """What their names share: "res2"."""
    regions: tuple[Region, ...]
    keys: tuple[str, ...]
    """What each is called within: "a", "b", "c"."""


Part = Node[Any] | Region | Stage


@dataclass(frozen=True)
class Outline:
    """A graph's blocks, and what is in none."""

    kinds: tuple[Kind, ...]
    parts: tuple[Part, ...]
    """The whole graph, in order."""


def outline(graph: Graph) -> Outline:
    """The blocks of a graph."""
    layout = Layout(graph)
    groups = find(layout)
    heads = [names.head(group.patterns) for group in groups]
    titled = unique(map(title, heads, (_whole(layout, group) for group in groups)))
    kinds: list[Kind] = []
    regions: dict[int, Region] = {}
    for group, head, each in zip(groups, heads, titled, strict=True):
        types = [node.layer.type for node in _whole(layout, group)]
        kind = Kind(
            each,
            tuple(names.roles(group.patterns, types, head)),
            tuple(map(names.template, group.patterns)) if group.steps is not None else (),
            group.steps if group.steps and any(group.steps) else (),
            group.optional,
        )
        kinds.append(kind)
        for block in group.blocks:
            regions[block.start] = _region(layout, group, kind, block, head)
    return Outline(tuple(kinds), tuple(_staged(graph, _parts(graph, regions))))


def _whole(layout: Layout, group: Group) -> Sequence[Node[Any]]:
    """The layers of a block that has all roles."""
    block = next(block for block in group.blocks if not group.lacks(block))
    return layout.nodes[block.start : block.end]


def _region(layout: Layout, group: Group, kind: Kind, block: Block, head: str) -> Region:
    nodes: list[Node[Any] | None] = list(layout.nodes[block.start : block.end])
    if group.lacks(block):
        nodes[group.optional.start : group.optional.start] = [None] * len(group.optional)
    (entry,) = layout.entries(block.start, block.end)
    (left,) = layout.exits(block.start, block.end)
    return Region(kind, block.key, head + block.key, tuple(nodes), entry, left)


def _parts(graph: Graph, regions: Mapping[int, Region]) -> Iterator[Node[Any] | Region]:
    """The graph in order: the regions by where they begin, and what is in none."""
    index = 0
    while index < len(graph.nodes):
        region = regions.get(index)
        yield region or graph.nodes[index]
        index += sum(node is not None for node in region.nodes) if region else 1


def _staged(graph: Graph, parts: Iterable[Node[Any] | Region]) -> Iterator[Part]:
    """The parts, with regions in a row that share a name as stages."""
    row: list[Region] = []
    for part in [*parts, None]:
        if row and not (isinstance(part, Region) and _follows(graph, part, row[-1])):
            yield _stage(row)
            row = []
        if isinstance(part, Region):
            row.append(part)
        elif part:
            yield part


def _follows(graph: Graph, region: Region, before: Region) -> bool:
    """Whether a region goes on with a stage: it alone reads what the one before it makes."""
    return (
        region.kind == before.kind
        and region.entry == before.exit
        and names.stem(region.name)[0] == names.stem(before.name)[0] != ""
        and before.exit not in graph.output_set
        and all(node in region.nodes for node in graph.consumers[before.exit])
    )


def _stage(row: Sequence[Region]) -> Stage | Region:
    stem = names.stem(row[0].name)[0]
    keys = tuple(names.stem(region.name)[1] for region in row)
    return Stage(stem, tuple(row), keys) if len(row) > 1 else row[0]
