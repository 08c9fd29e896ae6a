"""The emitted lines of each layer: those of the flat file, in which no layer is in a block."""

from __future__ import annotations

from typing import Any

from proto2net import backends
from proto2net.backends.source import INDENT
from proto2net.graph import Graph, Node


def said(graph: Graph, target: str) -> dict[Node[Any], list[str]]:
    """The lines of each layer; none for what says nothing, such as an input or a Split.

    What makes the layer's object comes before what calls it. Layers that one statement says
    together have it each. Raises UnsupportedError where the target refuses the graph.
    """
    file = backends.get(target).file(graph, flat=True)
    indent, margin = file.scope.indent, len(INDENT) * file.scope.indent
    steps = list(file.scope.said())
    each = {id(statement): statement for _, statements in steps for statement in statements}
    lines = {key: [line[margin:] for line in made.lines(indent)] for key, made in each.items()}
    found: dict[Node[Any], dict[int, list[str]]] = {}
    for step, statements in steps:
        for node in step.nodes:
            own = found.setdefault(file.origin(node), {})
            own.update({id(statement): lines[id(statement)] for statement in statements})
    return {node: [line for part in own.values() for line in part] for node, own in found.items()}
