"""How to do without a layer that no target renders."""

from __future__ import annotations

from typing import Any

from proto2net.graph import Graph, Node


def way_without(graph: Graph, node: Node[Any]) -> str:
    """More of a hint: what can be outputs in the place of what no layer reads; else nothing."""
    if any(graph.consumers.get(top) for top in node.tops):
        return ""
    left = [blob for blob in node.bottoms if {*graph.consumers[blob]} == {node}]
    before = dict.fromkeys(blob.name for blob in left if blob not in graph.input_set)
    options = " ".join(f"--output {name}" for name in before)
    return f", {options} {'leave' if len(before) > 1 else 'leaves'} it out" if before else ""
