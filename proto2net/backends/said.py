"""The emitted lines of each layer: those of the flat file, in which no layer is in a block."""

from __future__ import annotations

from typing import Any

from proto2net import backends
from proto2net.backends.source import INDENT
from proto2net.backends.statements import Statement, lines_of
from proto2net.graph import Graph, Node


def said(graph: Graph, target: str) -> dict[Node[Any], list[str]]:
    """The lines of each layer; none for what says nothing, such as an input or a Split.

    What makes the layer's object comes before what calls it. Layers that one statement says
    together have it each. Raises UnsupportedError where the target refuses the graph.
    """
    file = backends.get(target).file(graph, flat=True)
    found: dict[Node[Any], dict[Statement, None]] = {}
    for step, statements in file.scope.said():
        for node in step.nodes:
            found.setdefault(file.origin(node), {}).update(dict.fromkeys(statements))
    indent, margin = file.scope.indent, len(INDENT) * file.scope.indent
    return {
        node: [line[margin:] for line in lines_of([*each], indent)] for node, each in found.items()
    }
