"""NumPy renderers of proto2net/layers/data.py."""

from __future__ import annotations

from proto2net.backends.base import Code, as_tops
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import RNG, filled
from proto2net.graph import Node
from proto2net.layers import DummyData


@renders(DummyData)
def _dummy_data(node: Node[DummyData]) -> Code:
    tops = [
        filled(filler, top.shape, RNG)
        for filler, top in zip(node.layer.fillers(len(node.tops)), node.tops, strict=True)
    ]
    return Code(as_tops(tops))
