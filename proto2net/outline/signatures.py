"""Signatures: what has to be equal for layers, and for blocks of them, to be of one kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple

from proto2net.graph import Graph, Node
from proto2net.layers.base import Filler, Layer
from proto2net.layers.data import Input
from proto2net.layers.pooling import Pooling
from proto2net.layers.vision import ConvolutionParameter

FREE = frozenset(
    [
        "num_output",
        "stride",
        "pad",
        "dilation",
        "pad_l",
        "pad_r",
        "pad_t",
        "pad_b",
        "stride_shape",
        "pad_shape",
        "slice_point",
        "height",
        "width",
        "engine",
    ]
)
"""The fields that may differ: numbers of which a person would make parameters."""

Wire = tuple[int, int]
"""A value that a row reads: how many rows above it is made, and which top it is there."""

ENTRY: Wire = (0, 0)
"""The value that a block reads from outside."""


class Row(NamedTuple):
    """A layer within a block: what it is, and what it reads."""

    look: int
    wires: tuple[Wire, ...]
    tops: int

    def at(self, index: int) -> Row:
        """The row as that of this index in a block: what is made above this is its entry."""
        wires = tuple(wire if wire[0] <= index else ENTRY for wire in self.wires)
        return self._replace(wires=wires)


Rows = tuple[Row, ...]


class Looks:
    """Tells which layers are alike: those that get the same number."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._compared: dict[type[Layer], list[str]] = {}

    def look(self, node: Node[Layer], but: str = "") -> int:
        """The number of what the layer is like, without what may differ, and without a field."""
        kind = type(node.layer)
        names = self._compared.get(kind) or self._compared.setdefault(kind, _compared(kind))
        fields = tuple(
            _kept(node, name, getattr(node.layer, name)) for name in names if name != but
        )
        frozen = tuple(self._graph.frozen(node, blob) for blob in node.blobs)
        ranks = tuple(len(blob.shape) for blob in node.bottoms)
        flows = () if all(node.propagate_down) else node.propagate_down
        found = (kind, fields, frozen, ranks, flows)
        return self._numbers.setdefault(found, len(self._numbers))


def _compared(layer: type[Layer]) -> list[str]:
    """The fields that must be equal."""
    fields = dataclasses.fields(layer)  # type: ignore[arg-type]  # every layer type is one
    return [field.name for field in fields if field.name not in FREE]


def _kept(node: Node[Any], name: str, value: object) -> object:
    """A field's value, without the numbers in it that may differ."""
    if isinstance(value, Filler):
        return value.type, value.variance_norm
    if name == "group" and isinstance(node.layer, ConvolutionParameter):
        channels = node.bottoms[0].shape[node.layer.axis]
        return "depthwise" if value == channels > 1 else value
    if name == "kernel" and isinstance(value, tuple):
        plane = isinstance(node.layer, Pooling) and node.tops[0].shape[2:] == (1, 1)
        return "plane" if plane else value[:1] if len(set(value)) == 1 else value
    if name == "shape" and isinstance(value, tuple):
        return tuple(size if size in (0, -1) else "size" for size in value)
    return value


def apart(graph: Graph, node: Node[Any]) -> bool:
    """Whether a layer is never within a block: it shares arrays, or does more than compute."""
    return (
        not node.bottoms
        or not node.tops
        or isinstance(node.layer, Input)
        or node.layer.type in STATEFUL
        or node.layer.loss
        or any(node.loss_weight)
        or bool(graph.sharers(node))
    )


STATEFUL = ("RNN", "LSTM")
"""Layers that keep a state from call to call."""


def projections(rows: Rows) -> Iterator[range]:
    """Chains of rows from a value that others read too to where it is joined."""
    read = [[_maker(index, wire) for wire in row.wires] for index, row in enumerate(rows)]
    readers: dict[tuple[int, int], list[int]] = {}
    for index, makers in enumerate(read):
        for maker in makers:
            readers.setdefault(maker, []).append(index)
    for start, makers in enumerate(read):
        if len(makers) != 1 or len(readers[makers[0]]) < 2:
            continue
        end = start + 1
        while readers.get((end - 1, 0)) == [end] and len(rows[end].wires) == 1:
            end += 1
        joins = readers.get((end - 1, 0), [])
        single = all(row.tops == 1 for row in rows[start:end])
        if single and len(joins) == 1 and len(rows[joins[0]].wires) > 1:
            yield range(start, end)


def _maker(index: int, wire: Wire) -> tuple[int, int]:
    """The row and the top that the row of this index reads; the row is -1 for the entry."""
    above, top = wire
    return (index - above if above else -1, top)


def without(rows: Rows, branch: range) -> Rows:
    """The rows without a branch: what read it reads the entry instead."""

    def moved(index: int, wire: Wire) -> Wire:
        above, top = wire
        if index - above in branch:
            return ENTRY
        over = index - above < branch.start and index >= branch.stop and above
        return (above - len(branch) if over else above, top)

    return tuple(
        row._replace(wires=tuple(moved(index, wire) for wire in row.wires))
        for index, row in enumerate(rows)
        if index not in branch
    )
