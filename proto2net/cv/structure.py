"""The layers of a graph as OpenCV counts and names them."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

from proto2net.cv import costs
from proto2net.errors import Proto2NetError, closest
from proto2net.graph import Blob, Graph, Node
from proto2net.layers import Input
from proto2net.shape import Shape, count

INPUT = "_input"
"""What OpenCV calls the layer that holds all inputs, and has the number 0."""

INPUT_TYPE = "__NetInputLayer__"


class Row(NamedTuple):
    """A layer as OpenCV has it: that of a file, or of a Convolution one for each of its tops."""

    node: Node[Any]
    bottoms: tuple[Blob, ...]
    tops: tuple[Blob, ...]
    called: str


def _rows(node: Node[Any]) -> list[Row]:
    """A Convolution is named after its top there, and is one for each."""
    if node.layer.type == "Convolution":
        pairs = zip(node.bottoms, node.tops, strict=True)
        return [Row(node, (bottom,), (top,), top.name) for bottom, top in pairs]
    return [Row(node, node.bottoms, node.tops, node.name)]


class Structure:
    """The layers of a graph but its inputs, numbered from 1."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        nodes = [node for node in graph.nodes if not isinstance(node.layer, Input)]
        self.rows = tuple(row for node in nodes for row in _rows(node))
        self.ids: dict[str, int] = {}
        for index, row in enumerate(self.rows, 1):
            name, number = row.called, 0
            while name in self.ids:
                number += 1
                name = f"{row.called}_{number}"
            self.ids[name] = index
        self.names = tuple(self.ids)
        self._of_caffe: dict[str, int] = {}
        for index, row in enumerate(self.rows, 1):
            self._of_caffe.setdefault(row.node.name, index)

    def id(self, layer: Any) -> int:
        """The number of a layer by OpenCV's name or Caffe's, -1 if there is none."""
        if not isinstance(layer, str):
            return int(layer)
        if layer == INPUT:
            return 0
        return self.ids.get(layer, self._of_caffe.get(layer, -1))

    def name(self, layer: Any) -> str:
        """The name of a layer."""
        number = self._known(layer)
        return self.names[number - 1] if number else INPUT

    def node(self, layer: Any) -> Node[Any]:
        """The layer of this name or number."""
        number = self._known(layer)
        if not number:
            raise Proto2NetError(f'"{INPUT}" holds the inputs, and has no parameters')
        return self.rows[number - 1].node

    def _known(self, layer: Any) -> int:
        number = self.id(layer)
        if not 0 <= number <= len(self.rows):
            if isinstance(layer, str):
                hint = closest(layer, self.names) or "getLayerNames() lists them"
                raise Proto2NetError(f'no layer "{layer}" in the network', hint)
            most = len(self.rows)
            raise Proto2NetError(f"no layer has the number {number}", f"they go from 0 to {most}")
        return number

    @cached_property
    def types(self) -> tuple[str, ...]:
        """The types of layers, by name."""
        return tuple(sorted({INPUT_TYPE, *(row.node.layer.type for row in self.rows)}))

    @cached_property
    def unconnected(self) -> tuple[int, ...]:
        """The numbers of the layers that none reads."""
        read = self.graph.consumers
        return tuple(
            index
            for index, row in enumerate(self.rows, 1)
            if not any(read.get(top) for top in row.tops)
        )

    def tops(self, name: str) -> tuple[Blob, ...]:
        """What the layer of this name makes, or the blob of this name."""
        number = self.id(name)
        if number > 0:
            tops = self.rows[number - 1].tops
            if not tops:
                raise Proto2NetError(f'layer "{name}" makes nothing that could be returned')
            return tops
        if name in self.graph.blobs:
            return (self.graph.blobs[name],)
        hint = closest(name, [*self.names, *self.graph.blobs])
        raise Proto2NetError(
            f'no layer and no blob "{name}" in the network', hint or "getLayerNames() lists layers"
        )

    @property
    def last(self) -> str:
        """The layer that forward() answers for."""
        made = [name for name, row in zip(self.names, self.rows, strict=True) if row.tops]
        if not made:
            raise Proto2NetError("the network has no layers")
        return made[-1]

    @cached_property
    def makers(self) -> dict[Blob, Node[Any]]:
        """The layer that makes each blob."""
        return {top: node for node in self.graph.nodes for top in node.tops}

    # ---- shapes and costs -----------------------------------------------------------------

    def shapes(self, number: int) -> tuple[list[Shape], list[Shape]]:
        """The shapes of what a layer reads and makes."""
        if not number:
            found = [blob.shape for blob in self.graph.inputs]
            return found, found
        row = self.rows[number - 1]
        made = [costs.padded(row.node, top.shape) for top in row.tops]
        return [bottom.shape for bottom in row.bottoms], made

    def flops(self, number: int | None = None) -> int:
        """Operations on floats, of one layer or of all, as OpenCV counts them."""
        rows = self.rows if number is None else self.rows[number - 1 : number]
        return sum(costs.flops(row.node, row.bottoms, row.tops) for row in rows)

    def memory(self, number: int | None = None) -> tuple[int, int]:
        """Bytes of learned arrays and of blobs, of one layer or of all."""
        numbers = range(len(self.rows) + 1) if number is None else [number]
        weights = blobs = 0
        for each in numbers:
            if each:
                learned = self.rows[each - 1].node.blobs.values()
                weights += sum(4 * count(blob.shape) for blob in learned)
            blobs += sum(4 * count(shape) for shape in self.shapes(each)[1])
        return weights, blobs

    # ---- text -----------------------------------------------------------------------------

    def dump(self, runtime: str) -> str:
        """A picture of the network in Graphviz' language."""
        lines = ["digraph G {"]
        for name, row in zip(self.names, self.rows, strict=True):
            sizes = ", ".join(" x ".join(map(str, top.shape)) for top in row.tops)
            what = [_quoted(name), _quoted(row.node.layer.type), f"output: {sizes}", runtime]
            label = "\\n".join(what)
            lines.append(
                f'\t"{_quoted(name)}" [label="{label}" fillcolor="#ffffb3" style=filled shape=box]'
            )
        lines.append("")
        called = {t: n for n, row in zip(self.names, self.rows, strict=True) for t in row.tops}
        for name, row in zip(self.names, self.rows, strict=True):
            for bottom in row.bottoms:
                source = called.get(bottom, INPUT)
                lines.append(f'\t"{_quoted(source)}" -> "{_quoted(name)}"')
        return "\n".join([*lines, "}", ""])


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
