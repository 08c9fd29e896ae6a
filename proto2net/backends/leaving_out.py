"""How to do without a layer that no target renders."""

from __future__ import annotations

from typing import Any

from proto2net.graph import Graph, Node


def way_without(graph: Graph, node: Node[Any]) -> str:
    """More of a hint: what can be an output in the place of what no layer reads; else nothing."""
    read = any(graph.consumers.get(top) for top in node.tops)
    before = [bottom for bottom in node.bottoms[:1] if bottom not in graph.input_set]
    return f", --output {before[0].name} leaves it out" if before and not read else ""
