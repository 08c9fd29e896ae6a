"""Plain text about a network for people to read: one row a layer, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proto2net import backends
from proto2net.backends.base import Backend
from proto2net.backends.printer import Printer
from proto2net.backends.source import plain
from proto2net.graph import Graph, Node
from proto2net.layers import LAYERS, DataLayer, Layer, plugins
from proto2net.shape import count, dims

_HEAD = ("layer", "type", "output shape", "parameters", "multiply-adds")
_NUMBERS = 2
"""How many columns at the right hold numbers."""
_BYTES = 4
"""Of a parameter, as float32."""


def parameters(graph: Graph) -> int:
    """How many numbers the network has learned: those of a .caffemodel, shared ones once."""
    return sum(_owned(graph, node) for node in graph.nodes)


def table(graph: Graph) -> str:
    """The layers with their tops' shapes, parameters and multiply-adds an image; the totals."""
    rows = [
        (
            ascii_only(node.name),
            node.layer.type,
            ", ".join(dims(top.shape) for top in node.tops),
            f"{_owned(graph, node):,}",
            f"{graph.per_image(node.macs):,}",
        )
        for node in graph.nodes
    ]
    title = f"{ascii_only(graph.name)} ({graph.phase.lower()} phase)"
    return "\n".join([title, "", *aligned(_HEAD, rows, _NUMBERS), "", *_totals(graph)])


def support() -> str:
    """Which layer types each target renders, and why not the others where a target says it."""
    plugins.load()
    known = map(backends.get, backends.names())
    targets = [target for target in known if isinstance(target, Backend)]
    head = ["layer type", *(target.name for target in targets)]
    rows = [
        [name, *(_rendered(target, LAYERS[name]) for target in targets)]
        for name in sorted(LAYERS, key=str.lower)
    ]
    reasons = [
        f"{layer.type} in {target.name}: {reason}"
        for target in targets
        for layer, reason in target.unsupported.items()
    ]
    reasons += [
        f"{name}: {LAYERS[name].unrendered}"
        for name in sorted(LAYERS, key=str.lower)
        if LAYERS[name].unrendered
    ]
    legend = "input: what reads data becomes an input of the network"
    return "\n".join([*aligned(head, rows), "", legend, *reasons])


def _rendered(target: Backend, layer: type[Layer]) -> str:
    if issubclass(layer, DataLayer):
        return "input"
    return "yes" if target.supports(layer) else "no"


def aligned(
    head: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0
) -> list[str]:
    """Lines with every column as wide as its widest cell; the last `numbers` columns end flush."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = ["-" * width for width in widths]
    first_number = len(head) - numbers
    return [
        "  ".join(
            cell.rjust(width) if index >= first_number else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, rule, *rows)
    ]


def _totals(graph: Graph) -> list[str]:
    learned = parameters(graph)
    return [
        f"layers         {len(graph.nodes):,}",
        f"parameters     {learned:,} ({learned * _BYTES / 1e6:,.1f} MB as float32)",
        f"multiply-adds  {graph.per_image(graph.macs):,} per image",
    ]


def _owned(graph: Graph, node: Node[Any]) -> int:
    """The parameters of a layer without those that a layer above shares with it."""
    return sum(
        count(learned.shape)
        for blob, learned in node.blobs.items()
        if graph.owner(node, blob) == (node, blob)
    )


def ascii_only(name: str) -> str:
    """A name that takes one column a character on every terminal."""
    return plain(name).replace("…", "...").encode("ascii", "replace").decode()


printer = Printer("summary", ".txt", lambda graph: table(graph) + "\n")
