"""What is aligned: the layers of a graph, and each of its inputs."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import field
from typing import Any

from proto2net.differ.fields import computed
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph, Node
from proto2net.layers.data import Input

Wire = tuple[int, int]
"""What is read: the index of the item that makes it, and which of its tops it is."""


@dataclass(frozen=True, eq=False)
class Item:
    """A layer, or an input; a layer that has several inputs is an item for each.

    How a definition groups its inputs into layers, and what it calls these, is of no consequence:
    an input is known by its blob.
    """

    index: int
    name: str
    """Caffe's name of the layer; of an input, that of the blob."""
    node: Node[Any]
    tops: tuple[Blob, ...]
    bottoms: tuple[Wire, ...] = ()
    readers: list[Wire] = field(default_factory=list)
    """Which items read it, and with which of their bottoms."""

    @property
    def is_input(self) -> bool:
        """Whether it is an input."""
        return isinstance(self.node.layer, Input)

    @property
    def type(self) -> str:
        """Caffe's name of the type."""
        name: str = self.node.layer.type
        return name

    @property
    def content(self) -> Hashable:
        """What it computes, whatever it is called and reads."""
        return self.type if self.is_input else computed(self.node)

    @property
    def commutes(self) -> bool:
        """Whether the order of its bottoms is of no consequence."""
        return self.type == "Eltwise" and not getattr(self.node.layer, "coeff", ())


def items(graph: Graph) -> list[Item]:
    """The inputs and layers of a graph, in order."""
    found: list[Item] = []
    made: dict[Blob, Wire] = {}
    for node in graph.nodes:
        inputs = isinstance(node.layer, Input)
        for tops in [(top,) for top in node.tops] if inputs else [node.tops]:
            index = len(found)
            name = tops[0].name if inputs else node.name
            item = Item(index, name, node, tops, tuple(made[blob] for blob in node.bottoms))
            found.append(item)
            for place, (maker, _) in enumerate(item.bottoms):
                found[maker].readers.append((index, place))
            made.update((top, (index, place)) for place, top in enumerate(tops))
    return found
