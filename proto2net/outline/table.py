"""A graph as a table, in which each block has its subtotal above its layers."""

from __future__ import annotations

from collections.abc import Iterator

from proto2net.graph import Graph, Node, Row
from proto2net.outline import Part, Stage, outline
from proto2net.shape import dims
from proto2net.text import ascii_only


def table(graph: Graph) -> str:
    """The layers with shapes and sizes; those of a block stand below it, moved in."""
    return graph.table([row for part in outline(graph).parts for row in _rows(graph, part)])


def _rows(graph: Graph, part: Part) -> Iterator[Row]:
    if isinstance(part, Node):
        yield graph.row(part)
        return
    for region in part.regions if isinstance(part, Stage) else (part,):
        nodes = [node for node in region.nodes if node]
        shape = dims(graph.open_shape(region.exit))
        yield (ascii_only(region.name), region.kind.title, shape, *graph.sizes(nodes))
        for node in nodes:
            name, *rest = graph.row(node)
            yield (f"  {name}", *rest)
