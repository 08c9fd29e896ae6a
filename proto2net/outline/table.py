"""A graph as a table, in which each block has its subtotal above its layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proto2net.graph import Graph, Node, Row
from proto2net.layers.base import Layer
from proto2net.outline import Stage, outline
from proto2net.shape import dims
from proto2net.text import ascii_only


def table(graph: Graph) -> str:
    """The layers with shapes and sizes; those of a block stand below it, moved in."""
    return graph.table([row for row, _ in rows(graph)])


def rows(graph: Graph) -> Iterator[tuple[Row, Sequence[Node[Layer]]]]:
    """What the table says, and of which layers each line says it."""
    for part in outline(graph).parts:
        if isinstance(part, Node):
            yield graph.row(part), [part]
            continue
        for region in part.regions if isinstance(part, Stage) else (part,):
            nodes = [node for node in region.nodes if node]
            shape = dims(graph.open_shape(region.exit))
            sizes = graph.sizes(nodes)
            yield (ascii_only(region.name), region.kind.title, shape, *sizes), nodes
            for node in nodes:
                name, *rest = graph.row(node)
                yield (f"  {name}", *rest), [node]
