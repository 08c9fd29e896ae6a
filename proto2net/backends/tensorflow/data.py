"""Keras renderers of proto2net/layers/data.py."""

from __future__ import annotations

from proto2net.backends.base import Code
from proto2net.backends.printing import text
from proto2net.backends.source import call
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.fillers import initializer
from proto2net.backends.tensorflow.layout import in_keras_order
from proto2net.graph import Node
from proto2net.layers import DummyData


@renders(DummyData)
def _dummy_data(node: Node[DummyData]) -> Code:
    fillers = node.layer.fillers(len(node.tops))
    tops = [
        in_keras_order(
            call("DummyData", top.shape, text(initializer(filler, top.shape)))
            + "({0})",
            len(top.shape),
        )
        for top, filler in zip(node.tops, fillers, strict=True)
    ]
    return Code(tops[0] if len(tops) == 1 else f"({', '.join(tops)})")
