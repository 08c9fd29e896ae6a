"""A network as a diagram: boxes of layers, blocks that hold a diagram of their own, and lines.

A layer that changes nothing but values (an activation, a normalisation) and alone reads the one
before stands below it in the same box, as Caffe has it in the same memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from proto2net.facts.families import family_of
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph, Node
from proto2net.layers.data import Input
from proto2net.outline import Part, Region, Stage, outline

_STACKED = ("activation", "normalisation")
_STACKED_TYPES = ("Dropout", "Power", "Split")


@dataclass(frozen=True)
class Stack:
    """Layers in one box; each alone reads the one above it."""

    nodes: tuple[Node[Any], ...]

    @property
    def bottoms(self) -> tuple[Blob, ...]:
        """The values that it reads."""
        return self.nodes[0].bottoms

    @property
    def tops(self) -> tuple[Blob, ...]:
        """The values that it makes, and that others may read."""
        return self.nodes[-1].tops


@dataclass(frozen=True)
class Group:
    """A block, or a row of blocks: a box that opens."""

    name: str
    kind: str
    """What its structure is called, as of a class: "Inception"."""
    blocks: int
    """How many blocks stand in it; 0 for a block itself."""
    nodes: tuple[Node[Any], ...]
    bottoms: tuple[Blob, ...]
    tops: tuple[Blob, ...]
    inside: Diagram


Item = Stack | Group


@dataclass(frozen=True)
class Line:
    """A value on its way from the item that makes it to those that read it, by their numbers."""

    blob: Blob
    source: int
    readers: tuple[int, ...]


@dataclass(frozen=True)
class Diagram:
    """Items in order, and lines between them.

    In a block, what enters has the number behind those of the items, and what leaves the next.
    """

    items: tuple[Item, ...]
    lines: tuple[Line, ...]
    is_block: bool

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.items) + 2 * self.is_block


def diagram(graph: Graph) -> Diagram:
    """The diagram of a graph."""
    return _diagram(graph, outline(graph).parts)


def _diagram(graph: Graph, parts: Sequence[Part], leaving: Blob | None = None) -> Diagram:
    """The diagram of the whole graph, or of a block, which one value leaves."""
    items = _items(graph, parts)
    return Diagram(tuple(items), tuple(_lines(graph, items, leaving)), leaving is not None)


def _items(graph: Graph, parts: Sequence[Part]) -> list[Item]:
    items: list[Item | list[Node[Any]]] = []
    ends: dict[Blob, list[Node[Any]]] = {}  # by what leaves a box, its layers
    for part in parts:
        if not isinstance(part, Node):
            items.append(_group(graph, part))
            continue
        stack = ends.pop(part.bottoms[0], None) if _changes_values(graph, part) else None
        if stack is None:
            items.append(stack := [])
        stack.append(part)
        if len(part.tops) == 1 and not isinstance(part.layer, Input):
            ends[part.tops[0]] = stack
    return [Stack(tuple(item)) if isinstance(item, list) else item for item in items]


def _group(graph: Graph, part: Region | Stage) -> Group:
    if isinstance(part, Region):
        nodes = tuple(node for node in part.nodes if node)
        inside = _diagram(graph, nodes, part.exit)
        return Group(part.name, part.kind.title, 0, nodes, (part.entry,), (part.exit,), inside)
    regions = part.regions
    nodes = tuple(node for region in regions for node in region.nodes if node)
    kinds = ", ".join(dict.fromkeys(region.kind.title for region in regions))
    entry, leaving = regions[0].entry, regions[-1].exit
    inside = _diagram(graph, regions, leaving)
    return Group(part.name, kinds, len(regions), nodes, (entry,), (leaving,), inside)


def _changes_values(graph: Graph, node: Node[Any]) -> bool:
    """Whether a layer stands in the box of the one before, which nobody else reads."""
    if len(node.bottoms) != 1 or len(node.tops) != 1:
        return False
    (bottom,), (top,) = node.bottoms, node.tops
    kind = type(node.layer)
    alone = len(graph.consumers[bottom]) == 1 and bottom not in graph.output_set
    named = family_of(kind) in _STACKED or kind.type in _STACKED_TYPES
    return alone and named and bottom.shape == top.shape


def _lines(graph: Graph, items: Sequence[Item], leaving: Blob | None) -> Iterator[Line]:
    """The lines between items, and those from what enters and to what leaves."""
    makers = {top: index for index, item in enumerate(items) for top in item.tops}
    readers: dict[Blob, dict[int, None]] = {}
    for index, item in enumerate(items):
        for bottom in item.bottoms:
            readers.setdefault(bottom, {})[index] = None
    for blob, read in readers.items():
        if blob not in makers:
            yield Line(blob, len(items), tuple(read))
    if leaving:
        readers.setdefault(leaving, {})[len(items) + 1] = None
    for blob, index in makers.items():
        if blob in readers or blob in graph.output_set:
            yield Line(blob, index, tuple(readers.get(blob, ())))
