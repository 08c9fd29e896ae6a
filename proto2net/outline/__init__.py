"""The outline of a graph: the blocks that a person would have written as classes.

It lies beside the graph, and changes nothing in it. Blocks of one structure are of one kind; names
are as good an evidence as structure, since who wrote the definition named the layers by blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proto2net.graph import Graph, Node
from proto2net.outline import names
from proto2net.outline.groups import Block, Group
from proto2net.outline.kinds import find
from proto2net.outline.layout import Layout
from proto2net.outline.model import Kind, Outline, Part, Region, Stage
from proto2net.outline.stages import staged
from proto2net.outline.titles import titles

__all__ = ["Kind", "Outline", "Part", "Region", "Stage", "outline"]


_last: list[tuple[Graph, Outline]] = []
"""The last graph and its outline: each target that prints the graph asks for it."""


def outline(graph: Graph) -> Outline:
    """The blocks of a graph."""
    for known, found in _last:
        if known.nodes is graph.nodes and known == graph:
            return found
    _last[:] = [(graph, _outline(graph))]
    return _last[0][1]


def _outline(graph: Graph) -> Outline:
    layout = Layout(graph)
    groups = find(layout)
    heads = [names.head(group.patterns) for group in groups]
    titled = titles(heads, [_whole(layout, group) for group in groups], graph)
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
    return Outline(tuple(kinds), tuple(staged(graph, list(_parts(graph, regions)))))


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
    name = f"{head or 'block'}{block.key}" if block.key[:1].isdigit() else head + block.key
    return Region(kind, block.key, name, tuple(nodes), entry, left)


def _parts(graph: Graph, regions: Mapping[int, Region]) -> Iterator[Node[Any] | Region]:
    """The graph in order: the regions by where they begin, and what is in none."""
    index = 0
    while index < len(graph.nodes):
        region = regions.get(index)
        yield region or graph.nodes[index]
        index += sum(node is not None for node in region.nodes) if region else 1
